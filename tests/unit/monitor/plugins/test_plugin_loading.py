"""Plugins are found one by one; what is wrong with one is named, and the others go on."""

import json
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from buildopt.cli.app import run_command_line
from buildopt.cli.monitor_plugins import command as plugins_command
from buildopt.monitor.choice import Choice, choose
from buildopt.monitor.consumer import stamp
from buildopt.monitor.hookspecs import (
    ENTRY_POINTS,
    Delivery,
    Finding,
    HealthState,
    Measurement,
    Notification,
    Panel,
    Request,
    Response,
    fact,
)
from buildopt.monitor.loading import load
from buildopt.settings import Settings
from tests.unit.monitor.plugins.plugin_rig import START_NS, install, plugin_source

SAMPLE = Path(__file__).parents[3] / "plugins" / "sample_counter"

BROKEN = {
    "raising": "raise RuntimeError('at import')",
    "exiting": "import os; os._exit(3)",
    "leaving": "raise SystemExit(3)",
    "older": "BUILDOPT_API = 0",
    "lacking": "x = 1",
    "syntax": "def",
    "unknown": plugin_source("@hookimpl\ndef consume(): pass"),
    "argument": plugin_source("@hookimpl\ndef workers(more): pass"),
    "unable": plugin_source("@hookimpl\ndef configure(options): raise KeyError('x')"),
    "nameless": plugin_source("class Nameless(Counter):\n    name = '../x'", "Nameless"),
    "worded": plugin_source("class Worded(Counter):\n    types = 'buildopt.'", "Worded"),
}
REASONS = {
    "raising": "RuntimeError: at import; raising.py:1 in <module>",
    "exiting": "the process ended (status `3`)",
    "leaving": "SystemExit: 3; leaving.py:1 in <module>",
    "older": "it is for API `0`; this version has API `1`",
    "lacking": "it has no `BUILDOPT_API`; this version has API `1`",
    "syntax": "SyntaxError: ",
    "unknown": "there is no hook `consume`",
    "argument": "Argument(s) {'more'} are declared in the hookimpl",
    "unable": "KeyError: 'x'; unable.py:",
    "nameless": "hook `consumers`: consumer name `../x` is not letters",
    "worded": "hook `consumers`: `types` of consumer `counter` is not a sequence",
}


@pytest.fixture
def sample(monkeypatch, tmp_path):
    """The sample as if it were installed."""
    monkeypatch.syspath_prepend(str(SAMPLE))
    found = tmp_path / "installed"
    points = {
        ENTRY_POINTS: {"sample-counter": "sample_counter"},
        "buildopt.commands": {"sample-counter": "sample_counter:command"},
    }
    install(found, "buildopt-sample-counter", points, "1.2")
    monkeypatch.syspath_prepend(str(found))
    monkeypatch.setenv("PYTHONPATH", str(SAMPLE))
    yield [each for each in entry_points(group=ENTRY_POINTS) if each.name == "sample-counter"]
    sys.modules.pop("sample_counter", None)


def test_in_the_host_a_broken_plugin_is_named_and_the_others_are_loaded(plugin_folder):
    broken = {name: text for name, text in BROKEN.items() if name != "exiting"}
    found = [plugin_folder.write(name, text) for name, text in broken.items()]
    found.append(plugin_folder.write("good", plugin_source()))

    loaded = load(Choice(trusted=[*broken, "good"]), found)

    rows = {row.name: row for row in loaded.rows}
    wrong = [n for n in broken if REASONS[n] not in rows[n].reason or rows[n].status != "failed"]
    assert wrong == []
    assert rows["good"].status == "loaded"
    assert [placed.described.name for placed in loaded.consumers()] == ["counter"]


@pytest.mark.parametrize("name", ["raising", "exiting", "older", "nameless"])
def test_in_a_process_of_its_own_it_is_named_in_the_same_words(plugin_folder, name):
    loaded = load(Choice(), [plugin_folder.write(name, BROKEN[name])])

    (row,) = loaded.rows
    assert (row.status, row.place) == ("failed", "process")
    assert REASONS[name] in row.reason


def test_a_slow_import_is_told_and_the_plugin_works(plugin_folder, monkeypatch):
    monkeypatch.setattr("buildopt.monitor.loading.SLOW_IMPORT_S", 0.01)
    source = "import time\ntime.sleep(0.02)\n" + plugin_source()

    loaded = load(Choice(trusted=["slow"]), [plugin_folder.write("slow", source)])

    (row,) = loaded.rows
    assert row.status == "loaded"
    assert row.reason.startswith("its import took `")
    assert len(loaded.consumers()) == 1


def test_an_import_without_end_costs_ten_seconds_and_no_more(plugin_folder, monkeypatch):
    monkeypatch.setattr("buildopt.monitor.process_seat.LOAD_LIMIT_S", 0.5)

    loaded = load(Choice(), [plugin_folder.write("hanging", "while True: pass")])

    (row,) = loaded.rows
    assert (row.status, row.reason) == ("failed", "no answer in `0.5 s`")


def test_the_second_consumer_of_a_name_is_refused(plugin_folder):
    found = [plugin_folder.write(name, plugin_source()) for name in ("one", "two")]

    loaded = load(Choice(trusted=["one", "two"]), found)

    assert [placed.described.plugin for placed in loaded.consumers()] == ["one"]
    assert loaded.rows[1].reason == "consumer `counter` is already one of plugin `one`"


ROUTED = """
BUILDOPT_API = 1
from buildopt.monitor.hookspecs import Response, Route, hookimpl

@hookimpl
def http_routes():
    return [Route(method, path, lambda _: Response(200, __name__.encode())) for method, path in %r]
"""


@pytest.mark.parametrize("trusted", [[], ["one", "two"]], ids=["process", "host"])
def test_the_second_route_for_one_request_is_refused_and_named(plugin_folder, trusted):
    paths = [("GET", "/things/{id}"), ("GET", "/other")]
    first = plugin_folder.write("one", ROUTED % paths)
    paths = [("GET", "/things/{name}"), ("POST", "/other"), ("GET", "/mine")]
    second = plugin_folder.write("two", ROUTED % paths)

    loaded = load(Choice(trusted=trusted), [second, first])

    try:
        answering = [(route.method, route.path) for route in loaded.routes()]
        (one, two) = loaded.rows
    finally:
        loaded.close()
    assert answering == [
        ("GET", "/things/{id}"), ("GET", "/other"), ("POST", "/other"), ("GET", "/mine"),
    ]  # fmt: skip
    assert (one.name, one.status) == ("one", "loaded")
    assert (two.name, two.status) == ("two", "failed")
    assert two.reason == "route `GET /things/{name}` is already one of plugin `one`"


def test_the_second_plugin_of_a_name_is_refused(plugin_folder):
    found = [plugin_folder.write("one", plugin_source())] * 2

    loaded = load(Choice(trusted=["one"]), found)

    assert [row.status for row in loaded.rows] == ["loaded", "failed"]


def test_plugins_can_be_switched_off_one_by_one_and_all_together(plugin_folder):
    found = [plugin_folder.write(name, plugin_source()) for name in ("one", "two")]
    settings = Settings(trusted_plugins=("one", "two"))

    def status(environ, **kwargs):
        return [row.status for row in load(choose(settings, environ, **kwargs), found).rows]

    assert status({}) == ["loaded", "failed"]  # one name for both consumers
    assert status({}, off=["one"]) == ["off", "loaded"]
    assert status({}, only=["one"]) == ["loaded", "off"]
    assert status({"BUILDOPT_PLUGINS": "0"}) == []


def test_a_plugin_is_given_its_own_table_of_the_settings(plugin_folder):
    source = plugin_source(
        "@hookimpl\ndef configure(options):\n    assert options == {'a': 1}, options"
    )
    tables = {"plugins": {"one": {"a": 1}, "two": {"b": 2}}, "two": {"c": 3}}
    found = [plugin_folder.write(name, source) for name in ("one", "two")]
    settings = Settings(trusted_plugins=("one", "two"), namespaces=tables)

    loaded = load(choose(settings, {}), found)

    assert [row.status for row in loaded.rows] == ["loaded", "failed"]
    assert "AssertionError: {'b': 2}" in loaded.rows[1].reason


@pytest.mark.parametrize("trusted", [[], ["buildopt-sample-counter"]], ids=["process", "host"])
def test_everything_that_a_plugin_contributes_works_wherever_it_runs(sample, trusted):
    options = {"sample-counter": {"greeting": "hello"}}
    loaded = load(Choice(trusted=trusted, options=options), sample)
    event = stamp(fact("buildopt.x", {}, time_ns=START_NS), "/h/p/1", 1)

    def the(hook):
        (found,) = loaded.contributions(hook)
        assert found.plugin == "sample-counter"
        return found.thing

    try:
        source, judge, channel = (
            the("metric_sources"), the("detectors"), the("notification_channels")
        )  # fmt: skip
        check, section, route = the("health_checks"), the("report_sections"), the("http_routes")

        assert (source.name, source.interval_s) == ("sample", 5.0)
        assert list(source.sample(START_NS)) == [
            Measurement("sample.answer", 42.0, "1", {"of": "hello"})
        ]
        assert list(judge.detect("m", [0.0, 1.0], [3.0, 11.0])) == [Finding("high", 1, "m")]
        sent = channel.send(Notification("k", "you", "t", "info", {}))
        assert sent == Delivery("refused", "not for you")
        assert check.check(START_NS) == HealthState("pass", "counting", 1.0)
        assert (section.title, list(section.rows([event]))) == ("Sample", [("events", "1")])
        assert (route.method, route.path) == ("POST", "/api/v1/sample/{who}")
        asked = Request("POST", "/x", {"who": "you"}, {}, {}, b"body")
        assert route.handler(asked) == Response(200, b'{"hello": "you", "sent": "body"}')
        assert the("dashboard_panels").id == "sample"
        assert isinstance(the("dashboard_panels"), Panel)
        assert the("alert_rules")["id"] == "sample-still"
        (row,) = loaded.rows
        assert (row.distribution, row.version) == ("buildopt-sample-counter", "1.2")
        assert row.place == ("host" if trusted else "process")
    finally:
        loaded.close()


def test_the_list_of_plugins_names_each_with_its_status(sample, state, monkeypatch):
    monkeypatch.setenv("BUILDOPT_STATE_DIR", state)
    monkeypatch.setenv("BUILDOPT_TRUSTED_PLUGINS", "sample-counter")

    told = CliRunner().invoke(plugins_command, ["--json"], standalone_mode=False)
    off = CliRunner().invoke(plugins_command, ["-p", "no:sample-counter"], standalone_mode=False)

    rows = {row["name"]: row for row in json.loads(told.output)["plugins"]}
    row = rows["sample-counter"]
    assert (row["status"], row["version"]) == ("loaded", "1.2")
    assert row["consumers"][0]["name"] == "sample-counter"
    assert "sample-counter  off  buildopt-sample-counter 1.2" in off.output.splitlines()


def test_a_command_of_a_plugin_is_a_command(sample, capsys):
    status = run_command_line(["sample-counter"])

    assert (status, capsys.readouterr().out) == (0, "hello from a plugin\n")


def test_a_command_of_a_plugin_is_offered_for_a_slip_of_the_hand(sample, capsys):
    status = run_command_line(["sample-countre"])

    assert status == 2
    assert "did you mean `sample-counter`?" in capsys.readouterr().err


def test_a_broken_command_of_a_plugin_is_a_clear_error(sample, tmp_path, monkeypatch, capsys):
    install(tmp_path / "more", "bad-dist", {"buildopt.commands": {"bad": "no_such_module:command"}})
    monkeypatch.syspath_prepend(str(tmp_path / "more"))

    status = run_command_line(["bad"])
    again = run_command_line(["sample-counter"])

    err = capsys.readouterr().err
    assert (status, again) == (2, 0)
    assert "command `bad` of `bad-dist` cannot be loaded: ModuleNotFoundError" in err
    assert "docs/messages.md#broken-command" in err


def test_no_command_of_a_plugin_without_plugins(sample, monkeypatch, capsys):
    monkeypatch.setenv("BUILDOPT_PLUGINS", "0")

    assert run_command_line(["sample-counter"]) == 2
    assert "no such command `sample-counter`" in capsys.readouterr().err
