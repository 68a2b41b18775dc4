"""Judges shares of counted things (hit rate, error rate) by what their counts can carry."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

LEAST_COUNT = 20
"""Below this there is no verdict. With a true hit rate of 86 %, "below 70 %" shows in 15 % of
windows of 5 and in 1.5 % of windows of 20, by the binomial law alone."""

DEVIATE = 1.6449
"""Standard normal deviate of a one-sided 95 %."""


class Verdict(Enum):
    """What can be said of a share and a threshold."""

    TOO_FEW = "too few"
    """The count is below the minimum."""
    ABOVE = "above"
    """Even the lower bound is above the threshold."""
    BELOW = "below"
    """Even the upper bound is below the threshold."""
    UNDECIDED = "cannot tell"
    """The threshold lies between the bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between which the true share lies, each bound being right 95 times in 100."""

    lower: float
    upper: float


def wilson_bounds(hits: int, count: int, *, deviate: float = DEVIATE) -> Bounds:
    """Bounds of the true share behind `hits` of `count`; everything is possible for none of none.

    Source: Wilson (1927), Probable Inference, the Law of Succession, JASA 22.
    """
    if count <= 0:
        return Bounds(lower=0.0, upper=1.0)
    share, square = hits / count, deviate**2
    center = share + square / (2 * count)
    reach = deviate * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
    scale = 1 + square / count
    return Bounds(
        lower=max(0.0, (center - reach) / scale), upper=min(1.0, (center + reach) / scale)
    )


def judge_share(hits: int, count: int, *, threshold: float) -> Verdict:
    """Whether the true share is surely above or surely below `threshold`."""
    if count < LEAST_COUNT:
        return Verdict.TOO_FEW
    bounds = wilson_bounds(hits, count)
    if bounds.lower > threshold:
        return Verdict.ABOVE
    if bounds.upper < threshold:
        return Verdict.BELOW
    return Verdict.UNDECIDED
