"""Whether a change may be more than the time of day, while few days of a series are known.

Its first afternoon is no news after its first morning: whether afternoons are always slower, the
next morning tells.
"""

from __future__ import annotations

from collections.abc import Sequence

from monitor_plugins.baseline.robust import median

DAY_NS = 86_400_000_000_000
KNOWN_DAYS = 3
"""With builds of so many days before it, a change need not outlast its own day."""
ENOUGH_BUILDS = 30
"""Nor with so many builds before it, or since on its own day: who builds often has long days."""
NEXT_DAY_BUILDS = 3
"""Else the first builds of a later day must have the new level."""


def outlasts_day(
    days: Sequence[int], values: Sequence[float], row: int, levels: tuple[float, float]
) -> bool:
    """Whether a change from one level to the other that began at `row` may be told.

    `days` are those (UTC) of all values.
    """
    if len(set(days[:row])) >= KNOWN_DAYS or row >= ENOUGH_BUILDS:
        return True
    later = [value for day, value in zip(days[row:], values[row:], strict=True) if day > days[row]]
    if len(later) < NEXT_DAY_BUILDS:
        return len(values) - row >= ENOUGH_BUILDS
    old, new = (abs(median(later[:NEXT_DAY_BUILDS]) - level) for level in levels)
    return new < old
