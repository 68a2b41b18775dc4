"""The values that a finding is about: each build as a point, its levels, and their noise floor.

What a baseline learns stays its own; its events say what a series is, and the values are asked for
as any other plugin would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from buildopt.monitor.hookspecs import Known, Row, Where
from monitor_plugins.dashboard.asked import NS
from monitor_plugins.dashboard.drawing import UNITS, Chart, Mark, signed_share
from monitor_plugins.dashboard.lists import BUNDLE, bundle_of
from monitor_plugins.dashboard.shapes.alerts import Change

MOST_BUILDS = 1_000
MOST_BUNDLES = 500
BUNDLES = "bundle."
OF_RUNS: Mapping[str, Callable[[Row], object]] = {
    "duration": lambda row: row["duration_s"],
    "cpu": lambda row: row.get("cpu_s"),
    "peak_memory": lambda row: row.get("peak_memory_bytes"),
    "hit_ratio": lambda row: float(row["outcome"] != "executed"),
}


def of_finding(known: Known, change: Change, others: Sequence[Change] = ()) -> Chart | None:
    """The series of a finding, from its first build to its last; None where nothing is known."""
    values = _values(known, change)
    if len(values) < 2:
        return None
    before_s = change.since_s - 1  # so that the level is a step
    rows = sorted(
        [
            *((at_s, [value, *_level(change, at_s)]) for at_s, value in values),
            *([(before_s, [None, *_level(change, before_s)])] if before_s > values[0][0] else []),
        ],
        key=lambda row: row[0],
    )
    same = [one for one in (change, *others) if one.series == change.series]
    return Chart(
        id=f"chart-finding-{change.finding}", title=change.name,
        unit=UNITS.get(change.unit, "count"),
        names=["value", "level", "noise floor from", "noise floor"],
        rows=rows, span_s=(values[0][0] - 1, values[-1][0] + 1), kind="dots",
        kinds=("dots", "line", "low", "high"),
        marks=[Mark(time_s=one.since_s, text=_words(one)) for one in _apart(same)],
    )  # fmt: skip


def output_of(change: Change) -> str:
    """The output that it is about: `dist` of `web build → dist`; empty where it is about a task."""
    return change.task.rpartition(" → ")[2] if change.metric.startswith(BUNDLES) else ""


def _values(known: Known, change: Change) -> list[tuple[float, float]]:
    """Time and value of each build of the series, oldest first."""
    if change.metric.startswith(BUNDLES):
        found = _of_bundles(known, change)
    elif change.metric in OF_RUNS:
        found = _of_runs(known, change)
    else:
        found = []
    return sorted((at_s, value) for at_s, value in found if value is not None)


def _of_runs(known: Known, change: Change) -> list[tuple[float, float | None]]:
    of = OF_RUNS[change.metric]
    where = Where(project=change.project, machine=change.machine)
    rows: Sequence[Row] = known.runs(where, task=change.task, limit=MOST_BUILDS)
    if change.metric == "duration" and not rows:  # of a step
        rows = known.tasks(where, task=change.task, limit=MOST_BUILDS)
    return [
        (row["time_ns"] / NS, _number(of(row)))
        for row in rows
        if row["exit_code"] == 0 and _is_of(row, change)
    ]


def _is_of(row: Row, change: Change) -> bool:
    """Whether the cache stood as it does in the series."""
    if change.metric == "hit_ratio":
        return True
    if row["outcome"] != "executed":
        return bool(change.cache == row["outcome"])
    state = "partial" if row.get("hit_ratio") else "cold"
    return change.cache in ("", state)


def _of_bundles(known: Known, change: Change) -> list[tuple[float, float | None]]:
    name = change.metric.removeprefix(BUNDLES)
    field = "raw_bytes" if name == "archive" else f"{name}_bytes"
    rows = known.events(Where(project=change.project), types=(BUNDLE,), limit=MOST_BUNDLES)
    found = [bundle_of(row) for row in rows]
    return [
        (one.time_s, _number(getattr(one, field, None)))
        for one in found
        if change.task in (one.output, f"{one.task} → {one.output}") or name == "archive"
    ]


def _level(change: Change, at_s: float) -> tuple[float | None, float | None, float | None]:
    """The level at a time, and how far values may go from it without a word."""
    level = change.after if at_s >= change.since_s else change.before
    if level is None or change.smallest_change is None:
        return level, None, None
    wide = abs(level) * change.smallest_change
    return level, max(0.0, level - wide), level + wide


def _words(change: Change) -> str:
    by = "" if change.effect is None else f" by {signed_share(change.effect)}"
    return f"{change.direction}{by}"


def _apart(changes: Sequence[Change]) -> list[Change]:
    """Findings in order of time, one for each time."""
    ordered = sorted(changes, key=lambda one: one.since_s)
    return [
        *ordered[:1],
        *(later for one, later in pairwise(ordered) if later.since_s != one.since_s),
    ]


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None  # type: ignore[arg-type]  # as it was just asked
