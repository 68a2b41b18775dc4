"""The facts of a run with those of its steps."""

import pytest

from buildopt.events import RunFinished, TaskResult
from buildopt.results import with_steps


def step(outcome, saved_s=0.0):
    return TaskResult(
        task="t", command=("t",), directory="/", outcome=outcome, exit_code=0, stored=False,
        time_saved_s=saved_s,
    )  # fmt: skip


def run(outcome="executed", saved_s=0.0):
    return RunFinished(
        run_id="r", task="t", command=("t",), directory="/", outcome=outcome, exit_code=0,
        time_saved_s=saved_s,
    )  # fmt: skip


def test_run_that_took_place_saved_what_its_steps_saved():
    result = with_steps(run(), (step("fresh", 2.0), step("executed"), step("restored", 0.5)))

    assert result.time_saved_s == 2.5
    assert result.hit_ratio == pytest.approx(2 / 3)


def test_run_without_steps_has_no_hit_ratio():
    assert with_steps(run("fresh", 3.0), ()) == run("fresh", 3.0)
