"""Reads the streams of `alert test-rule`: one JSON object a line, events or the short form.

    {"t": 0, "metric": "system.memory.utilization", "value": 0.97, "labels": {"host": "a"}}
    {"t": 5, "type": "buildopt.run.finished", "data": {"task": "build", "exit_code": 1}}
    {"t": 9, "do": "ack", "rule": "memory", "by": "ann", "for": "1h"}

`t` is in seconds; `time` in the short form, also in seconds, is when it happened where that was
earlier. Events as in docs/events have `time` in nanoseconds and no `t`. A line whose time lies
before that of a line above it comes late.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from buildopt.errors import UsageError
from monitor_plugins.alert.durations import seconds
from monitor_plugins.alert.inputs import Occurrence, Sample, real

SAMPLE = "buildopt.metric.sample"
ACTIONS = (
    "ack", "silence", "unsilence", "crash", "restart", "clock", "sleep", "rules", "tick", "mark",
)  # fmt: skip
LATEST_S = 2.0**33
"""In the year 2242. Later, floating-point seconds are no longer exact to a microsecond; whoever
means milliseconds is beyond it, too.
"""
TIMES = ("until", "to")
SPANS = {
    "ack": ("for", "duration"), "silence": ("for", "duration"), "sleep": ("for", "by", "seconds"),
    "clock": ("by", "shift", "step", "offset", "seconds", "value"), "crash": ("for", "down"),
}  # fmt: skip
"""Names under which an action may have its duration."""


class Line(NamedTuple):
    """One line: when it came, and what it is."""

    t: float
    items: tuple[Sample | Occurrence, ...] = ()
    do: str = ""
    raw: Mapping[str, Any] = {}  # Any: JSON; a default that nobody changes
    wall_s: float | None = None


def read_lines(lines: Iterable[str], shown: str) -> Iterator[Line]:
    """The lines of a stream; raises UsageError with the number of the bad one."""
    latest_s = 0.0
    for number, text in enumerate(lines, 1):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        try:
            line = _not_before(latest_s, line_of(json.loads(text)))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise UsageError(
                f"cannot read `{shown}`: line {number}: {error}",
                hint='a line is `{"t": 0, "metric": "NAME", "value": 1}`, an event, or has `do`',
                slug="broken-events",
            ) from None
        latest_s = line.t
        yield line


def line_of(raw: Any) -> Line:  # Any: JSON
    """One line; raises ValueError for what is none."""
    if not isinstance(raw, dict):
        raise ValueError("it is no object")
    if "t" not in raw:
        return _of_event(raw)
    t = _time(_number(raw, "t"), "t")
    if "do" in raw:
        return _of_action(t, raw)
    late_s = _behind_s(t, _number(raw, "time")) if "time" in raw else 0.0
    run = str(raw.get("run", ""))
    if "metric" in raw:
        labels = _labels(raw.get("labels", {}))
        sample = Sample(str(raw["metric"]), _number(raw, "value"), labels, late_s, run)
        return Line(t, (sample,))
    data = raw.get("data", {})
    if not isinstance(raw.get("type"), str) or not isinstance(data, dict):
        raise ValueError("it has neither `metric`, `type` nor `do`")
    return Line(t, tuple(items_of(raw["type"], data, str(raw.get("id", "")), run, late_s)))


def items_of(
    kind: str,
    data: Mapping[str, Any],  # Any: JSON
    id_: str,
    run: str,
    late_s: float,
) -> Iterator[Sample | Occurrence]:
    """What an event holds: the samples of a sample event, else itself."""
    if kind != SAMPLE:
        yield Occurrence(kind, data, id_, late_s, run)
        return
    if isinstance(data.get("metric", data.get("name")), str):
        name = str(data.get("metric", data.get("name")))
        own = _labels(data.get("labels", data.get("attributes", {})))
        yield Sample(name, _value(data["value"]), own, late_s, run)
        return
    for series, value in data.items():
        if isinstance(value, int | float) and not isinstance(value, bool):
            name, labels = parse_series(series)
            yield Sample(name, real(value), labels, late_s, run)


@lru_cache(maxsize=4_096)
def parse_series(name: str) -> tuple[str, Mapping[str, str]]:
    """The metric and the labels of a series: `system.cpu.utilization{cpu.mode=iowait}`."""
    metric, mark, rest = name.partition("{")
    if not mark:
        return name, {}
    pairs = (pair.partition("=") for pair in rest.rstrip("}").split(","))
    return metric, {key: value for key, _, value in pairs}


def _of_event(raw: Mapping[str, Any]) -> Line:  # Any: JSON
    kind, data, time_ns = raw.get("type"), raw.get("data", {}), raw.get("time")
    if (
        not isinstance(kind, str)
        or not isinstance(data, dict)
        or not isinstance(time_ns, int | float)
    ):
        raise ValueError("it has neither `t` nor `type` and `time`")
    wall_s = _time(real(time_ns) / 1e9, "time")
    items = items_of(kind, data, str(raw.get("id", "")), str(raw.get("run", "")), 0.0)
    return Line(wall_s, tuple(items), wall_s=wall_s)


def _of_action(t: float, raw: Mapping[str, Any]) -> Line:  # Any: JSON
    do = raw["do"]
    if do not in ACTIONS:
        raise ValueError(f"`do` cannot be `{do}`; it takes {', '.join(ACTIONS)}")
    span_s(raw, SPANS.get(do, ()), 0.0)
    until_s(raw)
    for name in ("match", "labels"):
        _labels(raw.get(name) or {}, name)
    return Line(t, do=do, raw=raw)


def _not_before(latest_s: float, line: Line) -> Line:
    """The line, late where time has gone on already."""
    behind_s = latest_s - line.t
    if behind_s <= 0:
        return line
    items = tuple(item._replace(late_s=item.late_s + behind_s) for item in line.items)
    return line._replace(t=latest_s, items=items)


def _number(raw: Mapping[str, Any], name: str) -> float:  # Any: JSON
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"`{name}` is no number")
    return real(value)


def _time(at_s: float, name: str) -> float:
    """A time that can be reckoned with; raises ValueError."""
    if not 0 <= at_s <= LATEST_S:
        unit = "nanoseconds since 1970" if name == "time" else "seconds"
        raise ValueError(f"`{name}` is in {unit}, from 0 to the year 2242")
    return at_s


def _behind_s(t: float, happened_s: float) -> float:
    if not t - happened_s <= LATEST_S:
        raise ValueError("`time` is too long ago")
    return max(0.0, t - happened_s)


def _value(raw: Any) -> float:  # Any: JSON
    return real(raw if isinstance(raw, int | float) else float(raw))


def _labels(raw: object, name: str = "labels") -> dict[str, str]:
    if not isinstance(raw, dict):
        raise ValueError(f"`{name}` is no object")
    return {str(name): str(value) for name, value in raw.items()}


def span_s(raw: Mapping[str, Any], names: Iterable[str], default: float) -> float:  # Any: JSON
    """A duration under one of some names."""
    for name in names:
        if name in raw:
            value = raw[name]
            is_back = isinstance(value, int | float) and value < 0
            return -seconds(-value) if is_back else seconds(value)
    return default


def until_s(raw: Mapping[str, Any]) -> float | None:  # Any: JSON
    """The time of the stream until which an action holds; None where it names none."""
    for name in TIMES:
        if name in raw:
            value = raw[name]
            return seconds(value) if isinstance(value, str) else _time(_number(raw, name), name)
    return None
