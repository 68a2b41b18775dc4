"""When a resource reaches its limit, if it goes on as it does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitor_plugins.baseline.trend import HOUR_S, Trend

HORIZON_TO_HISTORY = 1.0
"""A forecast reaches as far ahead as the history behind it reaches back, no further: a straight
line over more than that is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Hours from the end of the trend until the limit is reached."""

    soonest_h: float
    """By the steep end of the slope's interval."""
    expected_h: float
    latest_h: float
    """By the flat end; infinite where the slope may as well be none."""
    at_s: float
    """When it is expected, seconds since 1970."""

    def within(self, hours: float) -> bool:
        """Whether the limit is reached within `hours` even by the flattest slope."""
        return self.latest_h <= hours


def forecast(trend: Trend, limit: float, *, history_h: float) -> Forecast | None:
    """When `limit` is reached from below; None where the trend does not lead there soon enough.

    Only for resources that have a limit (disk, memory, cache quota), never for durations.
    """
    room = limit - trend.level
    expected_h = hours_until(room, trend.per_hour)
    if expected_h > HORIZON_TO_HISTORY * history_h:
        return None
    return Forecast(
        soonest_h=hours_until(room, trend.upper_per_hour),
        expected_h=expected_h,
        latest_h=hours_until(room, trend.lower_per_hour),
        at_s=trend.last_s + expected_h * HOUR_S,
    )


def hours_until(room: float, per_hour: float) -> float:
    """Hours to fill `room`; 0 where there is none, infinite where it does not shrink."""
    if room <= 0:
        return 0.0
    return room / per_hour if per_hour > 0 else math.inf
