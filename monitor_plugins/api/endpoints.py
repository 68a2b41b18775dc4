"""What endpoints and services were like in a time: a table, and lines over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from buildopt.monitor.hookspecs import counted
from monitor_plugins.api.history import Asked, Part
from monitor_plugins.api.requests import Counts

MOST_ENDPOINTS = 100
MOST_LINES = 6
"""Beyond six, colours tell nothing apart."""
COLUMNS = 60
"""Of a chart."""
SLOW_S, FAILING, UNEASY = 2.0, 0.05, 0.02
"""From which a response is slow, a share of failures bad or worth a look: the presets' levels."""
ENOUGH = 20
"""Requests that it takes to judge."""
Answer = Mapping[str, Any]  # Any: JSON
Endpoint = tuple[str, str, str]
"""Service, method, route."""


def endpoints(found: Sequence[Part], asked: Asked) -> Answer:
    """A row for each endpoint, the busiest first."""
    counts = _by_endpoint(found)
    busiest = sorted(counts.items(), key=lambda item: (-item[1].count, item[0]))
    services = {service for service, _, _ in counts}
    total = sum(each.count for each in counts.values())
    most_active = max((part.served.most_active for part in found), default=0)
    return {
        "text": _summary(total, len(counts), most_active),
        "columns": [
            "Endpoint", *(["Service"] if len(services) > 1 else []), "Requests",
            {"name": "A second"}, {"name": "p50", "unit": "s"}, {"name": "p95", "unit": "s"},
            {"name": "p99", "unit": "s"}, {"name": "Longest", "unit": "s"},
            {"name": "Failed", "unit": "1"},
        ],
        "rows": [
            _row(endpoint, each, asked, is_alone=len(services) < 2)
            for endpoint, each in busiest[:MOST_ENDPOINTS]
        ],
    }  # fmt: skip


def _summary(total: int, endpoints: int, most_active: int) -> str:
    if not total:
        return ""
    at_once = f", at most {most_active:,} at once in a process" if most_active else ""
    return (
        f"{counted(total, 'request')} of {counted(endpoints, 'endpoint')}{at_once}."
        " Durations are within 4.4 %."
    )


def response(found: Sequence[Part], asked: Asked) -> Answer:
    """The p95 of the busiest endpoints over time."""
    counts = _by_endpoint(found)
    busiest = sorted(counts, key=lambda one: (-counts[one].count, one))[:MOST_LINES]
    lines: dict[Endpoint, dict[int, Counts]] = {one: {} for one in busiest}
    for part in found:
        at_s = _column(part, asked)
        for (method, route), each in part.served.by_endpoint().items():
            if (line := lines.get((part.service, method, route))) is not None:
                line.setdefault(at_s, Counts()).merge(each)
    named = {_name(one): line for one, line in lines.items()}
    return _drawn(named, asked, "s", lambda each, _: each.quantile_s(0.95))


def errors(found: Sequence[Part], asked: Asked) -> Answer:
    """The share of requests that failed, of each service."""
    return _drawn(_by_service(found, asked), asked, "1", lambda each, _: each.failed / each.count)


def throughput(found: Sequence[Part], asked: Asked) -> Answer:
    """Requests a second, of each service."""
    return _drawn(_by_service(found, asked), asked, "", lambda each, span_s: each.count / span_s)


def _by_endpoint(found: Sequence[Part]) -> dict[Endpoint, Counts]:
    counts: dict[Endpoint, Counts] = {}
    for part in found:
        for (method, route), each in part.served.by_endpoint().items():
            counts.setdefault((part.service, method, route), Counts()).merge(each)
    return counts


def _by_service(found: Sequence[Part], asked: Asked) -> dict[str, dict[int, Counts]]:
    lines: dict[str, dict[int, Counts]] = {}
    for part in found:
        line = lines.setdefault(part.service, {})
        line.setdefault(_column(part, asked), Counts()).merge(part.served.total())
    return lines


def _row(endpoint: Endpoint, each: Counts, asked: Asked, *, is_alone: bool) -> list[Any]:
    service, method, route = endpoint
    p95_s, failed = each.quantile_s(0.95), each.failed / each.count
    return [
        f"{method} {route}".strip(), *([] if is_alone else [service]), each.count,
        round(each.count / (asked.to_s - asked.from_s), 3), each.quantile_s(0.5),
        {"value": p95_s, "unit": "s", "state": _state(each, p95_s or 0, SLOW_S, SLOW_S * 0.8)},
        each.quantile_s(0.99), each.max_s or None,
        {"value": failed, "unit": "1", "state": _state(each, failed, FAILING, UNEASY)},
    ]  # fmt: skip


def _state(each: Counts, value: float, bad: float, warn: float) -> str:
    """How a value is; without a word where there is too little to judge, or nothing to say."""
    if each.count < ENOUGH or value < warn:
        return ""
    return "bad" if value >= bad else "warn"


def _name(endpoint: Endpoint) -> str:
    return f"{endpoint[1]} {endpoint[2]}".strip()


def width_of(asked: Asked) -> int:
    """How long a column of a chart is: whole minutes."""
    minutes = -(-(asked.to_s - asked.from_s) // (60 * COLUMNS))
    return 60 * (minutes if minutes < 60 else -(-minutes // 60) * 60)


def _column(part: Part, asked: Asked) -> int:
    width_s = width_of(asked)
    return part.start_s // width_s * width_s


def _drawn(
    lines: Mapping[str, Mapping[int, Counts]],
    asked: Asked,
    unit: str,
    value_of: Callable[[Counts, float], float | None],
) -> Answer:
    """Lines over time; a column that goes on yet is as long as it has lasted."""
    width_s = width_of(asked)
    series = []
    for name, columns in sorted(lines.items())[:MOST_LINES]:
        values = [
            (at_s, value_of(each, max(1.0, min(at_s + width_s, asked.to_s) - at_s)))
            for at_s, each in sorted(columns.items())
        ]
        told = [(at_s, value) for at_s, value in values if value is not None]
        series.append(
            {"name": name, "times_s": [at_s for at_s, _ in told], "values": [v for _, v in told]}
        )
    return {"unit": unit, "series": series}
