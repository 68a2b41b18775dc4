"""Quantiles of the last so many values, kept in order as they come and go."""

from __future__ import annotations

from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable

from monitor_plugins.baseline.robust import quantile


class SlidingQuantiles:
    """The last `capacity` values; 16 bytes each, so that thousands of series fit in memory."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._ring = array("d")
        """In order of time, from `_oldest` on once it is full."""
        self._oldest = 0
        self._ordered = array("d")

    def __len__(self) -> int:
        return len(self._ordered)

    @property
    def values(self) -> list[float]:
        """The values in the order of time; adding them to a new one makes an equal one."""
        return [*self._ring[self._oldest :], *self._ring[: self._oldest]]

    @classmethod
    def of(cls, capacity: int, values: Iterable[float]) -> SlidingQuantiles:
        """One that has had these values."""
        made = cls(capacity)
        for value in values:
            made.add(value)
        return made

    def add(self, value: float) -> None:
        """Take a value in, and forget the oldest one where there are too many."""
        insort(self._ordered, value)
        if len(self._ring) < self._capacity:
            self._ring.append(value)
            return
        del self._ordered[bisect_left(self._ordered, self._ring[self._oldest])]
        self._ring[self._oldest] = value
        self._oldest = (self._oldest + 1) % self._capacity

    def at(self, share: float) -> float:
        """The quantile at `share` (0 to 1); at least one value must be there."""
        return quantile(self._ordered, share)
