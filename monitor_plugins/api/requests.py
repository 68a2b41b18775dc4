"""Counts of requests as events tell them: read, merged, and what they come to.

A row is a key (method, route, status, error type) with how many requests had it, how long they took
in all and at most, and a histogram: bucket `i` of scale `s` is (2^(i/2^s), 2^((i+1)/2^s)] seconds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeGuard

COLUMNS = (
    "http.request.method", "http.route", "http.response.status_code", "error.type", "count",
    "sum_s", "max_s", "buckets",
)  # fmt: skip
SCALE = 3
"""All that is read is brought to it; coarser ones are no histograms of ours."""
MOST_KEYS = 2_000
"""Of one service and time: 200 routes for each of some processes. Beyond that is `{other}`."""
OTHER = "{other}"
LONGEST_LABEL = 200


class Key(NamedTuple):
    """What requests are told apart by."""

    method: str
    route: str
    status: int
    error_type: str


@dataclass(slots=True)
class Counts:
    """Requests of one key, or of many."""

    count: int = 0
    failed: int = 0
    """With a status of 5xx."""
    sum_s: float = 0.0
    max_s: float = 0.0
    buckets: dict[int, int] = field(default_factory=dict)

    def merge(self, other: Counts) -> None:
        """Count what another one has counted."""
        self.count += other.count
        self.failed += other.failed
        self.sum_s += other.sum_s
        self.max_s = max(self.max_s, other.max_s)
        for bucket, many in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + many

    def quantile_s(self, share: float) -> float | None:
        """The duration that this share of the requests took at most, within 4.4 %."""
        timed = sum(self.buckets.values())
        rank = max(1, math.ceil(share * timed))
        passed = 0
        for bucket in sorted(self.buckets):
            passed += self.buckets[bucket]
            if passed >= rank:
                return float(min(2.0 ** ((bucket + 0.5) / 2**SCALE), self.max_s or math.inf))
        return None


class Served:
    """What a service served in some time."""

    def __init__(self) -> None:
        self.counts: dict[Key, Counts] = {}
        self.most_active = 0
        """Requests at once in one process."""

    def add(self, data: Mapping[str, Any]) -> None:  # Any: JSON
        """Count the rows of an event; what is none is left out."""
        active = data.get("most_active_requests")
        if _is_count(active):
            self.most_active = max(self.most_active, active)
        for key, counts in _rows(data):
            if key not in self.counts and len(self.counts) >= MOST_KEYS:
                key = key._replace(route=OTHER, error_type="")
            self.counts.setdefault(key, Counts()).merge(counts)

    def rows(self) -> list[list[Any]]:  # Any: JSON
        """The rows, as events tell them."""
        return [
            [*key, each.count, round(each.sum_s, 6), round(each.max_s, 6),
             {str(bucket): many for bucket, many in sorted(each.buckets.items())}]
            for key, each in self.counts.items()
        ]  # fmt: skip

    def total(self) -> Counts:
        """All of it."""
        return merged(self.counts.values())

    def by_endpoint(self) -> dict[tuple[str, str], Counts]:
        """By method and route."""
        found: dict[tuple[str, str], Counts] = {}
        for key, counts in self.counts.items():
            found.setdefault((key.method, key.route), Counts()).merge(counts)
        return found


def merged(parts: Iterable[Counts]) -> Counts:
    """Counts of all parts together."""
    whole = Counts()
    for part in parts:
        whole.merge(part)
    return whole


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[Key, Counts]]:  # Any: JSON
    scale, columns, rows = data.get("scale"), data.get("columns"), data.get("requests")
    if not isinstance(columns, Sequence) or not isinstance(rows, Sequence):
        return
    finer = scale - SCALE if isinstance(scale, int) and SCALE <= scale <= 20 else None
    for row in rows:
        if isinstance(row, list | tuple) and len(row) == len(columns):
            found = _row(dict(zip(columns, row, strict=True)), finer)
            if found:
                yield found


def _row(told: Mapping[str, Any], finer: int | None) -> tuple[Key, Counts] | None:  # Any: JSON
    count, status = told.get("count"), told.get("http.response.status_code")
    if not _is_count(count) or not isinstance(status, int):
        return None
    key = Key(
        _label(told.get("http.request.method")), _label(told.get("http.route")), status,
        _label(told.get("error.type")),
    )  # fmt: skip
    buckets: dict[int, int] = {}
    raw = told.get("buckets")
    for name, many in raw.items() if isinstance(raw, Mapping) and finer is not None else ():
        if str(name).removeprefix("-").isdecimal() and len(str(name)) < 9 and _is_count(many):
            bucket = min(int(name) >> (finer or 0), 2**SCALE * 64)
            buckets[bucket] = buckets.get(bucket, 0) + many
    failed = count if 500 <= status <= 599 else 0
    sum_s, max_s = _seconds(told.get("sum_s")), _seconds(told.get("max_s"))
    return key, Counts(count, failed, sum_s, max_s, buckets)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53


def _seconds(value: object) -> float:
    is_number = isinstance(value, int | float) and math.isfinite(value) and value >= 0
    return float(value) if is_number else 0.0  # type: ignore[arg-type]  # as checked


def _label(value: object) -> str:
    return value[:LONGEST_LABEL] if isinstance(value, str) else ""
