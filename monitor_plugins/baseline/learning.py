"""What a series usually is, how far that is learnt, and what it could show at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from monitor_plugins.baseline.changepoints import WHOLE_SERIES, comparable
from monitor_plugins.baseline.contrast import MEDIAN_VARIANCE, REACH, SMALLEST_SIGMA, Rules
from monitor_plugins.baseline.pruning import MIN_LENGTH, wander
from monitor_plugins.baseline.robust import difference_scale, median_absolute_deviation, quantile

LEAST_BUILDS = 10
"""Builds that must be known before a detector speaks."""

ENOUGH_AFTER = 30
"""Builds after a change for which the smallest detectable change is stated: a week or two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What is usual in a series with one value a build, in its own unit."""

    count: int
    p50: float
    p90: float
    p95: float
    p99: float
    spread: float
    """Robust standard deviation around the median."""
    smallest_change: float | None
    """Smallest lasting change that would be told within `ENOUGH_AFTER` builds, relative (0.05 is
    5 %); None while the series is being learnt."""

    @property
    def is_learnt(self) -> bool:
        """Whether there are builds enough for a verdict."""
        return self.count >= LEAST_BUILDS

    @property
    def progress(self) -> str:
        """`learning, 6 of 10 builds`, or `learnt from 62 builds`."""
        if self.is_learnt:
            return f"learnt from {self.count} builds"
        return f"learning, {self.count} of {LEAST_BUILDS} builds"


def summarize(values: Sequence[float]) -> Baseline | None:
    """The baseline of all builds of one level; None where there are none."""
    if not values:
        return None
    ordered = sorted(values)
    return Baseline(
        count=len(values),
        p50=quantile(ordered, 0.5),
        p90=quantile(ordered, 0.9),
        p95=quantile(ordered, 0.95),
        p99=quantile(ordered, 0.99),
        spread=median_absolute_deviation(values),
        smallest_change=smallest_change(values) if len(values) >= LEAST_BUILDS else None,
    )


def smallest_change(
    values: Sequence[float], *, builds_after: int = ENOUGH_AFTER, rules: Rules = WHOLE_SERIES
) -> float:
    """The smallest relative step that a series of one level would show after so many builds.

    The largest of what the judges ask for: their smallest effect, the series' own wander, the
    standard errors of the medians, and a rank test that noise of this spread can pass.
    """
    scaled = comparable(values)
    sigma = max(difference_scale(scaled), median_absolute_deviation(scaled), SMALLEST_SIGMA)
    before = min(len(values), REACH)
    error = sigma * math.sqrt(MEDIAN_VARIANCE * (1 / before + 1 / builds_after))
    return max(
        rules.smallest_effect,
        rules.wander_multiple * wander(scaled, (0, len(scaled))),
        rules.standard_errors * error,
        sigma * _sigmas_to_pass(rules.rank_z, before, max(builds_after, MIN_LENGTH)),
    )


def _sigmas_to_pass(rank_z: float, before: int, after: int) -> float:
    """Shift of normal values, in sigmas, that brings the rank test to `rank_z`; else infinite.

    The rank test counts how often a later value exceeds an earlier one, whose probability for a
    shift of d sigmas is the normal distribution's at d / sqrt(2).
    """
    share = 0.5 + rank_z * math.sqrt((before + after + 1) / (12 * before * after))
    return math.sqrt(2) * NormalDist().inv_cdf(share) if share < 1 else math.inf
