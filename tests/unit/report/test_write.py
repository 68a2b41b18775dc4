"""From a journal on disk to a page on disk."""

import os
import subprocess
import sys

import pytest

from buildopt.events import RunFinished
from buildopt.journal import Journal
from buildopt.report.write import DEFAULT_NAME, write_report


@pytest.fixture
def state(tmp_path):
    state = os.fsencode(tmp_path / "state")
    Journal(state=state, source="/host/project/1", run_id="run").append(
        RunFinished(
            run_id="run",
            task="build",
            command=("./build.sh",),
            directory="/p",
            outcome="executed",
            exit_code=0,
        )
    )
    return state


def test_the_page_goes_where_it_is_told(state, tmp_path):
    target = tmp_path / "new folder" / "page.html"

    written = write_report(state, "run", str(target))

    assert written == str(target)
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [entry.name for entry in target.parent.iterdir()] == ["page.html"]


def test_without_a_path_it_goes_to_the_working_directory(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    written = write_report(state, "run", "")

    assert written == str(tmp_path / DEFAULT_NAME)
    assert (tmp_path / DEFAULT_NAME).is_file()


def test_an_unknown_run_leaves_an_older_page_alone(state, tmp_path):
    target = tmp_path / "page.html"
    target.write_text("older")

    with pytest.raises(ValueError, match="no finished run `other`"):
        write_report(state, "other", str(target))

    assert target.read_text() == "older"


def test_a_run_without_a_report_never_loads_it():
    code = (
        "import sys, buildopt.cli.run; "
        "print([n for n in sys.modules if n.startswith(('buildopt.report', 'jinja2'))])"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert loaded.stdout == b"[]\n"
