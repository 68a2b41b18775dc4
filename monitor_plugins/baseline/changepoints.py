"""Where the level of a series with one value a build moved for good: the whole series at once.

    local noise -> clip -> segment          every place where the level may have moved
    prune gently -> settle -> prune         what is too small, too rare or too like its wander goes

A change must be seen by three judges that fail differently: the rank test (few values of either
side among the other's), the distance of the medians in standard errors, and its size beside what
the series does anyway (`Rules`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from monitor_plugins.baseline.contrast import REACH, SMALLEST_SIGMA, Contrast, Rules, strength
from monitor_plugins.baseline.pruning import (
    MIN_LENGTH,
    contrast_at,
    prune,
    prune_by_wander,
    settle,
    wander,
)
from monitor_plugins.baseline.robust import clipped, difference_scale, local_scales, median
from monitor_plugins.baseline.segmentation import segment

PENALTY_PER_LOG_ROW = 4.0
"""What a further stretch must be worth, in units of log(rows). Candidates only, so low: from 2.5
to 4 the same changes survive the judges. Source of the form: Yao (1988), Stat. Prob. Lett. 6."""

SCALE_HALF_WIDTH = 20
"""Rows on either side that tell the noise of a row. 12 to 30 score alike."""

LEAST_SHARE_OF_SCALE = 0.25
"""A row's noise is at least this share of the whole series' noise, or a calm stretch of a few
rows would outweigh all others."""

GROUP_ROWS = 2
"""Candidates are sought at each second row, which takes a third of the time; `settle` finds the
very row."""

GENTLE = 0.85
"""Strength that is enough before the bounds are settled: a bound a few rows off looks weaker."""

CLIP_SIGMAS = 3.0
"""How far a value may pull. Source: Huber (1981), Robust Statistics; 2 to 3 score alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The level moved at row `index`, the first of the new level."""

    index: int
    before: float
    """Median level before, in the unit of the series."""
    after: float
    effect: float
    """Change of the level relative to before: 0.05 is 5 % more."""
    rows_after: int
    """Rows of the new level so far."""
    contrast: Contrast
    """The evidence, on the scale of `comparable`."""
    wander: float
    """What the series does while its level stays, on the same scale."""

    @property
    def confidence(self) -> float:
        """How often chance alone would not part values so, for one look: 0 to 1."""
        return math.erf(self.contrast.rank_z / math.sqrt(2))

    def satisfies(self, rules: Rules) -> bool:
        """Whether every judge of `rules` is convinced."""
        return (
            strength(self.contrast, rules) >= 1
            and abs(self.contrast.effect) >= rules.wander_multiple * self.wander
        )


WHOLE_SERIES = Rules()
"""What a change must show when the whole series is looked at once."""


def find_changes(values: Sequence[float], rules: Rules = WHOLE_SERIES) -> tuple[Change, ...]:
    """All lasting changes of level, in order; none for fewer rows than two levels need."""
    if len(values) < 2 * MIN_LENGTH:
        return ()
    scaled = comparable(values)
    bounds = [0, *_candidates(scaled), len(scaled)]
    bounds = prune(scaled, bounds, rules, least_strength=GENTLE)
    bounds = prune(scaled, settle(scaled, bounds), rules)
    bounds = settle(scaled, prune_by_wander(scaled, bounds, rules))
    usual = wander(scaled, bounds)
    return tuple(
        _change(values, bounds[place - 1 : place + 2], contrast_at(scaled, bounds, place), usual)
        for place in range(1, len(bounds) - 1)
    )


def comparable(values: Sequence[float]) -> list[float]:
    """Values on a scale where a difference of 0.05 is 5 %: logarithms, if all are above zero.

    Else shares of their typical size: a series that crosses zero has no ratios.
    """
    if min(values) > 0:
        return [math.log(value) for value in values]
    typical = median([abs(value) for value in values]) or max(map(abs, values)) or 1.0
    return [value / typical for value in values]


def _candidates(values: Sequence[float]) -> list[int]:
    """Rows at which a new level may begin, as near as `GROUP_ROWS` can tell."""
    least = max(LEAST_SHARE_OF_SCALE * difference_scale(values), SMALLEST_SIGMA)
    scales = [max(scale, least) for scale in local_scales(values, SCALE_HALF_WIDTH)]
    calm = clipped(values, scales, at=CLIP_SIGMAS)
    weights = [1 / scale**2 for scale in scales]
    first = len(values) % GROUP_ROWS  # left out, so that the newest rows are whole groups
    groups = range(first, len(values), GROUP_ROWS)
    sums = [sum(weights[at : at + GROUP_ROWS]) for at in groups]
    moments = [weight * value for weight, value in zip(weights, calm, strict=True)]
    cuts = segment(
        [
            sum(moments[at : at + GROUP_ROWS]) / total
            for at, total in zip(groups, sums, strict=True)
        ],
        sums,
        penalty=PENALTY_PER_LOG_ROW * math.log(len(values)),
        min_length=MIN_LENGTH // GROUP_ROWS,
    )
    return [first + GROUP_ROWS * cut for cut in cuts]


def _change(values: Sequence[float], edges: Sequence[int], seen: Contrast, usual: float) -> Change:
    start, cut, end = edges
    before = median(values[max(start, cut - REACH) : cut])
    after = median(values[cut : min(end, cut + REACH)])
    return Change(
        index=cut,
        before=before,
        after=after,
        effect=(after - before) / abs(before) if before else math.copysign(math.inf, after),
        rows_after=end - cut,
        contrast=seen,
        wander=usual,
    )
