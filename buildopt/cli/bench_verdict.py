"""What pairs of timed runs say about two sides: slower, faster, or that they cannot tell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Literal, NamedTuple

Answer = Literal["slower", "faster", "same", "cannot tell"]
ERROR_SHARE = 0.05
"""How often the interval may miss the true ratio."""
LEAST_PAIRS = 6
"""With five pairs even five equal signs come by chance more often than that: 2 / 2^5 = 6 %."""
SMALLEST_EFFECT = 0.01
"""What is less than one in a hundred counts as the same: the order of the runs alone does that."""
SAME_WITHIN = 0.03
"""An interval within ±3 % says that there is no difference that anybody would act on."""


class Comparison(NamedTuple):
    """Durations of `after` as multiples of those of `before`, pair by pair."""

    ratio: float
    low: float
    high: float
    """Between which the true median ratio lies, 95 times in 100."""
    answer: Answer


def compare(before_s: Sequence[float], after_s: Sequence[float]) -> Comparison:
    """Judge pairs that ran one right after the other; nothing is assumed of their noise.

    The interval is that of the sign test for a median (Thompson 1936, Ann. Math. Stat. 7).
    """
    ratios = sorted(after / before for before, after in zip(before_s, after_s, strict=True))
    if len(ratios) < LEAST_PAIRS:
        return Comparison(median(ratios), 0.0, math.inf, "cannot tell")
    cut = _ranks_outside(len(ratios))
    low, high, middle = ratios[cut], ratios[-1 - cut], median(ratios)
    return Comparison(middle, low, high, _answer(middle, low, high))


def _answer(middle: float, low: float, high: float) -> Answer:
    if low > 1 and middle >= 1 + SMALLEST_EFFECT:
        return "slower"
    if high < 1 and middle <= 1 - SMALLEST_EFFECT:
        return "faster"
    if low >= 1 - SAME_WITHIN and high <= 1 + SAME_WITHIN:
        return "same"
    return "cannot tell"


def _ranks_outside(count: int) -> int:
    """How many of the ordered ratios on either side may lie outside the interval."""
    share, outside = 2 / 2**count, 0
    while share <= ERROR_SHARE:
        outside += 1
        share += 2 * math.comb(count, outside) / 2**count
    return outside - 1
