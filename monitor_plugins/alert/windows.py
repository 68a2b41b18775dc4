"""Aggregates the samples of a window into the one value that a rule judges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from monitor_plugins.alert.prediction import hours_until_full
from monitor_plugins.alert.rule import Signal

MOST_POINTS = 600
"""Points of one window: beyond that every second old one is left out."""
SLICES = 60
"""A window of a minute is judged once a second at most, whatever comes in: hundreds of requests a
second cost no more than one."""
DEVIATE = 1.6449
"""Standard normal deviate of a one-sided 95 %, for the interval of a share."""
Point = tuple[float, float]
"""When, and the value."""


class Aggregate(NamedTuple):
    """A value and how many samples are behind it."""

    value: float
    samples: int


def added(points: Sequence[Point], point: Point, signal: Signal) -> list[Point]:
    """The window with one sample more, without what has left it."""
    kept = [*points, point]
    if signal.window_count:
        kept = kept[-signal.window_count :]
    if signal.window_s:
        oldest_s = max(point[0], kept[0][0]) - signal.window_s
        gone = 0
        while kept[gone][0] <= oldest_s:
            gone += 1
        kept = kept[gone:]
    if len(kept) > MOST_POINTS:
        kept = kept[: MOST_POINTS // 2 : 2] + kept[MOST_POINTS // 2 :]
    return kept


def is_same_slice(before: Point, point: Point, signal: Signal) -> bool:
    """Whether a window was judged so shortly before that it need not be again."""
    if not signal.window_s:
        return False
    slice_s = signal.window_s / SLICES
    return before[0] // slice_s == point[0] // slice_s


def aggregate(points: Sequence[Point], signal: Signal) -> Aggregate | None:
    """The value of a window with at least one sample; None where it cannot tell."""
    values = [value for _, value in points]
    kind = signal.aggregation
    if kind == "predict":
        hours = hours_until_full(points, signal.limit)
        return None if hours is None else Aggregate(hours, len(points))
    if kind == "share":
        return Aggregate(_share(values, signal), len(values))
    return Aggregate(_of(kind, values), len(values))


def _of(kind: str, values: Sequence[float]) -> float:
    if kind.startswith("p"):
        return quantile(sorted(values), float(kind[1:]) / 100)
    if kind == "mean":
        return math.fsum(values) / len(values)
    if kind == "sum":
        return math.fsum(values)
    if kind == "count":
        return float(len(values))
    return {"last": values[-1], "min": min(values), "max": max(values)}[kind]


def _share(values: Sequence[float], signal: Signal) -> float:
    share = math.fsum(values) / len(values)
    if signal.bound == "none":
        return share
    lower, upper = wilson(share, len(values))
    return lower if signal.bound == "lower" else upper


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
