"""Whether a share of builds (those that were answered) has moved, by what its counts can carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from monitor_plugins.baseline.ratios import Bounds, wilson_bounds

RECENT_BUILDS = 40
LEAST_BEFORE = 60
"""Fewer say nothing: with a true share of 86 %, one window of 50 in a thousand shows below 70 %."""
DEVIATE = 3.0
"""Both shares must be apart by this bound. Asked after each build, independent builds with shares
from 30 to 95 % raise at most 0.15 false claims in 1,000; 2.5 raises 0.4, 2.0 raises 2. A fall from
86 to 50 % is told after 18 to 70 builds."""
LEAST_CHANGE = 0.15
BACK = 0.05


class Moved(NamedTuple):
    """The share was `before` and is `after` in the last `RECENT_BUILDS`."""

    before: float
    after: float


def find_move(values: Sequence[float]) -> Moved | None:
    """Whether the last builds are surely different from those before; `values` are 0 or 1."""
    recent, before = values[-RECENT_BUILDS:], values[:-RECENT_BUILDS]
    if len(before) < LEAST_BEFORE:
        return None
    old, new = _bounds(before), _bounds(recent)
    moved = Moved(sum(before) / len(before), sum(recent) / len(recent))
    is_apart = old.lower > new.upper or new.lower > old.upper
    return moved if is_apart and abs(moved.after - moved.before) >= LEAST_CHANGE else None


def is_back(values: Sequence[float], before: float) -> bool:
    """Whether the last builds are again as they were before a fall."""
    recent = values[-RECENT_BUILDS:]
    return sum(recent) / len(recent) >= before - BACK


def _bounds(values: Sequence[float]) -> Bounds:
    return wilson_bounds(round(sum(values)), len(values), deviate=DEVIATE)
