"""Compares what came before a row with what came after it, and says what convinces."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitor_plugins.baseline.ranks import rank_z
from monitor_plugins.baseline.robust import median, median_absolute_deviation

REACH = 80
"""Rows on either side that are compared. Benchmarks wander over hundreds of builds, which is no
step: 60 to 80 score best on the development series, 120 and more find steps in the wander."""

MEDIAN_VARIANCE = math.pi / 2
"""Variance of a median of normal values, as a multiple of that of their mean.
Source: Kenney and Keeping (1962), Mathematics of Statistics, part 1."""

SMALLEST_SIGMA = 0.003
"""Noise below 0.3 % is taken as 0.3 %: clocks and quantised values else pretend to know more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """How two stretches differ."""

    effect: float
    """Median after less median before, in the unit of the values."""
    standard_errors: float
    """The effect's size as a multiple of its own uncertainty."""
    rank_z: float
    """Standard score of the rank test, always positive."""
    sigma: float
    """Spread within the stretches, as a standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a change must show to be believed. Measured by benchmarks/detection_scores.py."""

    rank_z: float = 4.5
    """4.5 and 5 score alike; a chance of 7e-6 for one look, which many looks then multiply."""
    standard_errors: float = 3.0
    """3 finds 6 % more than 4 and adds nothing false once the floors hold."""
    smallest_effect: float = 0.035
    """Relative. Unchanged benchmarks move by 3 % for dozens of builds and come back."""
    wander_multiple: float = 3.5
    """The effect as a multiple of `wander`; 3 to 4 score alike."""


def contrast(before: Sequence[float], after: Sequence[float]) -> Contrast:
    """Compare the last `REACH` of `before` with the first `REACH` of `after`; both not empty."""
    before, after = before[-REACH:], after[:REACH]
    low, high = median(before), median(after)
    low_sigma = max(median_absolute_deviation(before, center=low), SMALLEST_SIGMA)
    high_sigma = max(median_absolute_deviation(after, center=high), SMALLEST_SIGMA)
    variance = MEDIAN_VARIANCE * (low_sigma**2 / len(before) + high_sigma**2 / len(after))
    return Contrast(
        effect=high - low,
        standard_errors=abs(high - low) / math.sqrt(variance),
        rank_z=abs(rank_z(before, after)),
        sigma=math.sqrt((low_sigma**2 + high_sigma**2) / 2),
    )


def strength(seen: Contrast, rules: Rules) -> float:
    """The least of what the judges say; 1 is enough."""
    return min(
        seen.rank_z / rules.rank_z,
        seen.standard_errors / rules.standard_errors,
        abs(seen.effect) / rules.smallest_effect,
    )
