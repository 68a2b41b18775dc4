"""With which build a level moved: not one row, but those that it may have been, and how likely."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from monitor_plugins.baseline.changepoints import comparable
from monitor_plugins.baseline.contrast import SMALLEST_SIGMA
from monitor_plugins.baseline.robust import difference_scale, median, median_absolute_deviation

REACH_BUILDS = 24
"""A detector's row is at most so far off, while few builds are behind it: the rank test draws a
bound towards the middle of what it sees, and three builds of a large step may be its last ones.
With 24 the same steps are found as with 12, and spells before one are less often its beginning."""
NEAR_BUILDS = 30
"""Builds on either side whose medians are the two levels; 60 find 1 % fewer places."""
CLIP_SIGMAS = 3.0
MOST_CORRELATION = 0.9
SHARE_TOLD = 0.9
"""Of the likelihood that the builds hold that are told as those it may have been."""


class Place(NamedTuple):
    """Builds from `first` to `last` may have begun the new level; `best` most likely did."""

    first: int
    best: int
    last: int


def localize(values: Sequence[float], cut: int) -> Place:
    """Where the level moved, near row `cut` (not the first), by how well a row parts the levels.

    Values are normal around either level, with the wild ones clipped (Hinkley 1970, Inference
    About the Change-Point in a Sequence of Random Variables, Biometrika 57). Where neighbours are
    alike (another program has kept the machine busy for some builds) they say less than as many
    others, so more rows stay likely. The best row is that of the noise by first differences, which
    spells between the old level and the new one widen little; how likely the others are is said by
    the whole spread.
    """
    scaled = comparable(values)
    start, end = max(1, cut - REACH_BUILDS), min(len(values) - 1, cut + REACH_BUILDS)
    before = scaled[max(0, cut - NEAR_BUILDS) : cut]
    after = scaled[cut : cut + NEAR_BUILDS]
    low, high = median(before), median(after)
    spreads = [median_absolute_deviation(side) for side in (before, after)]
    sigma = max(*spreads, SMALLEST_SIGMA)
    noise = max(difference_scale(before), difference_scale(after), SMALLEST_SIGMA)
    rows = range(start, end + 1)
    costs = _costs(scaled[start:end], (low, high), noise)
    best = rows[costs.index(min(costs))]
    costs = _costs(scaled[start:end], (low, high), sigma)
    least = min(costs)
    old, new = scaled[max(0, best - NEAR_BUILDS) : best], scaled[best : best + NEAR_BUILDS]
    alike = _likeness([value - low for value in old], [value - high for value in new], sigma)
    weights = [math.exp((least - cost) / (2 * alike)) for cost in costs]
    likely = _likeliest(rows, weights)
    return Place(min(*likely, best), best, max(*likely, best))


def _costs(values: Sequence[float], levels: tuple[float, float], sigma: float) -> list[float]:
    """Of each bound, before all values to behind all: their distances from the two levels."""
    low, high = ([_cost(value, level, sigma) for value in values] for level in levels)
    rest = sum(high)
    return [
        before + rest - after
        for before, after in zip(
            accumulate(low, initial=0.0), accumulate(high, initial=0.0), strict=True
        )
    ]


def _likeliest(rows: Sequence[int], weights: Sequence[float]) -> list[int]:
    """The fewest rows that together have `SHARE_TOLD` of the likelihood."""
    ordered = sorted(zip(weights, rows, strict=True), key=lambda each: (-each[0], each[1]))
    sums = list(accumulate(weight for weight, _ in ordered))
    return [row for _, row in ordered[: bisect_left(sums, SHARE_TOLD * sums[-1]) + 1]]


def _cost(value: float, level: float, sigma: float) -> float:
    return float(min(abs(value - level) / sigma, CLIP_SIGMAS) ** 2)


def _likeness(before: Sequence[float], after: Sequence[float], sigma: float) -> float:
    """How many of such neighbours say as much as one that is independent; 1 or more.

    That of a first-order process; source: Bartlett (1946), On the Theoretical Specification and
    Sampling Properties of Autocorrelated Time-Series, JRSS Suppl. 8.
    """
    reach = CLIP_SIGMAS * sigma
    sides = [[min(max(value, -reach), reach) for value in side] for side in (before, after)]
    together = sum(one * other for side in sides for one, other in pairwise(side))
    square = sum(value * value for side in sides for value in side)
    correlation = min(max(together / square, 0.0), MOST_CORRELATION) if square else 0.0
    return (1 + correlation) / (1 - correlation)
