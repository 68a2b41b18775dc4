"""How the time of day moves a metric, once there are days enough to tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor_plugins.baseline.robust import median, median_absolute_deviation

DAY_S = 86400.0

HOURS = 24

LEAST_DAYS = 5
"""Days in which an hour must have been seen: a working week."""

LEAST_HOURS = 8
"""Hours of the day that must be known: a team that builds only by day has a profile of its day."""

LEAST_SHARE_EXPLAINED = 0.3
"""The hours must lower the spread by this share, each day being told by the others, or they are
noise: of 100 series of independent values at most one has such a share. Halves of the day that lie
two standard deviations apart have it in 19 of 20 such series after ten to thirty days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProfile:
    """What each hour of the day, UTC, adds to the level."""

    by_hour: tuple[float | None, ...]
    """24 of them; None where the hour was seen on too few days."""
    share_explained: float
    """By how much the spread is smaller without the profile, 0 to 1."""
    days: int
    """Days that told it."""

    def at(self, time_s: float) -> float:
        """What the hour of `time_s` adds; 0 where that is not known."""
        return self.by_hour[hour_of(time_s)] or 0.0

    def without(self, times_s: Sequence[float], values: Sequence[float]) -> list[float]:
        """The values less what their hour adds."""
        return [value - self.at(time_s) for time_s, value in zip(times_s, values, strict=True)]


def progress(times_s: Sequence[float], profile: DayProfile | None) -> str:
    """`learning, 2 of 3 days`, `learnt from 9 days`, or that the hours make no difference."""
    if profile:
        return f"learnt from {profile.days} days"
    days = len({int(time_s // DAY_S) for time_s in times_s})
    if days < LEAST_DAYS:
        return f"learning, {days} of {LEAST_DAYS} days"
    return f"no difference shows in {days} days"


def hour_of(time_s: float) -> int:
    """Hour of the day, UTC, of seconds since 1970."""
    return int(time_s % DAY_S // 3600)


def find_day_profile(times_s: Sequence[float], values: Sequence[float]) -> DayProfile | None:
    """The profile of the series; None where there are too few days, or the hours tell nothing."""
    if not values:
        return None
    level = median(values)
    hours = _hours(times_s, [value - level for value in values])
    known = {hour: days for hour, days in hours.items() if len(days) >= LEAST_DAYS}
    if len(known) < LEAST_HOURS:
        return None
    explained = _share_explained(known)
    if explained < LEAST_SHARE_EXPLAINED:
        return None
    return DayProfile(
        by_hour=tuple(
            median(list(known[hour].values())) if hour in known else None for hour in range(HOURS)
        ),
        share_explained=explained,
        days=len({day for days in known.values() for day in days}),
    )


Hours = Mapping[int, Mapping[int, float]]
"""Hour -> day -> median of what was seen then: an odd day counts once, however long it was."""


def _hours(times_s: Sequence[float], distances: Sequence[float]) -> Hours:
    seen: defaultdict[int, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for time_s, distance in zip(times_s, distances, strict=True):
        seen[hour_of(time_s)][int(time_s // DAY_S)].append(distance)
    return {
        hour: {day: median(values) for day, values in days.items()} for hour, days in seen.items()
    }


def _share_explained(hours: Hours) -> float:
    """By how much an hour is nearer to the same hour of the other days than to all hours."""
    all_ = [value for days in hours.values() for value in days.values()]
    rest = [
        value - median([other for at, other in days.items() if at != day])
        for days in hours.values()
        for day, value in days.items()
    ]
    spread = median_absolute_deviation(all_)
    return 1 - median_absolute_deviation(rest, center=0.0) / spread if spread > 0 else 0.0
