"""The rank test: how rarely chance alone would order two stretches so.

Source: Mann and Whitney (1947), On a Test of Whether one of Two Random Variables is
Stochastically Larger than the Other, Ann. Math. Stat. 18. The variance is lowered for ties:
Lehmann (1975), Nonparametrics, chapter 1.4.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate


def rank_z(before: Sequence[float], after: Sequence[float]) -> float:
    """Standard score of the rank test; above zero where `after` is the larger."""
    ordered = sorted(before)
    wins = sum(bisect_left(ordered, value) + bisect_right(ordered, value) for value in after) / 2
    unit = _unit_variance([*before, *after])
    pairs = len(before) * len(after)
    return (wins - pairs / 2) / math.sqrt(unit * pairs) if unit * pairs > 0 else 0.0


def rank_z_of_cuts(values: Sequence[float]) -> list[float]:
    """`rank_z` of the values up to each row against those after it, for each row but the last."""
    count = len(values)
    unit = _unit_variance(values)
    if unit <= 0:
        return [0.0] * (count - 1)
    sums = accumulate(_ranks(values)[:-1])
    return [
        (length * (count + 1) / 2 - total) / math.sqrt(unit * length * (count - length))
        for length, total in enumerate(sums, start=1)
    ]


def _unit_variance(values: Sequence[float]) -> float:
    """Variance of the count of wins, divided by the number of pairs; 0 if all are equal."""
    count = len(values)
    if count < 2:
        return 0.0
    ties = sum(equal**3 - equal for equal in Counter(values).values() if equal > 1)
    return (count + 1 - ties / (count * (count - 1))) / 12


def _ranks(values: Sequence[float]) -> list[float]:
    """Rank of each value from 1; equal values share their mean rank."""
    ordered = sorted(values)
    return [(bisect_left(ordered, v) + bisect_right(ordered, v) + 1) / 2 for v in values]
