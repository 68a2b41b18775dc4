"""Asks after each build whether the level moved, and speaks only when it is sure.

    (nothing) ──a change is seen──▶ suspected ──convincing, twice in a row──▶ confirmed
        ▲                              │
        └──────not seen any more───────┘

    (nothing) ──a few builds of a large step──▶ confirmed

Each further look multiplies the chances of a false claim, so a look only raises a suspicion.
What is confirmed is said once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from monitor_plugins.baseline.changepoints import Change, find_changes
from monitor_plugins.baseline.contrast import REACH, Rules
from monitor_plugins.baseline.first_days import outlasts_day
from monitor_plugins.baseline.large_step import LARGE_BUILDS, large_step
from monitor_plugins.baseline.localizing import localize
from monitor_plugins.baseline.pruning import MIN_LENGTH
from monitor_plugins.baseline.robust import median
from monitor_plugins.baseline.spells import MOST_SPELL_BUILDS, lasts

WINDOW_BUILDS = 200
"""Builds that are looked at: more find the past's steps again and again, and take longer."""

SUSPICION = Rules(rank_z=3.3, standard_errors=3.0, smallest_effect=0.035, wander_multiple=2.0)
"""What raises a suspicion; looser than for a whole series, since it is not said aloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What convinces after so many builds."""

    builds_after: int
    rules: Rules


CONFIRMATIONS = (
    Confirmation(
        builds_after=6,
        rules=Rules(rank_z=3.5, standard_errors=10.0, smallest_effect=0.045, wander_multiple=4.0),
    ),
    Confirmation(
        builds_after=8,
        rules=Rules(rank_z=4.5, standard_errors=4.0, smallest_effect=0.045, wander_multiple=4.0),
    ),
)
"""A change far out of the noise is believed soon, any other once ranks can tell: six builds after
cannot bring the rank test above 4.1, eight above 4.6. Measured by benchmarks/detection_scores.py,
and on the same noise with steps of our own: 8 standard errors, or 4.2 with 8 builds, tell half a
build sooner and claim 5 % more that is false; 50 to 80 builds below score alike."""

FEW_AFTER = 30
"""With so few builds of the new level the row is sought by likelihood: of 250 steps that were
found, it puts 10 more within 5 builds of where they are. With more, ranks do as well."""

JUDGED_BUILDS = 80
"""A change that was not confirmed by then is not news any more; each further look at it would
only add to the chances of a false claim. The baseline of the whole series still has it."""

NEWEST_BUILDS = 3
"""Their median must be nearer to the new level, so that a burst which ended convinces no more."""

LOOKS = 2
"""A change convinces so many looks in a row before it is confirmed."""

SAME_ROWS = 5
"""Two looks that differ by no more mean the same change."""

SAID_ROWS = 10
"""And this close to what was said, nothing is said again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A change that was suspected or confirmed with build `detected_at`."""

    state: Literal["suspected", "confirmed"]
    detected_at: int
    change: Change
    """Its index counts from the first build of the series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What a detector remembers beside the last values of the series."""

    count: int = 0
    """Builds so far."""
    looks: Mapping[int, int] = field(default_factory=dict)
    """Index of a suspected change -> looks in a row that found it convincing."""
    said: tuple[int, ...] = ()
    """Indexes of confirmed changes."""


class RegressionDetector:
    """Judges one series, a value a build in the order of time; remembers `WINDOW_BUILDS`."""

    def __init__(
        self,
        memory: Memory | None = None,
        values: Iterable[float] = (),
        *,
        large_builds: int = LARGE_BUILDS,
        days: Sequence[int] = (),
    ) -> None:
        """A new one, or one that goes on from a `memory` and the last values of the series.

        `days` are those of these values and of the next one; without them all are of many.
        """
        self._large_builds = large_builds
        self._days = days
        memory = memory or Memory()
        self._window = deque(values, maxlen=WINDOW_BUILDS)
        self._count = memory.count
        self._looks = dict(memory.looks)
        self._said = list(memory.said)
        self._doubted: tuple[Change, ...] = ()

    @property
    def memory(self) -> Memory:
        """What it remembers now."""
        return Memory(count=self._count, looks=dict(self._looks), said=tuple(self._said))

    @property
    def doubted(self) -> tuple[Change, ...]:
        """What the last look saw without being sure; indexes count from the first build."""
        return self._doubted

    def observe(self, value: float) -> tuple[Finding, ...]:
        """Take the next build's value; what became suspected or confirmed by it."""
        self._window.append(value)
        self._count += 1
        values = list(self._window)
        first = self._count - len(values)
        self._said = [index for index in self._said if index >= first - SAID_ROWS]
        large = self._find_large(values)
        said = (self._say(large, first),) if large else ()
        return (*said, *self._look(values, first))

    def _look(self, values: list[float], first: int) -> tuple[Finding, ...]:
        """What one more look at all builds of the window brings; `first` is their first index."""
        findings, doubted = [], []
        seen: dict[int, int] = {}
        for change in find_changes(values, SUSPICION):
            index = first + change.index
            if self._count - index > JUDGED_BUILDS or self._is_said(index):
                continue
            looks = self._looks_at(index)
            is_sure = _is_convincing(change) and self._lasts(values, change)
            seen[index] = (looks or 0) + 1 if is_sure else 0
            if seen[index] >= LOOKS:
                findings.append(self._say(change, first))
                continue
            doubted.append(replace(change, index=index))
            if looks is None:
                findings.append(self._finding("suspected", change, first))
        self._looks, self._doubted = seen, tuple(doubted)
        return tuple(findings)

    def _find_large(self, values: list[float]) -> Change | None:
        """A large step that began a few builds ago and was not said."""
        first = self._count - len(values)
        start = max([0, len(values) - self._large_builds - REACH, *(s - first for s in self._said)])
        change = large_step(values[start:], self._large_builds)
        if change is None or self._is_said(first + start + change.index):
            return None
        row = start + change.index
        is_long = lasts(values, row, (change.before, change.after), least=self._large_builds)
        return replace(change, index=row) if is_long else None

    def _looks_at(self, index: int) -> int | None:
        """Convincing looks in a row until now; None for what was not even seen."""
        near = [looks for at, looks in self._looks.items() if abs(at - index) <= SAME_ROWS]
        return max(near, default=None)

    def _is_said(self, index: int) -> bool:
        return any(abs(said - index) <= SAID_ROWS for said in self._said)

    def _lasts(self, values: Sequence[float], change: Change) -> bool:
        """Whether builds and days enough passed since, and the newest are still of its level."""
        newest = [median(values[-NEWEST_BUILDS:])]
        if rest := values[change.index + change.rows_after :]:
            newest.append(median(rest))
        if not all(_is_nearer(level, change.after, change.before) for level in newest):
            return False
        row = _located(values, change).index
        levels = change.before, change.after
        if self._days and not outlasts_day(self._days, values, row, levels):
            return False
        is_long = lasts(values, row, levels, least=MIN_LENGTH)
        return is_long and not self._ends_spell(values, change)

    def _ends_spell(self, values: Sequence[float], change: Change) -> bool:
        """Whether it only leads back from a few builds of which nothing was said."""
        start = max(0, change.index - 2 * MOST_SPELL_BUILDS)
        first = self._count - len(values)
        is_told = any(start <= said - first < change.index for said in self._said)
        usual = median(values[start : change.index])
        return not is_told and _is_nearer(usual, change.after, change.before)

    def _say(self, change: Change, first: int) -> Finding:
        change = _located(list(self._window), change)
        self._said.append(first + change.index)
        return self._finding("confirmed", change, first)

    def _finding(
        self, state: Literal["suspected", "confirmed"], change: Change, first: int
    ) -> Finding:
        moved = replace(change, index=first + change.index)
        return Finding(state=state, detected_at=self._count - 1, change=moved)


def _is_nearer(value: float, one: float, other: float) -> bool:
    return abs(value - one) < abs(value - other)


def _is_convincing(change: Change) -> bool:
    return any(
        change.rows_after >= one.builds_after and change.satisfies(one.rules)
        for one in CONFIRMATIONS
    )


def _located(values: Sequence[float], change: Change) -> Change:
    """The change with the row that most likely began it."""
    if change.rows_after > FEW_AFTER:
        return change
    return replace(change, index=localize(values, change.index).best)
