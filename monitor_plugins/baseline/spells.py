"""Spells: some builds in a row that something else slowed, after which the level was as before.

What happened to a series before may happen again. A series that is known to have spells must show
a new level for longer than one of them, or two in a row, would last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from monitor_plugins.baseline.changepoints import comparable
from monitor_plugins.baseline.contrast import SMALLEST_SIGMA
from monitor_plugins.baseline.robust import median, median_absolute_deviation

LEAST_SPELL_BUILDS = 2
"""One odd build is an outlier, which the rank test stands."""
MOST_SPELL_BUILDS = 15
"""What lasted longer was a level."""
BETWEEN_BUILDS = 1
"""So many usual builds do not end a spell."""
SPELL_SIGMAS = 3.0
"""Builds in a spell are so far off in the noise, and by half of the change that is judged."""
BUILDS_WHERE_SPELLS = 8
"""10 tell as much falsely (benchmarks/baseline_month.py, seeds 7 and 8), and a build later."""
SPELLS_IN_A_ROW = 2


CLEAR_SIGMAS = 6.0
"""A change that is so large leaves no doubt to which level a build belongs."""
BACK_SHARE = 0.25
"""A build with less than a quarter of such a change is back at the old level."""


def lasts(values: Sequence[float], row: int, after: float, *, least: int) -> bool:
    """Whether the level `after`, begun at `row`, has lasted longer than spells do, and `least`."""
    *scaled, goal = comparable([*values, after])
    before, since = scaled[:row], scaled[row:]
    center = median(before)
    sigma = max(median_absolute_deviation(before, center=center), SMALLEST_SIGMA)
    change = goal - center
    needed = max(least, _builds_to_believe([value - center for value in before], sigma, change))
    if abs(change) < CLEAR_SIGMAS * sigma or len(since) >= 2 * MOST_SPELL_BUILDS:
        return len(since) >= needed
    return _unbroken([(value - center) / change for value in since]) >= needed


def _unbroken(shares: Sequence[float]) -> int:
    """Builds since the last one that was back at the old level."""
    backs = [row for row, share in enumerate(shares) if share < BACK_SHARE]
    return len(shares) - 1 - (backs[-1] if backs else -1)


def _builds_to_believe(distances: Sequence[float], sigma: float, change: float) -> int:
    """Builds that a change must last, by the spells before it."""
    least, side = max(SPELL_SIGMAS * sigma, abs(change) / 2), math.copysign(1, change)
    longest = _longest_spell([distance * side >= least for distance in distances])
    return max(BUILDS_WHERE_SPELLS, SPELLS_IN_A_ROW * longest) if longest else 0


def _longest_spell(is_off: Sequence[bool]) -> int:
    """Builds of the longest spell; 0 where there was none."""
    lengths: list[int] = []
    start, last = 0, -BETWEEN_BUILDS - 2
    for row, is_one in enumerate(is_off):
        if not is_one:
            continue
        if row - last > BETWEEN_BUILDS + 1:
            start = row
            lengths.append(0)
        last = row
        lengths[-1] = last - start + 1
    longest = max((n for n in lengths if n <= MOST_SPELL_BUILDS), default=0)
    return longest if longest >= LEAST_SPELL_BUILDS else 0
