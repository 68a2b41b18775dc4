"""`buildopt report` of real runs: the page, a comparison, a trace and all of a time."""

import json
import os
import time
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from buildopt.monitor.index import Index
from tests.e2e.test_monitor import monitor, wait_until
from tests.rig import Rig

OBSERVE = "auto"
SAMPLE = Path(__file__).parents[1] / "plugins/sample_counter"
BUILD = "mkdir -p out; cat a b > out/all; sleep 0.2; sort a > out/sorted"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """Three runs: the first, an answer, and one after an edit."""
    rig = Rig(tmp_path_factory.mktemp("ran"), observe=OBSERVE)
    rig.write("a", "2\n1\n")
    rig.write("b", "3\n")
    for edit in (None, None, "4\n"):
        if edit:
            rig.write("b", edit)
        assert rig.call("run", "--", "sh", "-c", BUILD).returncode == 0
    return rig


def report(rig, *arguments):
    done = rig.call("report", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


def ids(rig):
    return [event.run for event in rig.events("buildopt.run.finished")]


def test_a_run_is_shown_with_its_processes_and_the_input_that_changed(ran):
    details = json.loads(report(ran, "--json"))["details"]

    names = [bar["name"] for bar in details["timeline"]["bars"]]
    assert names[0].startswith("sh -c mkdir -p out")
    assert {"cat a b", "sleep 0.2", "sort a"} <= set(names)
    (change,) = details["inputs"]["changes"]
    assert (change["subject"], change["state"]) == ("b", "changed")
    assert any("sleep 0.2" in idle["names"] for idle in details["timeline"]["idle"])
    assert details["surroundings"]["machine"]["processors"] > 0


def test_an_answer_is_shown_with_the_processes_of_the_run_that_was_recorded(ran):
    details = json.loads(report(ran, ids(ran)[1], "--json"))["details"]

    assert details["timeline"]["origin"].startswith("the recorded run of 20")
    assert details["inputs"]["changes"] == []


def test_two_runs_are_compared(ran):
    found = json.loads(report(ran, "--compare", ids(ran)[0], "--json"))

    assert [change["subject"] for change in found["inputs"]["changes"]] == ["b"]
    assert "## " in report(ran, "--compare", ids(ran)[0], "--markdown")


def test_a_trace_has_all_processes_inside_of_the_first(ran):
    report(ran, "--trace", "build.json")

    events = json.loads(ran.read("build.json"))["traceEvents"]
    bars = [event for event in events if event["ph"] == "X"]
    assert {event["name"] for event in bars} >= {"cat", "sleep", "sort"}
    assert {event["tid"] for event in bars} == {1}


def test_a_time_has_all_runs_of_the_checkout(ran):
    found = json.loads(report(ran, "--since", "1h", "--json"))
    report(ran, "--since", "1h", "--html", "hour.html")

    assert (found["runs"], found["hits"], found["failed"]) == (3, 1, 0)
    assert b"3 runs, 33.3 % answered" in ran.read("hour.html")


def test_values_of_variables_are_in_no_form_of_a_report(rig):
    rig.environ["SECRET_TOKEN"] = "hunter2-xyz"
    rig.run("--", "sh", "-c", "echo $SECRET_TOKEN; ls hunter2-xyz || :")
    report(rig, "--html", "page.html")

    assert b"SECRET_TOKEN" in rig.read("page.html")
    assert b"hunter2-xyz" not in rig.read("page.html")
    assert "hunter2-xyz" not in report(rig, "--json")
    kept = [path.read_bytes() for path in (rig.state / "blobs").iterdir() if path.stat().st_size]
    assert not any(b"hunter2-xyz" in zlib.decompress(content, wbits=31) for content in kept)


@pytest.fixture
def installed(rig):
    """Has a plugin of the tests' own found, as if it had been installed beside buildopt."""

    def install(module, folder):
        place = rig.place / "site"
        info = place / "a_plugin-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[buildopt.monitor_plugins]\none = {module}\n")
        rig.environ["PYTHONPATH"] = os.pathsep.join((str(place), str(folder)))

    return install


def test_a_plugin_that_is_installed_adds_its_section(rig, installed):
    rig.run("--", "sh", "-c", "echo")
    installed("sample_counter", SAMPLE)

    report(rig, "--html", "page.html")
    details = json.loads(report(rig, "--json"))["details"]

    (added,) = details["added"]
    assert (added["title"], added["by"]) == ("Sample", "one")
    assert added["rows"][0][0] == "events"
    assert int(added["rows"][0][1]) >= 2
    assert b"<h2>Sample</h2>" in rig.read("page.html")


def test_a_plugin_that_is_broken_is_named_in_the_report(rig, installed):
    rig.run("--", "sh", "-c", "echo")
    (rig.place / "bad.py").write_text("raise SystemExit('no')\n")
    installed("bad", rig.place)

    (told,) = [
        each for each in json.loads(report(rig, "--json"))["details"]["missing"]
        if each["section"] == "one"
    ]  # fmt: skip

    assert told["why"].startswith("plugin `one`: ")


def test_settings_are_shown_with_their_origin_and_without_secrets(rig):
    rig.write("buildopt.toml", 'ignore_input = ["logs/**", "hunter2-xyz"]\n')
    rig.environ["SECRET_TOKEN"] = "hunter2-xyz"
    rig.run("--", "sh", "-c", "echo")

    told = json.loads(report(rig, "--json"))["details"]["surroundings"]["settings"]

    (shown,) = [each for each in told if each["name"] == "ignore_input"]
    assert (shown["value"], shown["origin"]) == ('["logs/**", "***"]', "buildopt.toml:1")


@pytest.mark.parametrize(
    "both",
    [("--since", "1d", "last"), ("--since", "1d", "--compare", "last"), ("--json", "--markdown"),
     ("--trace", "t", "--since", "1d")],
)  # fmt: skip
def test_options_that_ask_for_two_things_are_refused(rig, both):
    done = rig.call("report", *both)

    assert done.returncode == 2
    assert b"together" in done.stderr


def test_where_a_monitor_runs_the_machine_is_told_and_what_the_run_took_of_it(rig):
    command, puppet = rig.puppet()
    with monitor(rig), closing(Index(str(rig.state))) as index:
        started = rig.start("run", "--", *command)
        puppet.wait_for_start()
        wait_until(lambda: own_samples(index) >= 4)
        puppet.go_on()
        started.communicate(timeout=20)
        system = json.loads(report(rig, "--json"))["details"]["system"]
        page = report(rig, "--html", "out.html") and (rig.root / "out.html").read_text()

    figures = {each["name"]: each for each in system["figures"]}
    assert system["samples"] >= 3
    assert 0 <= figures["Processors"]["mean"] <= figures["Processors"]["most"] <= 1
    assert 0 < figures["Memory"]["by_run"] < figures["Memory"]["most"] < figures["Memory"]["limit"]
    assert figures["Read from disks"]["by_run"] is not None
    assert system["others"] is not None
    assert 'id="system"' in page


def own_samples(index):
    """How often a run was measured."""
    span_s = (int(time.time()) - 60, int(time.time()) + 60)
    series = index.series(metric="process.memory.usage")
    return sum(len(index.samples(each.id, span_s)) for each in series)
