"""With which build a level moved: not one row, but those that it may have been, and how likely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from monitor_plugins.baseline.changepoints import comparable
from monitor_plugins.baseline.contrast import SMALLEST_SIGMA
from monitor_plugins.baseline.robust import median, median_absolute_deviation

REACH_BUILDS = 12
"""A detector's row is at most so far off, while few builds are behind it: the rank test draws a
bound towards the middle of what it sees, and three builds of a large step may be its last ones."""
NEAR_BUILDS = 30
"""Builds on either side whose medians are the two levels; 60 find 1 % fewer places."""
CLIP_SIGMAS = 3.0
LEAST_SHARE = 0.05
"""Of the likelihood: a build below is not told as one of those it may have been."""


class Place(NamedTuple):
    """Builds from `first` to `last` may have begun the new level; `best` most likely did."""

    first: int
    best: int
    last: int


def localize(values: Sequence[float], cut: int) -> Place:
    """Where the level moved, near row `cut` (not the first), by how well a row parts the levels.

    Values are normal around either level, with the wild ones clipped (Hinkley 1970, Inference
    About the Change-Point in a Sequence of Random Variables, Biometrika 57).
    """
    scaled = comparable(values)
    start, end = max(1, cut - REACH_BUILDS), min(len(values) - 1, cut + REACH_BUILDS)
    before = scaled[max(0, cut - NEAR_BUILDS) : cut]
    after = scaled[cut : cut + NEAR_BUILDS]
    low, high = median(before), median(after)
    spreads = [median_absolute_deviation(side) for side in (before, after)]
    sigma = max(*spreads, SMALLEST_SIGMA)
    rows = range(start, end + 1)
    costs = [
        sum(_cost(value, low, sigma) for value in scaled[start:row])
        + sum(_cost(value, high, sigma) for value in scaled[row:end])
        for row in rows
    ]
    least = min(costs)
    weights = [math.exp((least - cost) / 2) for cost in costs]
    likely = [r for r, w in zip(rows, weights, strict=True) if w >= LEAST_SHARE * sum(weights)]
    best = rows[costs.index(least)]
    return Place(min((best, *likely)), best, max((best, *likely)))


def _cost(value: float, level: float, sigma: float) -> float:
    return float(min(abs(value - level) / sigma, CLIP_SIGMAS) ** 2)
