"""The pytest plugin: what it tells of a session, and that no session ever notices it."""

import json
import os
import subprocess
import sys

import pytest

from buildopt.integrations import pytest_session
from buildopt.integrations.pytest_session import Session
from buildopt.tool_events import parse

TESTS = """
import pytest

@pytest.mark.xdist_group("db")
def test_passes():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_counts(n):
    assert n == 1, n

def test_skips():
    pytest.skip("not now")

@pytest.mark.xfail
def test_known():
    assert False

@pytest.mark.xfail
def test_mended():
    pass

@pytest.fixture
def broken():
    raise OSError("gone")

def test_error(broken):
    pass
"""


@pytest.fixture
def suite(tmp_path):
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_them.py").write_text(TESTS)
    return folder


def run(suite, *options, events=None):
    environ = {name: value for name, value in os.environ.items()
               if not name.startswith(("PYTEST", "BUILDOPT", "COV_"))}  # fmt: skip
    if events is not None:
        environ["BUILDOPT_EVENTS"] = str(events)
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # those of others take seconds to import
    plugins = ("-p", "buildopt.integrations.pytest_plugin", "-p", "xdist.plugin")
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-p", "no:cacheprovider", *options],
        cwd=suite, env=environ, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip


def told(events):
    found = [parse(line) for line in events.read_bytes().splitlines()]
    assert all(found), "a line that is no event"
    return found


@pytest.mark.parametrize("options", [(), ("-n", "1", "--dist", "loadgroup")])
def test_a_session_tells_each_test_and_the_sum(suite, tmp_path, options):
    events = tmp_path / "events"
    events.touch()

    done = run(suite, *options, events=events)

    assert done.returncode == 1
    results, finished = told(events)
    rows = {row[0]: row[1] for row in results.data["tests"]["test_them.py"]}
    assert rows == {
        "test_passes": "p", "test_counts[1]": "p", "test_counts[2]": "f", "test_skips": "s",
        "test_known": "x", "test_mended": "X", "test_error": "e",
    }  # fmt: skip
    assert finished.data["counts"] == {
        "passed": 2, "failed": 1, "skipped": 1, "xfailed": 1, "xpassed": 1, "error": 1,
    }  # fmt: skip
    assert finished.data["exit_code"] == 1
    assert finished.data["root"] == str(suite)
    assert 0 < finished.data["duration_s"] < 100


def test_a_session_says_the_same_where_nothing_can_be_told(suite, tmp_path):
    plain = run(suite, "-q", "--tb=no")

    gone = run(suite, "-q", "--tb=no", events=tmp_path / "gone" / "events")
    folder = run(suite, "-q", "--tb=no", events=tmp_path)

    def words(done):
        return done.returncode, done.stdout.rpartition(" in ")[0], done.stderr

    assert words(gone) == words(folder) == words(plain)
    assert not (tmp_path / "gone").exists()


def test_without_the_variable_nothing_is_loaded(suite):
    (suite / "test_them.py").write_text(
        "import sys\ndef test_it():\n"
        "    assert 'buildopt.integrations.pytest_plugin' in sys.modules\n"
        "    assert not {m for m in sys.modules if m.startswith('buildopt.')} -"
        " {'buildopt.integrations', 'buildopt.integrations.pytest_plugin'}\n"
    )

    assert run(suite).returncode == 0


def test_a_session_that_a_test_starts_tells_nothing(suite, tmp_path):
    events = tmp_path / "events"
    events.touch()
    (suite / "inner").mkdir()
    (suite / "inner" / "inner_it.py").write_text("def test_inner():\n    pass\n")
    (suite / "test_them.py").write_text(
        "import subprocess, sys\ndef test_outer():\n"
        "    subprocess.run([sys.executable, '-m', 'pytest', '-p',"
        " 'buildopt.integrations.pytest_plugin', 'inner/inner_it.py'], check=True)\n"
    )

    assert run(suite, events=events).returncode == 0

    results, _ = told(events)
    assert results.data["tests"].keys() == {"test_them.py"}


class Report:
    def __init__(self, nodeid, outcome="passed", when="call", duration=0.1):
        self.nodeid, self.outcome, self.when, self.duration = nodeid, outcome, when, duration
        self.keywords = {"xdist_group": 1}


class Asked:
    class config:  # noqa: N801  # as pytest names it
        @staticmethod
        def getoption(name, default=None):
            return default


def finished(tmp_path, reports, **how):
    path = tmp_path / "events"
    path.touch()
    session = Session(str(path), "/root", **how)
    for report in reports:
        session.pytest_runtest_logreport(report)
    session.pytest_sessionfinish(Asked, 0)
    return told(path)


@pytest.mark.parametrize(
    ("nodeid", "name"),
    [("test_a", "test_a"), ("test_a@db", "test_a"), ("test_a[x@y]", "test_a[x@y]"),
     ("test_a[x@y]@db", "test_a[x@y]")],
)  # fmt: skip
def test_the_group_that_xdist_adds_is_no_part_of_a_name(tmp_path, nodeid, name):
    results, _ = finished(tmp_path, [Report(f"v@1/a.py::{nodeid}")], has_groups=True)

    assert results.data["tests"] == {"v@1/a.py": [[name, "p", 0.1]]}


def test_a_test_that_was_run_again_counts_as_it_ended(tmp_path):
    reports = [
        Report("a.py::test", "passed", "setup"), Report("a.py::test", "rerun"),
        Report("a.py::test", "passed", "setup"), Report("a.py::test", "passed", duration=0.5),
    ]  # fmt: skip

    results, end = finished(tmp_path, reports)

    assert results.data["tests"] == {"a.py": [["test", "p", 0.6, "f"]]}
    assert end.data["rerun"] == 1


def test_a_large_session_is_told_in_parts_that_fit(tmp_path, monkeypatch):
    monkeypatch.setattr(pytest_session, "MOST_TESTS", 3_000)
    reports = [Report(f"tests/test_{n % 7}.py::test_ä_{n}[{'x' * 60}]") for n in range(3_100)]
    reports.append(Report("tests/test_z.py::test_broken", "failed", duration=0.0))

    *parts, end = finished(tmp_path, reports)

    names = [row[0] for part in parts for rows in part.data["tests"].values() for row in rows]
    assert len(parts) > 3
    assert len(set(names)) == 3_000
    assert "test_broken" in names
    assert end.data["left_out"] == 101
    assert all(len(json.dumps(part.data)) < 60_000 for part in parts)


def test_trouble_of_ours_ends_the_listening_and_nothing_else(tmp_path):
    session = Session(str(tmp_path / "events"), "/root")

    session.pytest_runtest_logreport(object())

    assert not session.is_listening
    session.pytest_runtest_logreport(Report("a.py::test"))
    session.pytest_sessionfinish(None, 0)
    assert not (tmp_path / "events").exists()
