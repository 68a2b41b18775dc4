"""When a resource with a limit will be full, by the flattest slope that its past allows.

Only for resources (disk, memory, cache quota, inotify watches), never for durations: those do not
run into a limit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

LEAST_POINTS = 10
"""Fewer say nothing of a slope: the interval of 95 % then spans half of all pairs."""
MOST_POINTS = 60
"""Medians of so many equal parts of the window stand for it: 1,770 slopes are soon sorted."""
DEVIATE = 1.96
"""Standard normal deviate of a two-sided 95 %."""
NEVER_H = 1e6
"""Hours that stand for never (a hundred years), since JSON has no infinity."""


def hours_until_full(points: Sequence[tuple[float, float]], limit: float) -> float | None:
    """Hours until `limit` by the lower bound of the slope; None where too little is known.

    Theil's slope with Sen's interval. Sources: Theil (1950), Indag. Math. 12; Sen (1968), JASA 63.
    It looks no further ahead than the points reach back.
    """
    thinned = _thinned(points)
    if len(thinned) < LEAST_POINTS:
        return None
    slopes = sorted(
        (later - value) / (after - at)
        for (at, value), (after, later) in combinations(thinned, 2)
        if after > at
    )
    if not slopes:
        return None
    lower = slopes[max(0, math.floor((len(slopes) - _spread(len(thinned))) / 2))]
    room = limit - thinned[-1][1]
    if room <= 0:
        return 0.0
    if lower <= 0:
        return NEVER_H
    hours = room / lower / 3600
    history_h = (thinned[-1][0] - thinned[0][0]) / 3600
    return hours if hours <= history_h else NEVER_H


def _spread(count: int) -> float:
    """Half-width of the interval, in places of the sorted slopes (Kendall's variance)."""
    return DEVIATE * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Medians of equal parts, so that one wild sample moves nothing."""
    ordered = sorted(points)
    if len(ordered) <= MOST_POINTS:
        return ordered
    size = len(ordered) / MOST_POINTS
    parts = [ordered[int(n * size) : int((n + 1) * size)] for n in range(MOST_POINTS)]
    return [
        (part[len(part) // 2][0], sorted(value for _, value in part)[len(part) // 2])
        for part in parts
    ]
