"""Whether the 75th percentile of one build differs from that of the build before.

An order statistic has an interval without any assumption about the shape: the rank of the p75 of n
values lies within z · √(n · 0.75 · 0.25) of 0.75 n. Two levels differ where those intervals do not
touch, and where the difference is worth a person's time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

SHARE = 0.75
"""Web Vitals are judged at the 75th percentile (web.dev/articles/vitals)."""
LEAST_VIEWS = 75
"""Below this many page views a p75 is a smoke signal."""
Z = 2.2
"""Two intervals that do not touch are 3.1 standard errors apart: one false claim in a thousand
looks; there are at most six looks at a build."""
LEAST_SHARE = 0.1
LEAST = {"LCP": 100.0, "INP": 30.0, "CLS": 0.02, "FCP": 100.0, "TTFB": 100.0}
"""A smaller change is not worth anybody's time: ms, and CLS without a unit."""
GOOD = {"LCP": 2_500.0, "INP": 200.0, "CLS": 0.1, "FCP": 1_800.0, "TTFB": 800.0}
POOR = {"LCP": 4_000.0, "INP": 500.0, "CLS": 0.25, "FCP": 3_000.0, "TTFB": 1_800.0}
"""Thresholds of Web Vitals (web.dev/articles/vitals), as in the npm package web-vitals."""


class Level(NamedTuple):
    """The p75 of some values, and the interval in which the true one lies."""

    p75: float
    low: float
    high: float
    views: int


def p75_of(values: Sequence[float]) -> float:
    """The 75th percentile by nearest rank; at least one value."""
    return sorted(values)[math.ceil(SHARE * len(values)) - 1]


def level_of(values: Sequence[float]) -> Level:
    """The level of at least one value."""
    ordered, n = sorted(values), len(values)
    reach = Z * math.sqrt(n * SHARE * (1 - SHARE))
    low = ordered[max(0, math.floor(SHARE * n - reach) - 1)]
    high = ordered[min(n - 1, math.ceil(SHARE * n + reach) - 1)]
    return Level(p75_of(ordered), low, high, n)


def differs(name: str, before: Level, after: Level) -> bool:
    """Whether the level of a vital moved."""
    least = max(LEAST.get(name, 0.0), LEAST_SHARE * before.p75)
    is_apart = after.low > before.high or after.high < before.low
    return is_apart and abs(after.p75 - before.p75) >= least


def verdict_of(name: str, p75: float) -> str:
    """`good`, `needs improvement` or `poor`."""
    if p75 <= GOOD.get(name, math.inf):
        return "good"
    return "needs improvement" if p75 <= POOR.get(name, math.inf) else "poor"
