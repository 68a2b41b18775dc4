"""What a run has made is analysed by itself, once the run has returned."""

import json
import time

import pytest

from buildopt import blobs
from buildopt.bundle.analyzed import TYPE
from tests.unit.bundle.map_writing import map_of

BUILD = """
mkdir -p dist
cp app.js dist/app.js
cp app.js.map dist/app.js.map
"""
TASK = 'command = "./build.sh"\ninputs = ["app.js*"]\noutputs = ["dist"]\n'


@pytest.fixture
def project(rig):
    """A project whose build copies a bundle into dist/."""
    rig.script("build.sh", BUILD)
    rig.write("package.json", "{}")
    rig.environ["BUILDOPT_BUNDLE_ANALYSIS"] = "1"
    write_app(rig, 1)
    return rig


def write_app(rig, times):
    text = "i();" + "a();" * times
    rig.write("app.js", f"{text}\n//# sourceMappingURL=app.js.map\n")
    sources = ["../src/i.js", "../node_modules/a/index.js"]
    rig.write("app.js.map", map_of(sources, [[(0, 0), (4, 1)]]))


def build(rig, *options):
    return rig.run("--input", "app.js*", "--output", "dist", *options, "--", "./build.sh")


def analyses(rig, count):
    """The events of as many analyses, once they are there."""
    until_s = time.monotonic() + 30
    while time.monotonic() < until_s:
        events = rig.events(TYPE)
        if len(events) >= count:
            return events
        time.sleep(0.05)
    raise AssertionError(f"{len(rig.events(TYPE))} analyses, not {count}")


def test_a_run_that_makes_a_bundle_has_it_analysed(project):
    done = build(project)

    (event,) = analyses(project, 1)

    assert done.status == 0
    assert (event.run, event.data["output"]) == (done.result["run_id"], "dist")
    assert event.data["packages"] == [{"name": "a", "versions": ["unknown"], "bytes": 4}]
    assert event.data["is_estimate"] is False
    document = blobs.get(bytes(project.state), event.data["document"])
    assert document.startswith(b'{"schema":1,"kind":"bundle"')


def test_only_a_hit_that_brings_something_else_is_analysed_again(project):
    build(project)
    analyses(project, 1)
    write_app(project, 2)
    build(project)
    analyses(project, 2)

    outcomes = [build(project).outcome]  # as it is
    write_app(project, 1)
    outcomes += [build(project).outcome, build(project).outcome]
    events = analyses(project, 3)
    (project.root / "dist/app.js").unlink()
    outcomes += [build(project).outcome]
    write_app(project, 3)
    outcomes += [build(project).outcome]

    assert outcomes == ["fresh", "restored", "fresh", "restored", "executed"]
    bytes_of_a = [event.data["packages"][0]["bytes"] for event in analyses(project, 4)]
    assert bytes_of_a == [4, 8, 4, 12]
    assert events[0].data["document"] == events[2].data["document"]


def test_a_build_that_makes_the_same_once_more_is_analysed_too(project):
    project.environ["BUILDOPT_OBSERVE"] = "auto"
    project.run("--", "./build.sh")
    analyses(project, 1)

    last = project.run("--force", "--", "./build.sh")

    assert analyses(project, 2)[1].run == last.result["run_id"]


def test_a_setting_leaves_it_off_and_other_outputs_start_nothing(project):
    project.environ["BUILDOPT_BUNDLE_ANALYSIS"] = "0"
    build(project)
    project.environ["BUILDOPT_BUNDLE_ANALYSIS"] = "1"
    project.run("--output", "notes.txt", "--input", "app.js", "--", "cp", "app.js", "notes.txt")
    write_app(project, 2)
    last = build(project)

    assert [event.run for event in analyses(project, 1)] == [last.result["run_id"]]


def test_tasks_of_a_graph_have_their_bundles_analysed(project):
    project.write("buildopt.toml", f"[tasks.app]\n{TASK}\n[tasks.all]\ncommand = 'true'\n"
                  "inputs = ['app.js']\ndepends_on = ['app']\n")  # fmt: skip

    assert project.call("run", "all").returncode == 0

    assert [event.data["output"] for event in analyses(project, 1)] == ["dist"]


def test_what_watch_estimates_is_marked_and_shown(project, watch):
    project.write("buildopt.toml", f"[tasks.app]\n{TASK}")
    watch("app").until("finished")
    (event,) = analyses(project, 1)

    shown = json.loads(project.call("bundle", "--last", "--json").stdout)

    assert event.data["is_estimate"] is True
    assert [made["is_estimate"] for made in shown["compressors"]] == [False, True, False]
