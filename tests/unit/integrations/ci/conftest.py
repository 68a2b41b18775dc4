"""Runs made by hand, as a journal would tell them."""

import pytest

from buildopt.events import OutputCounts, TaskResult
from buildopt.integrations.ci.view import Problem, job_of
from buildopt.model import MissReason, NotStored
from buildopt.report.view import view_of
from tests.unit.report.conftest import Story

HOSTILE = "a|b`c\"'<img src=x>\x1b[31m ##[error]::%\n::add-mask::x]; @team 👩\ud800"
BUDGET = Problem(
    level="error", rule="budget", title="budget total.gzip<=300kB exceeded", message="all: 1 MB"
)
DUPLICATE = Problem(
    level="warning",
    rule="duplicate",
    title="lodash: 70 kB",
    message="2 copies: 3.0.0, 4.0.0. To mend: one version for all",
    file="web/package.json",
)


@pytest.fixture
def story():
    return Story()


@pytest.fixture
def seen(story):
    """The view of a run that the story told."""
    return lambda run_id="run": view_of(story.newest_first, run_id)


@pytest.fixture
def job(story, seen):
    """A hit, a call of tasks of which one failed and one was not run, hostile names, problems."""
    story.ran(
        "hit",
        outcome="restored",
        duration_s=0.05,
        time_saved_s=61.2,
        outputs=OutputCounts(files=2, bytes=184_212),
    )
    lint, test = (
        TaskResult(
            task=name,
            command=(name,),
            directory="/p",
            outcome=outcome,
            exit_code=code,
            stored=False,
            not_stored=(NotStored(kind="failed", subject=str(code)),) if code else (),
            miss_reasons=(MissReason(kind="file-changed", subject="src/a.ts"),) if code else (),
            duration_s=1.5,
        )
        for name, outcome, code in (("lint", "fresh", 0), ("test", "executed", 4))
    )
    story.ran(
        "tasks",
        task="lint test site",
        command=("lint", "test", "site"),
        exit_code=4,
        tasks=(lint, test),
        not_run=("site",),
        hit_ratio=0.5,
    )
    story.ran("hostile", task=HOSTILE, miss_reasons=(MissReason("file-changed", HOSTILE),))
    problems = [
        DUPLICATE,
        BUDGET,
        Problem(level="notice", rule="suspected", title=HOSTILE, message=HOSTILE, file=HOSTILE),
    ]
    return job_of([seen("hostile"), seen("tasks"), seen("hit")], problems, name="web")
