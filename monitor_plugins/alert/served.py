"""Requests that a service tells in sums, as samples: one for each bucket, with how many are in it.

`buildopt.http.served` has a row for each route and status: its count, and in `buckets` how many
took how long, by the index of OpenTelemetry's exponential histogram (docs/events.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

from monitor_plugins.alert.inputs import Occurrence, Sample

HTTP_SERVED = "buildopt.http.served"
DURATION, FAILED = "http.server.request.duration", "buildopt.http.server.failed"
STATUS = "http.response.status_code"
ATTRIBUTES = ("http.request.method", "http.route", STATUS, "error.type")
MOST_SCALE = 20
"""OpenTelemetry's finest histogram."""
LARGEST_POWER = 64.0
"""2^64 s: whatever is longer is no duration."""


def samples_of(event: Occurrence) -> Iterator[Sample]:
    """The samples of an event; what is no row of the right form has none."""
    data = event.data
    columns = [str(name) for name in _list(data.get("columns"))]
    scale = data.get("scale", 3)
    service = str(data.get("service.name", ""))
    if not isinstance(scale, int) or not 0 <= scale <= MOST_SCALE:
        return
    for values in _list(data.get("requests")):
        if isinstance(values, list | tuple) and len(values) == len(columns):
            row = dict(zip(columns, values, strict=True))
            yield from _of_row(event, row, service, scale)


def _of_row(
    event: Occurrence, row: Mapping[str, Any], service: str, scale: int
) -> Iterator[Sample]:  # Any: JSON
    count, buckets = row.get("count"), row.get("buckets")
    if not _is_count(count):
        return
    told = {name: str(row[name]) for name in ATTRIBUTES if row.get(name) not in (None, "")}
    labels = {"service.name": service, **told}
    for index, many in sorted(_numbered(buckets)):
        power = (index + 0.5) / 2**scale
        if power < LARGEST_POWER:
            yield Sample(DURATION, 2.0**power, labels, event.late_s, event.run, many)
    failed = float(told.get(STATUS, "").startswith("5"))
    yield Sample(FAILED, failed, labels, event.late_s, event.run, count)


def _numbered(buckets: object) -> Iterator[tuple[int, int]]:
    if not isinstance(buckets, Mapping):
        return
    for name, many in buckets.items():
        if str(name).removeprefix("-").isdecimal() and len(str(name)) < 9 and _is_count(many):
            yield int(name), many


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _list(raw: object) -> list[Any]:  # Any: JSON
    return raw if isinstance(raw, list) else []
