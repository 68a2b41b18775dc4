"""A task over 30 days: how long it took, how often it was answered, what it made, what changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from buildopt.events import Event, RunFinished
from buildopt.phrases import printable
from buildopt.quantities import duration, share, size
from buildopt.report.gathered import Gathered
from buildopt.report.history import State, state_of

LEAST_RUNS = 5
"""Of runs that took place: fewer are no trend."""
MOST_POINTS = 300
DAY_NS = 86_400 * 10**9
SHOWN: Mapping[str, Callable[[float], str]] = {"s": duration, "By": size, "1": share}


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A run that really took place."""

    time_ns: int
    duration_s: float
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """All runs of a day (UTC); of what has no value there was none."""

    start_ns: int
    runs: int
    hits: int
    median_s: float | None
    size_bytes: int | None
    """Of the last bundle or archive that was analysed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A change that the baselines confirmed, or an alert; its number stands in the chart."""

    number: int
    time_ns: int
    words: str
    is_bad: bool
    is_alert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Oldest first."""

    points: tuple[Point, ...]
    days: tuple[Day, ...]
    marks: tuple[Mark, ...]


def trend_of(found: Gathered) -> Trend | None:
    """The trend of the task; None where too few of its runs took place."""
    task = found.run.task if found.run else ""
    told = [(event, run) for event, run in reversed(found.month) if run.task == task]
    executed = [(event, run) for event, run in told if run.outcome == "executed"]
    if len(executed) < LEAST_RUNS:
        return None
    points = [
        Point(time_ns=event.time_ns, duration_s=run.duration_s, state=state_of(run))
        for event, run in executed[-MOST_POINTS:]
    ]
    first_ns, last_ns = points[0].time_ns, points[-1].time_ns
    marks = [mark for mark in map(_change, found.findings) if first_ns <= mark[0] <= last_ns] + [
        mark for mark in map(_alert, found.alerts) if first_ns <= mark[0] <= last_ns
    ]
    return Trend(
        points=tuple(points),
        days=tuple(_days(told, found.bundles)),
        marks=tuple(
            Mark(number=number, time_ns=at, words=words, is_bad=is_bad, is_alert=is_alert)
            for number, (at, words, is_bad, is_alert) in enumerate(sorted(marks), 1)
        ),
    )


def _days(told: Iterable[tuple[Event, RunFinished]], bundles: Iterable[Event]) -> Iterable[Day]:
    runs: dict[int, list[RunFinished]] = defaultdict(list)
    for event, run in told:
        runs[event.time_ns // DAY_NS].append(run)
    sizes = {event.time_ns // DAY_NS: _bytes(event.data) for event in bundles}
    for day, rows in sorted(runs.items()):
        good = [run.duration_s for run in rows if run.outcome == "executed" and not run.exit_code]
        yield Day(
            start_ns=day * DAY_NS,
            runs=len(rows),
            hits=sum(run.outcome != "executed" for run in rows),
            median_s=median(good) if good else None,
            size_bytes=sizes.get(day),
        )


def _bytes(data: Mapping[str, Any]) -> int | None:  # Any: JSON
    totals = data.get("totals") or data.get("archive")
    found = totals.get("raw", totals.get("bytes")) if isinstance(totals, Mapping) else None
    return int(found) if isinstance(found, int | float) else None


def _change(event: Event) -> tuple[int, str, bool, bool]:
    data = event.data
    shown = SHOWN.get(str(data.get("unit")), "{:.3g}".format)
    before, after = (shown(float(data.get(name) or 0.0)) for name in ("before", "after"))
    since_ns = data.get("since_ns")
    cause = data.get("cause")
    because = cause.get("text") if isinstance(cause, Mapping) else ""
    words = f"{data.get('metric')} {data.get('direction')}: {before} → {after}"
    words += f"; {because}" if because else ""
    at_ns = since_ns if isinstance(since_ns, int) and since_ns else event.time_ns
    return at_ns, printable(words)[:300], data.get("direction") == "worse", False


def _alert(event: Event) -> tuple[int, str, bool, bool]:
    return event.time_ns, f"alert `{printable(event.subject)[:100]}`", True, True
