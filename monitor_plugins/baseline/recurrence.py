"""What a metric does at the same time each day, which is no incident."""

from __future__ import annotations

from array import array
from typing import Any

from monitor_plugins.baseline.robust import median
from monitor_plugins.baseline.seasonality import DAY_S

SLOTS = 48
"""Half hours of the day, UTC. Work begins, and timers fire, within the half hour beside."""

DAYS = 7
"""Days that are remembered of each slot: a week, so that five working days outnumber the rest."""

LEAST_DAYS = 3
"""Days that must be known of a slot before it says what is usual."""


class DailyDistances:
    """The largest distance of each half hour on each of the last days."""

    def __init__(self) -> None:
        self._slots = [array("d") for _ in range(SLOTS)]
        self._half_hour: int | None = None
        """Half hours since 1970."""
        self._largest = 0.0
        self._usual = 0.0

    @property
    def usual(self) -> float:
        """The distance that is usual at this time of day; 0 while there are too few days."""
        return self._usual

    def add(self, time_s: float, distance: float) -> None:
        """Take a distance in; a new half hour closes the one before."""
        half_hour = int(time_s * SLOTS // DAY_S)
        if half_hour != self._half_hour:
            self._close()
            self._half_hour, self._largest = half_hour, 0.0
            self._usual = max(self._usual_of(half_hour + beside) for beside in (-1, 0, 1))
        self._largest = max(self._largest, distance)

    @property
    def state(self) -> list[Any]:  # Any: JSON
        """All of it, as JSON can hold it."""
        days = [list(slot) for slot in self._slots]
        return [days, self._half_hour, self._largest, self._usual]

    @classmethod
    def of(cls, state: list[Any]) -> DailyDistances:  # Any: JSON
        """The one that had this state."""
        made = cls()
        days, made._half_hour, made._largest, made._usual = state
        made._slots = [array("d", slot) for slot in days]
        return made

    def _close(self) -> None:
        if self._half_hour is not None:
            days = self._slots[self._half_hour % SLOTS]
            days.append(self._largest)
            del days[:-DAYS]

    def _usual_of(self, half_hour: int) -> float:
        days = self._slots[half_hour % SLOTS]
        return median(days) if len(days) >= LEAST_DAYS else 0.0
