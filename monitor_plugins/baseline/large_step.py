"""A step so large that three builds are enough to believe it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from monitor_plugins.baseline.changepoints import Change, comparable
from monitor_plugins.baseline.contrast import SMALLEST_SIGMA, contrast
from monitor_plugins.baseline.robust import median, median_absolute_deviation, quantile

LARGE_BUILDS = 3
LARGE_EFFECT = math.log(1.2)
LARGE_SIGMAS = 6.0
LARGE_USUAL_SHARE = 0.95
"""A step of 20 % and 6 sigma is believed after three builds, if all three lie further out than
19 of 20 builds before: a series that often jumps by half is no stranger to it. 30 % finds the same
and later; at 15 % the first false claims come."""

LARGE_BUILDS_BEFORE = 20
"""Builds that must have told what is usual before a large step is believed so soon."""


def large_step(values: Sequence[float]) -> Change | None:
    """The step that the last three values make against all before, if it is large."""
    if len(values) < LARGE_BUILDS_BEFORE + LARGE_BUILDS:
        return None
    scaled = comparable(values)
    before, after = scaled[:-LARGE_BUILDS], scaled[-LARGE_BUILDS:]
    center = median(before)
    distances = [value - center for value in after]
    if min(distances) < 0 < max(distances):
        return None
    sigma = max(median_absolute_deviation(before, center=center), SMALLEST_SIGMA)
    usual = quantile(sorted(abs(value - center) for value in before), LARGE_USUAL_SHARE)
    if min(map(abs, distances)) <= max(LARGE_EFFECT, LARGE_SIGMAS * sigma, usual):
        return None
    low, high = median(values[:-LARGE_BUILDS]), median(values[-LARGE_BUILDS:])
    return Change(
        index=len(before),
        before=low,
        after=high,
        effect=(high - low) / abs(low) if low else math.copysign(math.inf, high),
        rows_after=LARGE_BUILDS,
        contrast=contrast(before, after),
        wander=sigma,
    )
