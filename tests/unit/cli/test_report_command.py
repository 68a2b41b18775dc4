"""`buildopt report` on a journal of two runs."""

import json
import os

import pytest
from click.testing import CliRunner

from buildopt.cli.report import command
from buildopt.errors import BuildoptError, UsageError
from buildopt.events import RunFinished
from buildopt.journal import Journal


@pytest.fixture
def project(tmp_path, monkeypatch):
    project = tmp_path / "project"
    project.mkdir()
    (project / ".git").mkdir()
    monkeypatch.chdir(project)
    monkeypatch.setenv("BUILDOPT_STATE_DIR", str(tmp_path / "state"))
    for run_id, root in (("aa1", project), ("ab2", project), ("zz9", tmp_path / "other")):
        Journal(state=os.fsencode(tmp_path / "state"), source="/h/p/1", run_id=run_id).append(
            RunFinished(
                run_id=run_id,
                task="build",
                command=("./build.sh",),
                directory=str(root),
                outcome="executed",
                exit_code=0,
                duration_s=1.0,
                root=str(root),
            )
        )
    return project


def call(*arguments):
    return CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)


def test_the_default_is_a_page_about_the_last_run_of_this_project(project):
    done = call()

    page = project / "buildopt-report.html"
    assert done.stdout == f"report in {page}\n"
    assert "<code>ab2</code>" in page.read_text(encoding="utf-8")


def test_a_run_is_named_by_the_beginning_of_its_id(project):
    done = call("aa", "--json")

    data = json.loads(done.stdout)
    assert (data["schema"], data["run_id"]) == (1, "aa1")
    assert list(project.iterdir()) == [project / ".git"]


def test_json_goes_to_stdout_alone_when_a_page_is_written_too(project):
    done = call("--json", "--html", "page.html")

    assert json.loads(done.stdout)["run_id"] == "ab2"
    assert (project / "page.html").is_file()


def test_markdown_begins_with_the_verdict(project):
    done = call("--markdown")

    assert done.stdout.startswith("## ▶ Executed in 1 s\n")


@pytest.mark.parametrize("wanted", ["zz9", "a", "nothing"])
def test_a_foreign_ambiguous_or_unknown_run_is_refused(project, wanted):
    with pytest.raises(UsageError) as refused:
        call(wanted)

    assert refused.value.slug == "no-such-run"


def test_a_page_that_cannot_be_written_is_told_with_a_hint(project):
    with pytest.raises(BuildoptError) as refused:
        call("--html", "/proc/none/page.html")

    assert refused.value.slug == "report-not-written"
    assert refused.value.hint
