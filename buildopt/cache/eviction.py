"""Which records go when the cache is too large or holds what nobody used for long: a pure choice.

A record is worth the time that it saves, the less the longer ago it was last used, for each byte
that it keeps:

    value = saved_s * 2 ** (-age / HALF_LIFE_S) / bytes

What it saves over what it takes is GreedyDual-Size (Cao and Irani 1997, Cost-Aware WWW Proxy
Caching Algorithms, USITS), with the time that a hit saves as its cost; the halving with age in the
place of that method's running inflation is LRFU's (Lee et al. 2001, IEEE Transactions on
Computers 50), which is LRU for records that are alike. Contents that several records share count
in equal parts for each of them, and are freed with the last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from typing import NamedTuple

DAY_S = 86_400
HALF_LIFE_S = 7 * DAY_S
"""After a week without use a record is worth half: a branch is mostly merged or come back to
within days, so that a slow build of last week still outlives a quick one of today."""
FILL_RATIO = 0.9
"""A cache over its limit is brought down to this share of it, so that the next run does not
bring it over again (ccache's manual has 0.8 for its `limit_multiple`)."""


class Record(NamedTuple):
    """A trace as a candidate: its file, what it keeps, and what it is good for."""

    path: str
    task: str
    """Key of its task."""
    used_s: float
    saved_s: float
    """Duration of the run that was recorded: what a hit saves."""
    own_bytes: int
    """Of its trace and hit indexes."""
    parts: tuple[str, ...]
    """What it shares with others: names of its entry and contents."""
    has_secret: bool = False
    """Whether its outputs or its text hold the value of a secret variable."""


class Stock(NamedTuple):
    """What a cache holds; `part_bytes` has the size of each part of a record."""

    records: tuple[Record, ...]
    part_bytes: Mapping[str, int]
    total_bytes: int


class Limits(NamedTuple):
    """How much a cache may hold, how long a record may go unused, and whether secrets stay."""

    size_bytes: int
    age_s: float
    keeps_secrets: bool = True


def choose(
    stock: Stock, limits: Limits, now_s: float, pinned: Container[str] = ()
) -> tuple[Record, ...]:
    """The records that go, first those that must or that nobody used for long, then the least
    valuable.

    Nothing of a task in `pinned` (in use at this moment) goes.
    """
    free = [record for record in stock.records if record.task not in pinned]
    old = [record for record in free if _must_go(record, limits, now_s)]
    holders = Counter(part for record in stock.records for part in record.parts)
    shares = {part: stock.part_bytes.get(part, 0) / count for part, count in holders.items()}
    left_bytes = stock.total_bytes - _freed(old, holders, stock.part_bytes)
    if left_bytes <= limits.size_bytes:
        return tuple(old)
    chosen = list(old)
    kept = sorted(set(free) - set(old), key=lambda r: (_value(r, shares, now_s), r.used_s, r.path))
    for record in kept:
        if left_bytes <= limits.size_bytes * FILL_RATIO:
            break
        chosen.append(record)
        left_bytes -= _freed((record,), holders, stock.part_bytes)
    return tuple(chosen)


def _must_go(record: Record, limits: Limits, now_s: float) -> bool:
    is_unwanted = record.has_secret and not limits.keeps_secrets
    return is_unwanted or now_s - record.used_s > limits.age_s


def _value(record: Record, shares: Mapping[str, float], now_s: float) -> float:
    """Seconds that a byte of the record is expected to save."""
    age_s = max(0.0, now_s - record.used_s)
    kept_bytes = record.own_bytes + sum(shares[part] for part in record.parts)
    return float(record.saved_s * 2 ** (-age_s / HALF_LIFE_S) / max(1.0, kept_bytes))


def _freed(records: Iterable[Record], holders: Counter[str], part_bytes: Mapping[str, int]) -> int:
    """Bytes that go with `records`, which are taken off the `holders` of what they share."""
    freed_bytes = 0
    for record in records:
        freed_bytes += record.own_bytes
        holders.subtract(record.parts)
        freed_bytes += sum(part_bytes.get(part, 0) for part in record.parts if not holders[part])
    return freed_bytes
