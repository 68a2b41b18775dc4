"""Counters of another program as rates: what came since the reading before, and resets seen.

A counter that is less than before began anew (its program was restarted): what it holds came since.
The first reading of a counter says nothing of a rate.
"""

from __future__ import annotations

from typing import NamedTuple


class Reading(NamedTuple):
    """What a counter held, and when, on a clock that never goes back."""

    at_s: float
    total: float


class Rates:
    """Remembers the last reading of each counter of one target."""

    def __init__(self) -> None:
        self._last: dict[str, Reading] = {}

    def came(self, name: str, reading: Reading) -> Reading | None:
        """What came since the reading before, and in how many seconds; None for a first one."""
        before = self._last.get(name)
        self._last[name] = reading
        if before is None or reading.at_s <= before.at_s:
            return None
        grown = reading.total - before.total
        came = grown if grown >= 0 else reading.total
        return Reading(reading.at_s - before.at_s, max(0.0, came))

    def forget_others(self, names: set[str]) -> None:
        """Forget counters that are gone."""
        for name in self._last.keys() - names:
            del self._last[name]
