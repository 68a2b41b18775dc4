"""Parts of one run that get into each other's way: what one wrote, the other wrote or read.

Of two in order the later one may read what the earlier one wrote, and change what it has read.
Of others nobody knows who comes first the next time. A step inside another is a part of it: what
it does the other does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple


class Footprint(NamedTuple):
    """What a step or task read and wrote; when, as two moments of `Hazards.now`.

    `number` tells the steps of a run apart, and `around` has those that it is a part of.
    """

    owner: str
    began: int
    ended: int
    read: frozenset[str]
    wrote: frozenset[str]
    number: int = 0
    around: frozenset[int] = frozenset()


class Clash(NamedTuple):
    """A path for which one that ended must not be stored, and the other that it is about."""

    path: str
    other: str
    other_did: Literal["read", "wrote"]
    both_wrote: bool
    in_order: bool


IsBefore = Callable[[Footprint, Footprint], bool]


def ended_before(earlier: Footprint, later: Footprint) -> bool:
    """Whether they ran one after the other, as the parts of one script do."""
    return earlier.ended <= later.began


class Hazards:
    """The footprints of one run; `is_before` says whether two, told in this order, are in order."""

    def __init__(self, is_before: IsBefore = ended_before) -> None:
        self._is_before = is_before
        self._moment = 0
        self._writers: dict[str, list[Footprint]] = {}
        self._readers: dict[str, list[Footprint]] = {}

    def now(self) -> int:
        """A moment later than all that were told before."""
        self._moment += 1
        return self._moment

    def add(self, footprint: Footprint) -> tuple[Clash, ...]:
        """Take note of one that ended; what it must not be stored for, by path."""
        found = sorted(self._clashes(footprint))
        for path in footprint.wrote:
            self._writers.setdefault(path, []).append(footprint)
        for path in footprint.read:
            self._readers.setdefault(path, []).append(footprint)
        return tuple(found)

    def _clashes(self, new: Footprint) -> Iterator[Clash]:
        for path in new.wrote:
            for other in self._others(self._writers, path, new):
                in_order = self._is_before(other, new)
                if not (in_order and path in new.read):
                    yield Clash(path, other.owner, "wrote", both_wrote=True, in_order=in_order)
            for other in self._others(self._readers, path, new):
                if path not in other.wrote and not self._is_before(other, new):
                    yield Clash(path, other.owner, "read", both_wrote=False, in_order=False)
        for path in new.read & self._writers.keys():
            for other in self._others(self._writers, path, new):
                if path not in new.wrote and not self._is_before(other, new):
                    yield Clash(path, other.owner, "wrote", both_wrote=False, in_order=False)

    @staticmethod
    def _others(
        known: dict[str, list[Footprint]], path: str, new: Footprint
    ) -> Iterator[Footprint]:
        return (
            other
            for other in known.get(path, ())
            if other.owner != new.owner and new.number not in other.around
        )
