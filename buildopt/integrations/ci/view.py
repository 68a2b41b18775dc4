"""What a job of a CI system did: its runs, and what is wrong, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from buildopt.phrases import printable
from buildopt.report.view import RunView

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
"""The worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a reader of the job should see; `rule` is one word for its kind.

    `file` is relative to the repository, or empty where it has no place.
    """

    level: Level
    rule: str
    title: str
    message: str
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """Runs in the order in which they were made, and problems, the worst first.

    `name` tells the jobs of one pull request apart.
    """

    runs: tuple[RunView, ...]
    problems: tuple[Problem, ...] = ()
    name: str = ""

    @property
    def time_saved_s(self) -> float:
        """By all runs."""
        return sum(time_saved_s(run) for run in self.runs)

    @property
    def is_hit(self) -> bool:
        """Whether each run was answered from the cache."""
        return bool(self.runs) and all(run.outcome != "executed" for run in self.runs)

    @property
    def output_bytes(self) -> int:
        """What all runs left."""
        return sum(run.outputs.bytes for run in self.runs)


def time_saved_s(run: RunView) -> float:
    """By one run."""
    return run.history.runs[-1].time_saved_s


def duration_s(run: RunView) -> float:
    """Of one run."""
    return run.history.runs[-1].duration_s


def job_of(runs: Iterable[RunView], problems: Iterable[Problem] = (), *, name: str = "") -> JobView:
    """The view of these runs and problems; a run that failed is a problem by itself."""
    shown = tuple(sorted(runs, key=lambda run: run.time_ns))
    found = [*(_failure(run) for run in shown if run.state == "failed"), *map(_shown, problems)]
    ranked = sorted(found, key=lambda problem: LEVELS.index(problem.level))
    return JobView(runs=shown, problems=tuple(ranked), name=name)


def _shown(problem: Problem) -> Problem:
    """The problem without control characters and whatever else would not show as itself."""
    return replace(
        problem,
        title=printable(problem.title),
        message=printable(problem.message),
        file=printable(problem.file),
    )


def _failure(run: RunView) -> Problem:
    parts = [row.name for row in run.steps.rows if row.state == "failed"]
    where = f"; failed inside: {', '.join(f'`{name}`' for name in parts)}" if parts else ""
    return Problem(
        level="error", rule="run-failed", title=run.task, message=f"{run.verdict}{where}"
    )
