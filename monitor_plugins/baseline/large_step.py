"""A step so large that a few builds are enough to believe it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from monitor_plugins.baseline.changepoints import Change, comparable
from monitor_plugins.baseline.contrast import SMALLEST_SIGMA, contrast
from monitor_plugins.baseline.robust import median, median_absolute_deviation, quantile

LARGE_BUILDS = 6
"""Builds of a time. Another program that keeps the machine busy slows two to five builds in a row,
and three were believed 11 times in 1,000 builds (benchmarks/baseline_month.py)."""

LARGE_BUILDS_STEADY = 3
"""Builds of a size, which no other program moves."""

LARGE_EFFECT = math.log(1.2)
LARGE_SIGMAS = 6.0
LARGE_USUAL_SHARE = 0.95
"""A step of 20 % and 6 sigma is believed after so few builds, if all of them lie further out than
19 of 20 builds before: a series that often jumps by half is no stranger to it."""

LARGE_BUILDS_BEFORE = 20
"""Builds that must have told what is usual before a large step is believed so soon."""


def large_step(values: Sequence[float], builds: int = LARGE_BUILDS) -> Change | None:
    """The step that the last `builds` values make against all before, if it is large."""
    if len(values) < LARGE_BUILDS_BEFORE + builds:
        return None
    scaled = comparable(values)
    before, after = scaled[:-builds], scaled[-builds:]
    center = median(before)
    distances = [value - center for value in after]
    if min(distances) < 0 < max(distances):
        return None
    sigma = max(median_absolute_deviation(before, center=center), SMALLEST_SIGMA)
    usual = quantile(sorted(abs(value - center) for value in before), LARGE_USUAL_SHARE)
    if min(map(abs, distances)) <= max(LARGE_EFFECT, LARGE_SIGMAS * sigma, usual):
        return None
    low, high = median(values[:-builds]), median(values[-builds:])
    return Change(
        index=len(before),
        before=low,
        after=high,
        effect=(high - low) / abs(low) if low else math.copysign(math.inf, high),
        rows_after=builds,
        contrast=contrast(before, after),
        wander=sigma,
    )
