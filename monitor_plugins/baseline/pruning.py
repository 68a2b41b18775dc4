"""Takes bounds between levels away that the series does not bear out, and settles the others."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from monitor_plugins.baseline.contrast import REACH, Contrast, Rules, contrast, strength
from monitor_plugins.baseline.ranks import rank_z_of_cuts
from monitor_plugins.baseline.robust import median

MIN_LENGTH = 6
"""Builds of one level at least. 6 and 8 score alike; 6 is what confirmation waits for."""

BLOCK_ROWS = 10
"""Rows of a block when the wander of a series is measured. 10 to 15 score alike."""


def prune(
    values: Sequence[float], bounds: Sequence[int], rules: Rules, *, least_strength: float = 1.0
) -> list[int]:
    """Drop the weakest bound, and look again at its neighbours, until all are strong enough."""
    kept = list(bounds)
    seen = [contrast_at(values, kept, place) for place in range(1, len(kept) - 1)]
    while seen:
        strengths = [strength(one, rules) for one in seen]
        weakest = strengths.index(min(strengths))
        if strengths[weakest] >= least_strength:
            break
        del kept[weakest + 1], seen[weakest]
        for place in range(max(weakest - 1, 0), min(weakest + 1, len(seen))):
            seen[place] = contrast_at(values, kept, place + 1)
    return kept


def prune_by_wander(values: Sequence[float], bounds: Sequence[int], rules: Rules) -> list[int]:
    """Drop the smallest change while it is no larger than what the series does anyway."""
    kept = list(bounds)
    while len(kept) > 2:
        floor = rules.wander_multiple * wander(values, kept)
        effects = [abs(contrast_at(values, kept, p).effect) for p in range(1, len(kept) - 1)]
        smallest = effects.index(min(effects))
        if effects[smallest] >= floor:
            break
        del kept[smallest + 1]
        kept = prune(values, kept, rules)
    return kept


def settle(values: Sequence[float], bounds: Sequence[int]) -> list[int]:
    """Move each bound to where the rank test parts best what lies around it."""
    settled = list(bounds)
    for place in range(1, len(settled) - 1):
        start = max(settled[place - 1], settled[place] - REACH)
        end = min(settled[place + 1], settled[place] + REACH)
        scores = [abs(score) for score in rank_z_of_cuts(values[start:end])]
        inner = scores[MIN_LENGTH - 1 : len(scores) - MIN_LENGTH + 1]
        if inner:
            settled[place] = start + MIN_LENGTH + inner.index(max(inner))
    return settled


def contrast_at(values: Sequence[float], bounds: Sequence[int], place: int) -> Contrast:
    """Compare the stretches on both sides of the bound at `place`."""
    start, cut, end = bounds[place - 1 : place + 2]
    return contrast(values[max(start, cut - REACH) : cut], values[cut : min(end, cut + REACH)])


def wander(values: Sequence[float], bounds: Sequence[int]) -> float:
    """How far the medians of neighbouring blocks typically lie apart while the level stays.

    The floor of what can be called a change of this series; 0 where no level lasts two blocks.
    """
    step = BLOCK_ROWS // 2
    moves = []
    for start, end in pairwise(bounds):
        firsts = range(start, end - BLOCK_ROWS + 1, step)
        levels = [median(values[first : first + BLOCK_ROWS]) for first in firsts]
        moves += [abs(after - before) for before, after in zip(levels, levels[2:], strict=False)]
    return median(moves) if moves else 0.0
