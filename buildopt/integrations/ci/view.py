"""What a job of a CI system did: its runs, and what is wrong, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from buildopt.report.view import RunView

Level = Literal["error", "warning", "notice"]
LEVELS: tuple[Level, ...] = ("error", "warning", "notice")
"""The worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a reader of the job should see; `rule` is one word for its kind.

    `file` is relative to the project's root, or empty where it has no place.
    """

    level: Level
    rule: str
    title: str
    message: str
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView:
    """Runs in the order in which they were made, and problems, the worst first."""

    runs: tuple[RunView, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def time_saved_s(self) -> float:
        """By all runs."""
        return sum(run.history.runs[-1].time_saved_s for run in self.runs)

    @property
    def duration_s(self) -> float:
        """Of all runs, one after the other."""
        return sum(run.history.runs[-1].duration_s for run in self.runs)

    @property
    def is_hit(self) -> bool:
        """Whether each run was answered from the cache."""
        return bool(self.runs) and all(run.outcome != "executed" for run in self.runs)

    @property
    def output_bytes(self) -> int:
        """What all runs left."""
        return sum(run.outputs.bytes for run in self.runs)


def job_of(runs: Iterable[RunView], problems: Iterable[Problem] = ()) -> JobView:
    """The view of these runs and problems; a run that failed is a problem by itself."""
    shown = tuple(sorted(runs, key=lambda run: run.time_ns))
    found = [*(_failure(run) for run in shown if run.state == "failed"), *problems]
    ranked = sorted(found, key=lambda problem: LEVELS.index(problem.level))
    return JobView(runs=shown, problems=tuple(ranked))


def _failure(run: RunView) -> Problem:
    return Problem(level="error", rule="run-failed", title=run.task, message=run.verdict)
