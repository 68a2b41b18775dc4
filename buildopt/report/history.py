"""The last runs of one task, and what the cache was worth over them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from buildopt.events import Event, RunFinished, TaskResult

State = Literal["fresh", "restored", "executed", "failed"]
SHAPES: dict[State, str] = {"fresh": "●", "restored": "◐", "executed": "▶", "failed": "✕"}
"""A state is told by word and shape, never by colour alone."""
HISTORY_RUNS = 30
"""Runs shown, the one of the report included: what fits one chart with a mark under each bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One bar of the history."""

    run_id: str
    time_ns: int
    state: State
    duration_s: float
    time_saved_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Runs of one task in one checkout, oldest first; the last is the run of the report."""

    runs: tuple[PastRun, ...]
    hits: int
    hit_ratio: float
    time_saved_s: float
    no_data: str = ""
    """Why there is nothing to compare with, if so."""


def state_of(run: RunFinished | TaskResult) -> State:
    """The outcome, or that the command failed, which matters more."""
    return "failed" if run.exit_code else run.outcome


def history_of(newest_first: Iterable[tuple[Event, RunFinished]]) -> History:
    """The history that ends with the first of these runs; there is at least one."""
    found = sorted(newest_first, key=lambda pair: pair[0].time_ns)
    runs = tuple(_past(event, run) for event, run in found)
    hits = sum(run.outcome != "executed" for _, run in found)
    first = "no data: this is the first run of this task that the journal holds"
    return History(
        runs=runs,
        hits=hits,
        hit_ratio=hits / len(runs),
        time_saved_s=sum(run.time_saved_s for run in runs),
        no_data=first if len(runs) == 1 else "",
    )


def _past(event: Event, run: RunFinished) -> PastRun:
    return PastRun(
        run_id=run.run_id,
        time_ns=event.time_ns,
        state=state_of(run),
        duration_s=run.duration_s,
        time_saved_s=run.time_saved_s,
    )
