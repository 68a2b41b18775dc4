"""What one event of a build says: a value for each of its series, and what may explain them.

    buildopt.run.finished     duration, processor time, memory, size of what was made, hit or miss;
                              the durations of its tasks and steps that really ran
    buildopt.bundle.analyzed  the size of a bundle in each encoding
    buildopt.bench.finished   the median of repeated runs
    buildopt.series.measured  whatever another plugin or tool measures once a build, by name

A build that failed or was stopped says nothing: it ended sooner, or later, for reasons of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from buildopt.events import Event
from monitor_plugins.baseline.series_key import BUNDLE, METRICS, SeriesKey, branch_class

RUN, BUNDLE_ANALYZED, BENCH, SERIES = (
    "buildopt.run.finished", "buildopt.bundle.analyzed", "buildopt.bench.finished",
    "buildopt.series.measured",
)  # fmt: skip
MOST_VALUES = 500
"""Of one event: each costs a look at its series."""
MOST_REASONS = 20
MOST_PARTS = 60
"""What may explain a change is kept for each build: so many of the largest."""
LONGEST_NAME = 200

Data = Mapping[str, Any]  # Any: JSON


class Value(NamedTuple):
    """One value of one series; no finite number is a gap."""

    key: SeriesKey
    value: float


def values_of(event: Event, default_branch: str = "") -> Iterator[Value]:
    """All values that an event brings; none for an event of another kind."""
    if event.type == RUN:
        yield from _of_run(event, default_branch)
    elif event.type == BUNDLE_ANALYZED:
        yield from _of_bundle(event)
    elif event.type == BENCH:
        yield from _of_bench(event)
    elif event.type == SERIES:
        yield from _of_series(event, default_branch)


def about(event: Event) -> dict[str, Any]:  # Any: JSON
    """What is known of the build beside its values: commit, reasons of the miss, parts."""
    data = event.data
    known = {
        "branch": _text(data, "branch"),
        "commit": _text(data, "commit"),
        "reasons": [_reason(row) for row in _rows(data, "miss_reasons")[:MOST_REASONS]],
        "steps": _largest((_name(row, "task"), row.get("duration_s")) for row in _ran(data)),
        "packages": _largest((_name(r, "name"), r.get("bytes")) for r in _rows(data, "packages")),
        "files": _largest((_name(r, "path"), _raw(r)) for r in _rows(data, "files")),
    }
    return {name: value for name, value in known.items() if value}


def is_number(value: object) -> bool:
    """Whether a value of JSON can be one of a series."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _of_run(event: Event, default_branch: str) -> Iterator[Value]:
    data, task = event.data, _text(event.data, "task")
    if not task or data.get("exit_code") != 0 or data.get("signal"):
        return
    outcome = _text(data, "outcome")
    hits = sum(row.get("outcome") != "executed" for row in _rows(data, "tasks"))
    cache = outcome if outcome != "executed" else "partial" if hits else "cold"
    branch = branch_class(_text(data, "branch"), default_branch)

    def key(metric: str, of: str = task, state: str = cache) -> SeriesKey:
        unit = METRICS[metric].unit
        project = _text(data, "project")
        return SeriesKey(project, of, metric, unit, branch, event.machine, state)

    yield Value(key("duration"), _number(data.get("duration_s")))
    yield Value(
        key("hit_ratio", state="")._replace(branch="default", machine=""),
        float(outcome != "executed"),
    )
    if outcome != "executed":
        return
    yield Value(key("cpu"), _number(data.get("cpu_s")))
    yield Value(key("peak_memory"), _number(data.get("peak_memory_bytes")))
    outputs = data.get("outputs")
    if data.get("stored") and isinstance(outputs, Mapping) and outputs.get("bytes"):
        yield Value(key("output_size", state=""), _number(outputs["bytes"]))
    for row in _ran(data):
        if row.get("exit_code") == 0:
            yield Value(key("duration", _name(row, "task"), "cold"), _number(row["duration_s"]))


def _of_bundle(event: Event) -> Iterator[Value]:
    data = event.data
    if data.get("is_estimate"):
        return
    archive = data.get("archive")
    if isinstance(archive, Mapping):  # its name has a version, so the format stands for it
        made, sizes = _text(archive, "format"), {"archive": archive.get("bytes")}
    else:
        totals = data.get("totals")
        made, sizes = _text(data, "output"), dict(totals) if isinstance(totals, Mapping) else {}
    ways = {_text(row, "encoding"): _way(row) for row in _rows(data, "compressors")}
    name = f"{_text(data, 'task')} → {made}".strip(" →")
    for encoding, size in sorted(sizes.items()):
        if is_number(size):
            metric, way = f"{BUNDLE}{encoding}", ways.get(encoding, "")
            key = SeriesKey(_text(data, "project"), name, metric, "By", "default", "", way)
            yield Value(key, _number(size))


def _way(row: Data) -> str:
    """How an encoding was made: another library or level makes another series."""
    return f"{_text(row, 'library')} {row.get('level', '')}".strip()


def _of_bench(event: Event) -> Iterator[Value]:
    data = event.data
    if data.get("before"):  # two versions beside each other are no history of one
        return
    key = SeriesKey(
        _text(data, "project"), _text(data, "name"), "bench", "s", "default", event.machine, ""
    )
    yield Value(key, _number(data.get("median_s")))


def _of_series(event: Event, default_branch: str) -> Iterator[Value]:
    data, values = event.data, event.data.get("values")
    if not isinstance(values, Mapping) or not _text(data, "metric"):
        return
    branch = branch_class(_text(data, "branch"), default_branch)
    for name, value in list(values.items())[:MOST_VALUES]:
        key = SeriesKey(
            _text(data, "project"), name[:LONGEST_NAME], _text(data, "metric"),
            _text(data, "unit"), branch, event.machine, "",
        )  # fmt: skip
        yield Value(key, _number(value))


def _ran(data: Data) -> list[Data]:
    """Tasks and steps inside that really ran, and took a time."""
    rows = _rows(data, "tasks")
    return [r for r in rows if r.get("outcome") == "executed" and is_number(r.get("duration_s"))]


def _rows(data: Data, name: str) -> list[Data]:
    found = data.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []


def _text(data: Data, name: str) -> str:
    found = data.get(name)
    return found[:LONGEST_NAME] if isinstance(found, str) else ""


def _name(row: Data, field: str) -> str:
    return _text(row, field)


def _number(value: object) -> float:
    """A value of a series; below zero there is no time and no size."""
    return float(value) if is_number(value) and value >= 0 else math.nan  # type: ignore[operator, arg-type]  # is_number


def _raw(row: Data) -> object:
    sizes = row.get("sizes")
    return sizes.get("raw") if isinstance(sizes, Mapping) else None


def _reason(row: Data) -> list[str]:
    return [_text(row, "kind"), _text(row, "subject")]


def _largest(rows: Iterator[tuple[str, object]]) -> dict[str, float]:
    known = [(name, float(value)) for name, value in rows if is_number(value)]  # type: ignore[arg-type]  # is_number
    return dict(sorted(known, key=lambda row: (-row[1], row[0]))[:MOST_PARTS])
