"""How the time of day moves a metric, once there are days enough to tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from monitor_plugins.baseline.robust import median, median_absolute_deviation

DAY_S = 86400.0

HOURS = 24

LEAST_DAYS = 3
"""Days in which an hour must have been seen: the median of three is not moved by one odd day."""

LEAST_HOURS = 18
"""Hours of the day that must be known. A team that builds only by day has no profile, and needs
none."""

LEAST_SHARE_EXPLAINED = 0.3
"""The hours must lower the spread by this share, or they are noise. Days drawn from the same
normal distribution, with twelve samples an hour, lower it by less than 0.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProfile:
    """What each hour of the day, UTC, adds to the level."""

    by_hour: tuple[float | None, ...]
    """24 of them; None where the hour was seen on too few days."""
    share_explained: float
    """By how much the spread is smaller without the profile, 0 to 1."""

    def at(self, time_s: float) -> float:
        """What the hour of `time_s` adds; 0 where that is not known."""
        return self.by_hour[hour_of(time_s)] or 0.0

    def without(self, times_s: Sequence[float], values: Sequence[float]) -> list[float]:
        """The values less what their hour adds."""
        return [value - self.at(time_s) for time_s, value in zip(times_s, values, strict=True)]


def hour_of(time_s: float) -> int:
    """Hour of the day, UTC, of seconds since 1970."""
    return int(time_s % DAY_S // 3600)


def find_day_profile(times_s: Sequence[float], values: Sequence[float]) -> DayProfile | None:
    """The profile of the series; None where there are too few days, or the hours tell nothing."""
    if not values:
        return None
    level = median(values)
    by_hour = _hours(times_s, [value - level for value in values])
    if sum(one is not None for one in by_hour) < LEAST_HOURS:
        return None
    whole = DayProfile(by_hour=by_hour, share_explained=0.0)
    spread = median_absolute_deviation(values)
    rest = median_absolute_deviation(whole.without(times_s, values))
    explained = 1 - rest / spread if spread > 0 else 0.0
    if explained < LEAST_SHARE_EXPLAINED:
        return None
    return DayProfile(by_hour=by_hour, share_explained=explained)


def _hours(times_s: Sequence[float], distances: Sequence[float]) -> tuple[float | None, ...]:
    """Median over the days of each hour's median: an odd day counts once, however long it was."""
    days: defaultdict[int, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for time_s, distance in zip(times_s, distances, strict=True):
        days[hour_of(time_s)][int(time_s // DAY_S)].append(distance)
    return tuple(
        median([median(day) for day in days[hour].values()])
        if len(days[hour]) >= LEAST_DAYS
        else None
        for hour in range(HOURS)
    )
