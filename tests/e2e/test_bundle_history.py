"""Builds that were analysed before, and what is there now."""

import json
import time

import pytest

from buildopt.bundle.analyzed import TYPE
from buildopt.cli.bundle_after import Request
from buildopt.cli.bundle_background import analyse_place
from tests.unit.bundle.bundle_writing import write_chunk


@pytest.fixture
def project(rig, monkeypatch):
    """A project with a package."""
    rig.write("package.json", "{}")
    monkeypatch.setenv("BUILDOPT_CACHE_DIR", str(rig.cache))
    return rig


def builds(rig, *sizes, is_quick=False):
    """Builds with so much of a package, each analysed as after a run."""
    for times in sizes:
        parts = [("../src/i.js", "i();"), ("../node_modules/a/index.js", "a();" * times)]
        write_chunk(rig.root / "dist", "app.js", parts)
        place, run_id = str(rig.root / "dist"), f"run-{len(rig.events(TYPE))}"
        where = (str(rig.root), str(rig.cache), str(rig.state))
        ended_ns = time.time_ns()
        analyse_place(place, Request((place,), run_id, "t", "p", *where, ended_ns, is_quick, False))


def judged(done):
    rows = json.loads(done.stdout)["budgets"]
    return [(row["before"], row["limit"], row["is_kept"]) for row in rows]


def test_diff_without_a_name_takes_the_last_build_that_was_otherwise(project):
    nothing = project.call("bundle", "diff")
    builds(project, 1)
    nothing_yet = project.call("bundle", "diff")
    builds(project, 2, 2)
    builds(project, 3, is_quick=True)
    builds(project, 2)

    found = json.loads(project.call("bundle", "diff", "--json").stdout)
    shown = project.call("bundle", "diff").stdout.decode()

    assert (nothing.returncode, nothing_yet.returncode) == (2, 0)
    assert b"0 B" in nothing_yet.stdout
    assert found["before_build"].endswith("run run-0")
    (package,) = found["packages"]
    assert (package["before_bytes"], package["after_bytes"]) == (4, 8)
    assert found["usual"]["builds"] == 3
    assert "before: the build of" in shown


def test_budgets_of_the_settings_are_held_against_the_history(project):
    project.write("buildopt.toml", 'bundle_budgets = ["package:a<=+3", "package:a<=usual+50%"]')
    builds(project, 1)
    first = project.call("bundle", "check", "--require-history")
    builds(project, 2, 4)
    over = project.call("bundle", "check", "--json")
    builds(project, 4, 4)

    now = project.call("bundle", "check", "--require-history", "--json")
    kept = project.call("bundle", "check", "--budget", "package:a<=usual+50%", "--require-history")

    assert [done.returncode for done in (first, over, now, kept)] == [3, 1, 1, 0]
    assert b"no limit exceeded, 1 could not be judged" in first.stdout
    assert b"too few builds" in first.stdout
    assert judged(over) == [(8, 11, False), (None, None, True)]
    assert judged(now) == [(8, 11, False), (12, 18, True)]


def test_an_output_of_any_name_is_known_once_a_run_has_made_it(project):
    write_chunk(project.root / "site", "app.js", [("../src/i.js", "i();")])
    place = str(project.root / "site")
    where = (str(project.root), str(project.cache), str(project.state))
    unknown = project.call("bundle", "--json")

    analyse_place(place, Request((place,), "r", "t", "p", *where, time.time_ns(), False, False))

    assert unknown.returncode == 2
    assert json.loads(project.call("bundle", "--json").stdout)["files"][0]["path"] == "app.js"


def test_what_changes_while_it_is_analysed_is_left_to_the_run_that_changes_it(project):
    builds(project, 1)
    place = str(project.root / "dist")
    where = (str(project.root), str(project.cache), str(project.state))

    analyse_place(place, Request((place,), "late", "t", "p", *where, 1, False, False))

    assert [event.run for event in project.events(TYPE)] == ["run-0"]
