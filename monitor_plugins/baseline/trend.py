"""Where a metric is heading: a slope that outliers cannot turn, and how sure it is."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

from monitor_plugins.baseline.robust import median, sorted_median

HOUR_S = 3600.0

LEAST_POINTS = 10
"""Hourly medians below which no interval is worth its name: with 10 of them the interval of 95 %
spans half of all 45 slopes."""

MOST_POINTS = 168
"""Seven days of hourly medians: a week is a whole pattern, and 14,028 slopes are soon sorted."""

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Change per hour, in the metric's unit."""

    per_hour: float
    lower_per_hour: float
    upper_per_hour: float
    level: float
    """Of the fitted line at the last hour."""
    last_s: float
    """Middle of the last hour, seconds since 1970."""

    @property
    def is_certain(self) -> bool:
        """Whether the interval leaves no doubt about the direction."""
        return self.lower_per_hour > 0 or self.upper_per_hour < 0


def find_trend(times_s: Sequence[float], values: Sequence[float]) -> Trend | None:
    """The trend of the last seven days; None where there are too few hours to tell.

    Theil's slope over hourly medians, with Sen's interval, which the correlation of neighbouring
    hours widens. Sources: Theil (1950), Indag. Math. 12; Sen (1968), JASA 63; effective number of
    observations: Bayley and Hammersley (1946), Suppl. J. Royal Stat. Soc. 8.
    """
    points = hourly_medians(times_s, values)[-MOST_POINTS:]
    if len(points) < LEAST_POINTS:
        return None
    slopes = sorted(
        (later - value) / (after - hour)
        for place, (hour, value) in enumerate(points)
        for after, later in points[place + 1 :]
    )
    slope = sorted_median(slopes)
    start = median([value - slope * hour for hour, value in points])
    residuals = [value - slope * hour - start for hour, value in points]
    lower, upper = _interval(slopes, len(points), _widening(residuals))
    last = points[-1][0]
    return Trend(
        per_hour=slope,
        lower_per_hour=lower,
        upper_per_hour=upper,
        level=start + slope * last,
        last_s=(last + 0.5) * HOUR_S,
    )


def hourly_medians(times_s: Sequence[float], values: Sequence[float]) -> list[tuple[int, float]]:
    """(hours since 1970, median of the hour) in order of time, for hours that have samples."""
    hours: defaultdict[int, list[float]] = defaultdict(list)
    for time_s, value in zip(times_s, values, strict=True):
        hours[int(time_s // HOUR_S)].append(value)
    return [(hour, median(hours[hour])) for hour in sorted(hours)]


def _interval(slopes: Sequence[float], points: int, widening: float) -> tuple[float, float]:
    """Bounds of the slope, by the distribution of Kendall's count of concordant pairs."""
    deviate = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
    spread = deviate * math.sqrt(widening * points * (points - 1) * (2 * points + 5) / 18)
    below = max(0, math.floor((len(slopes) - spread) / 2))
    above = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return slopes[below], slopes[above]


def _widening(residuals: Sequence[float]) -> float:
    """Variance of a mean of correlated values, as a multiple of that of independent ones."""
    square = sum(one * one for one in residuals)
    if square <= 0:
        return 1.0
    product = sum(one * next_ for one, next_ in pairwise(residuals))
    correlation = min(max(product / square, 0.0), MOST_CORRELATION)
    return (1 + correlation) / (1 - correlation)


MOST_CORRELATION = 0.95
"""More would make the interval boundless; at 0.95 it is already six times as wide."""
