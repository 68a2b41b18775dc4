"""Spells: some builds in a row that something else slowed, after which the level was as before.

What happened to a series before may happen again. A series that is known to have spells must show
a new level for longer than one of them, or two in a row, would last.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from monitor_plugins.baseline.changepoints import comparable
from monitor_plugins.baseline.contrast import MEDIAN_VARIANCE, REACH, SMALLEST_SIGMA
from monitor_plugins.baseline.robust import difference_scale, median

LEAST_SPELL_BUILDS = 2
"""One odd build is an outlier, which the rank test stands."""
MOST_SPELL_BUILDS = 15
"""What lasted longer was a level."""
BETWEEN_BUILDS = 1
"""So many usual builds do not end a spell."""
SPELL_SIGMAS = 3.0
SPELL_SHARE = 0.67
"""Builds in a spell are so far off in the noise, and by so much of the change that is judged."""
BUILDS_WHERE_SPELLS = 8
"""10 tell as much falsely (benchmarks/baseline_month.py, seeds 7 and 8), and a build later."""
SPELLS_IN_A_ROW = 2


CLEAR_SIGMAS = 6.0
"""A change that is so large leaves no doubt to which level a build belongs."""
BACK_SHARE = 0.25
"""A build with less than a quarter of such a change is back at the old level."""
MOST_BACKS = 0.33
"""So many of the builds since a clear change may be back: more are one spell after another."""
EVEN_BUILDS = 12
"""A clear change whose builds are of two levels waits for more than two spells would last."""
EVEN_SIGMAS = 3.5
"""Two parts of one level lie no further apart, in standard errors of their medians."""
NEWEST_SIGMAS = 3.0
"""Nor does its newest build, in the noise of one."""


def lasts(values: Sequence[float], row: int, levels: tuple[float, float], *, least: int) -> bool:
    """Whether the second of `levels`, begun at `row`, has lasted longer than spells, and `least`.

    What a build is off by, and the noise, are those of the last `REACH` builds before: the level
    before, and first differences, which older levels and the time of day do not widen.
    """
    *scaled, center, goal = comparable([*values, *levels])
    before, since = scaled[max(0, row - REACH) : row], scaled[row:]
    sigma, change = max(difference_scale(before), SMALLEST_SIGMA), goal - center
    needed = max(least, _builds_to_believe([value - center for value in before], sigma, change))
    if abs(change) < CLEAR_SIGMAS * sigma:
        return len(since) >= needed
    if len(since) < EVEN_BUILDS and _is_uneven(since, sigma):
        return False
    is_back = [(value - center) / change < BACK_SHARE for value in since]
    if len(since) >= 2 * MOST_SPELL_BUILDS:
        return len(since) >= needed and sum(is_back) <= MOST_BACKS * len(since)
    return _unbroken(is_back) >= needed


def _is_uneven(since: Sequence[float], sigma: float) -> bool:
    """Whether the builds are of two levels, as those of two spells in a row are."""
    newest, rest = since[-1], since[:-1]
    if rest and abs(newest - median(rest)) > NEWEST_SIGMAS * sigma:
        return True
    return any(
        _distance(since[:cut], since[cut:]) > EVEN_SIGMAS * sigma
        for cut in range(LEAST_SPELL_BUILDS, len(since) - LEAST_SPELL_BUILDS + 1)
    )


def _distance(one: Sequence[float], other: Sequence[float]) -> float:
    """Of the medians; as a multiple of the noise it is in standard errors."""
    error = math.sqrt(MEDIAN_VARIANCE * (1 / len(one) + 1 / len(other)))
    return abs(median(one) - median(other)) / error


def _unbroken(is_back: Sequence[bool]) -> int:
    """Builds since the last one that was back at the old level."""
    return next((n for n, one in enumerate(reversed(is_back)) if one), len(is_back))


def _builds_to_believe(distances: Sequence[float], sigma: float, change: float) -> int:
    """Builds that a change must last, by the spells before it."""
    least, side = max(SPELL_SIGMAS * sigma, abs(change) * SPELL_SHARE), math.copysign(1, change)
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
