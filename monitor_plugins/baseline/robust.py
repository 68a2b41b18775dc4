"""Location and scale of noisy values that a few wild ones cannot move."""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise

MAD_TO_SIGMA = 1.4826
"""Scales the median absolute deviation to a standard deviation for normal data.
Source: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers, ASQC."""

DIFFERENCE_TO_SIGMA = MAD_TO_SIGMA / math.sqrt(2)
"""Scales the median absolute first difference: a difference of two has twice the variance of one.
A level shift touches one difference only, so the scale does not grow with it.
Source: von Neumann et al. (1941), The Mean Square Successive Difference, Ann. Math. Stat. 12."""


def sorted_median(ordered: Sequence[float]) -> float:
    """Median of values already in order; at least one."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def median(values: Sequence[float]) -> float:
    """Median of at least one value."""
    return sorted_median(sorted(values))


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the ordered values lie, interpolated.

    Source: definition 7 of Hyndman and Fan (1996), Sample Quantiles in Statistical Packages.
    """
    place = (len(ordered) - 1) * share
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def median_absolute_deviation(values: Sequence[float], *, center: float | None = None) -> float:
    """Typical distance from the median as a standard deviation; 0 for a constant series."""
    middle = median(values) if center is None else center
    return MAD_TO_SIGMA * median([abs(value - middle) for value in values])


def difference_scale(values: Sequence[float]) -> float:
    """Standard deviation of the noise, whatever the level does; 0 for fewer than two values."""
    if len(values) < 2:
        return 0.0
    steps = [abs(after - before) for before, after in pairwise(values)]
    return DIFFERENCE_TO_SIGMA * median(steps)


def running_medians(values: Sequence[float], half_width: int) -> list[float]:
    """Median of each value and its `half_width` neighbours on either side, fewer at the ends."""
    window = sorted(values[:half_width])
    medians = []
    for place in range(len(values)):
        if place + half_width < len(values):
            insort(window, values[place + half_width])
        if place > half_width:
            del window[bisect_left(window, values[place - half_width - 1])]
        medians.append(sorted_median(window))
    return medians


def local_scales(values: Sequence[float], half_width: int) -> list[float]:
    """Noise around each value, from the first differences of its neighbourhood.

    Build times change their noise with the machine they run on, so one scale for a whole series
    is too wide for its calm stretches and too narrow for its wild ones.
    """
    if len(values) < 2:
        return [0.0] * len(values)
    steps = [abs(after - before) for before, after in pairwise(values)]
    typical = running_medians([steps[0], *steps], half_width)
    return [DIFFERENCE_TO_SIGMA * step for step in typical]


def clipped(values: Sequence[float], scales: Sequence[float], *, at: float) -> list[float]:
    """The values, none further than `at` scales from the median of its neighbourhood."""
    centers = running_medians(values, CLIP_HALF_WIDTH)
    rows = zip(values, centers, scales, strict=True)
    return [min(max(value, center - at * s), center + at * s) for value, center, s in rows]


CLIP_HALF_WIDTH = 5
"""Values on either side whose median is the center of clipping: a median of 11 keeps a step where
it is and is not moved by five wild values. 3 to 7 score alike on the development series."""
