"""Aggregates the samples of a window into the one value that a rule judges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from monitor_plugins.alert.prediction import hours_until_full
from monitor_plugins.alert.rule import Signal

MOST_POINTS = 600
"""Points of one window: beyond that those of one slot are put together where that loses nothing of
the value, else every second old one is left out."""
SLOTS = 300
"""Into which a window is cut for that: what is put together leaves it up to so much too late."""
SLICES = 60
"""A window of a minute is judged once a second at most, whatever comes in: hundreds of requests a
second cost no more than one."""
DEVIATE = 1.6449
"""Standard normal deviate of a one-sided 95 %, for the interval of a share."""
Point = tuple[float, float, int]
"""When, the value, and how many measurements had it."""
MERGED = ("mean", "sum", "count", "share", "p50", "p90", "p95", "p99")
"""Aggregations for which equal values of one moment may be one point."""
ADDED_UP = ("mean", "sum", "count", "share", "min", "max")
"""Aggregations of which the values of parts give that of the whole."""


class Aggregate(NamedTuple):
    """A value and how many samples are behind it."""

    value: float
    samples: int


def added(points: Sequence[Point], point: Point, signal: Signal) -> list[Point]:
    """The window with one sample more, without what has left it."""
    kept = list(points)
    equal = _equal(kept, point) if point[2] > 1 and _merges(signal) else None
    if equal is None:
        kept.append(point)
    else:
        kept[equal] = (*point[:2], kept[equal][2] + point[2])
    if signal.window_count:
        kept = kept[-signal.window_count :]
    if signal.window_s:
        oldest_s = max(point[0], kept[0][0]) - signal.window_s
        gone = 0
        while kept[gone][0] <= oldest_s:
            gone += 1
        kept = kept[gone:]
    if len(kept) > MOST_POINTS:
        kept = _fewer(kept, signal)
    return kept


def _fewer(points: Sequence[Point], signal: Signal) -> list[Point]:
    if signal.aggregation not in ADDED_UP:
        return _thinned(points[: MOST_POINTS // 2]) + list(points[MOST_POINTS // 2 :])
    slots: dict[float, Point] = {}
    for point in points:
        slot = point[0] // (signal.window_s / SLOTS)
        before = slots.get(slot)
        slots[slot] = point if before is None else _together(before, point, signal.aggregation)
    return sorted(slots.values())


def _together(one: Point, other: Point, kind: str) -> Point:
    """Two points as one, of which the window has the same value."""
    at_s, count = max(one[0], other[0]), one[2] + other[2]
    if kind == "min":
        return at_s, min(one[1], other[1]), count
    if kind == "max":
        return at_s, max(one[1], other[1]), count
    return at_s, (one[1] * one[2] + other[1] * other[2]) / count, count


def _merges(signal: Signal) -> bool:
    return not signal.window_count and signal.aggregation in MERGED


def _equal(points: Sequence[Point], point: Point) -> int | None:
    """The place of a point of the same moment and value."""
    for place in range(len(points) - 1, -1, -1):
        if points[place][0] != point[0]:
            return None
        if points[place][1] == point[1]:
            return place
    return None


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Every second moment with all that was measured at it, since its values stand in order."""
    moments = list(dict.fromkeys(point[0] for point in points))
    if len(moments) == 1:
        return list(points[::2])
    kept = frozenset(moments[::2])
    return [point for point in points if point[0] in kept]


def is_same_slice(before: Point, point: Point, signal: Signal) -> bool:
    """Whether a window was judged so shortly before that it need not be again."""
    if not signal.window_s:
        return False
    slice_s = signal.window_s / SLICES
    return before[0] // slice_s == point[0] // slice_s


def aggregate(points: Sequence[Point], signal: Signal) -> Aggregate | None:
    """The value of a window with at least one sample; None where it cannot tell."""
    kind = signal.aggregation
    if kind == "predict":
        hours = hours_until_full([(at_s, value) for at_s, value, _ in points], signal.limit)
        return None if hours is None else Aggregate(hours, len(points))
    samples = sum(count for _, _, count in points)
    if kind == "share":
        return Aggregate(_share(points, samples, signal), samples)
    return Aggregate(_of(kind, points, samples), samples)


def _of(kind: str, points: Sequence[Point], samples: int) -> float:
    if kind.startswith("p"):
        ordered = sorted((value, count) for _, value, count in points)
        return quantile_of_counts(ordered, float(kind[1:]) / 100)
    if kind == "mean":
        return _sum(points) / samples
    if kind == "sum":
        return _sum(points)
    if kind == "count":
        return float(samples)
    values = [value for _, value, _ in points]
    return {"last": values[-1], "min": min(values), "max": max(values)}[kind]


def _sum(points: Sequence[Point]) -> float:
    return math.fsum(value * count for _, value, count in points)


def _share(points: Sequence[Point], samples: int, signal: Signal) -> float:
    share = _sum(points) / samples
    if signal.bound == "none":
        return share
    lower, upper = wilson(share, samples)
    return lower if signal.bound == "lower" else upper


def quantile_of_counts(ordered: Sequence[tuple[float, int]], share: float) -> float:
    """The quantile of values that each occur so often, by linear interpolation."""
    place = share * (sum(count for _, count in ordered) - 1)
    low = math.floor(place)
    below = _at_rank(ordered, low)
    return below + (_at_rank(ordered, math.ceil(place)) - below) * (place - low)


def _at_rank(ordered: Sequence[tuple[float, int]], rank: int) -> float:
    passed = 0
    for value, count in ordered:
        passed += count
        if passed > rank:
            return value
    return ordered[-1][0]


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which that share of the ordered values lies, by linear interpolation."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def wilson(share: float, count: int) -> tuple[float, float]:
    """Between which the true share lies, each bound being right 95 times in 100.

    Source: Wilson (1927), Probable Inference, the Law of Succession, JASA 22.
    """
    square = DEVIATE**2
    center = share + square / (2 * count)
    reach = DEVIATE * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    return max(0.0, (center - reach) / scale), min(1.0, (center + reach) / scale)
