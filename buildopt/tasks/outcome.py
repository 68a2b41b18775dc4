"""What a call with many tasks came to, as one result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from buildopt.events import (
    NOTHING_IGNORED,
    InputCounts,
    Outcome,
    OutputCounts,
    RunFinished,
    TaskResult,
)
from buildopt.model import NotStored, Observation
from buildopt.results import as_step
from buildopt.steps.footprint import reasons_of
from buildopt.tasks.crossings import Crossing


class GraphEnd(NamedTuple):
    """How a call ended."""

    results: Mapping[str, RunFinished]
    """Of the tasks that were started, by their ids, in the order of their starts."""
    started_s: Mapping[str, float]
    """When each of them began, since the beginning of the call."""
    failed: tuple[str, ...]
    """In the order in which they failed."""
    not_run: tuple[str, ...]
    crossings: tuple[Crossing, ...]
    signal: int = 0
    """That was to end us."""
    is_output_lost: bool = False
    made: Mapping[str, frozenset[str]] = {}
    """Absolute paths that the tasks wrote, as far as they are known."""
    seen: Mapping[str, Seen] = {}
    """Of the runs that left no record, where it was asked for (`Work.keeps_seen`)."""


class Seen(NamedTuple):
    """What a run looked at, in the state of the first touch, and the paths that it changed."""

    observations: tuple[Observation, ...]
    made: frozenset[str]


def without_spoiled(
    results: Mapping[str, RunFinished], spoiled: Mapping[str, str]
) -> dict[str, RunFinished]:
    """The results with those put right whose record was taken back for a path."""
    found = dict(results)
    for name, path in spoiled.items():
        if name in found and found[name].stored:
            reasons: tuple[NotStored, ...] = reasons_of([path])
            found[name] = replace(found[name], stored=False, not_stored=reasons, record="")
    return found


def result_of_graph(
    end: GraphEnd,
    *,
    run_id: str,
    names: Sequence[str],
    project: str,
    root: str,
    duration_s: float,
    lost_events: int,
) -> RunFinished:
    """One result of the whole call."""
    started = tuple(end.results.values())
    executed = [result for result in started if result.outcome == "executed"]
    outcomes = [row.outcome for result in started for row in (result.tasks or (result,))]
    hits = sum(1 for outcome in outcomes if outcome != "executed")
    exit_code, number = _status(end)
    return RunFinished(
        run_id=run_id,
        task=" ".join(names),
        command=tuple(names),
        directory=root,
        outcome=_outcome(end),
        exit_code=exit_code,
        signal=number or None,
        stored=bool(executed) and all(result.stored for result in executed),
        not_stored=tuple(dict.fromkeys(why for result in executed for why in result.not_stored)),
        observer=started[0].observer if started else "off",
        duration_s=duration_s,
        time_saved_s=sum(result.time_saved_s for result in started),
        lookup_s=sum(result.lookup_s for result in started),
        restore_s=sum(result.restore_s for result in started),
        inputs=InputCounts(*map(sum, zip(*(result.inputs for result in started), strict=True))),
        outputs=OutputCounts(*map(sum, zip(*(result.outputs for result in started), strict=True))),
        ignored=started[0].ignored if started else NOTHING_IGNORED,
        cpu_s=sum(result.cpu_s for result in started),
        peak_memory_bytes=max((r.peak_memory_bytes for r in started), default=0),
        tasks=tuple(_rows(end)),
        hit_ratio=hits / len(outcomes) if outcomes else None,
        not_run=end.not_run,
        project=project,
        root=root,
        lost_events=lost_events,
    )


def _rows(end: GraphEnd) -> Iterator[TaskResult]:
    """Each task, and behind it the steps inside it."""
    for name, result in end.results.items():
        started_s = end.started_s[name]
        yield as_step(result, started_s)
        for step in result.tasks:
            yield replace(step, started_s=started_s + step.started_s, inside=name)


def _status(end: GraphEnd) -> tuple[int, int]:
    """Exit status and signal: of what ended us, else of the first task that failed."""
    if end.signal:
        return 128 + end.signal, end.signal
    for name in end.failed[:1]:
        failed = end.results[name]
        return failed.exit_code, failed.signal or 0
    return (1 if end.is_output_lost else 0), 0


def _outcome(end: GraphEnd) -> Outcome:
    outcomes = {result.outcome for result in end.results.values()}
    for outcome in ("executed", "restored"):
        if outcome in outcomes:
            return outcome
    return "fresh"
