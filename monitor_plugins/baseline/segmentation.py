"""Cuts a series into stretches of one level each: optimal partitioning with pruning."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from itertools import accumulate


def segment(
    values: Sequence[float], weights: Sequence[float], *, penalty: float, min_length: int
) -> list[int]:
    """First rows of all stretches but the first, so that their weighted squared error is least.

    A further stretch must lower the error by `penalty`. The answer is exact: the pruning leaves
    out only what cannot be part of it.
    Source: Killick, Fearnhead and Eckley (2012), Optimal Detection of Changepoints With a Linear
    Computational Cost, JASA 107. Weights 1 / variance make it fit noise that changes.
    """
    weight = [0.0, *accumulate(weights)]
    moment = [0.0, *accumulate(w * v for w, v in zip(weights, values, strict=True))]
    best = [-penalty] + [math.inf] * len(values)
    before = [0] * (len(values) + 1)
    # A start of the last stretch, with what its cost is made of.
    starts = [(0, best[0], 0.0, 0.0)]
    # A beaten start may still win until the stretch that beat it is long enough to stand.
    beaten: deque[set[int]] = deque([set()] * min_length)
    for end in range(min_length, len(values) + 1):
        w_end, m_end = weight[end], moment[end]
        # The squares of all values are the same in every partition, so they are left out.
        costs = [b - (m_end - m) ** 2 / (w_end - w) for _, b, w, m in starts]
        least = min(costs)
        best[end] = least + penalty
        before[end] = starts[costs.index(least)][0]
        beaten.append({s[0] for s, cost in zip(starts, costs, strict=True) if cost > best[end]})
        if gone := beaten.popleft():
            starts = [start for start in starts if start[0] not in gone]
        start = end - min_length + 1
        starts.append((start, best[start], weight[start], moment[start]))
    return _walk_back(before)


def _walk_back(before: Sequence[int]) -> list[int]:
    cuts = []
    start = before[-1]
    while start > 0:
        cuts.append(start)
        start = before[start]
    return cuts[::-1]
