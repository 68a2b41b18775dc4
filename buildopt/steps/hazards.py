"""Steps of one run that get into each other's way: what one wrote, the other wrote or read.

Steps in a row are in order: the later one may read what the earlier one wrote, and change what it
has read. Of steps that ran at the same time nobody knows who came first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Footprint(NamedTuple):
    """What a step read and wrote, and when: two moments of `Hazards.now`."""

    task_key: str
    began: int
    ended: int
    read: frozenset[str]
    wrote: frozenset[str]


class Hazards:
    """The footprints of one run's steps."""

    def __init__(self) -> None:
        self._moment = 0
        self._known: list[Footprint] = []

    def now(self) -> int:
        """A moment later than all that were told before."""
        self._moment += 1
        return self._moment

    def add(self, footprint: Footprint) -> tuple[str, ...]:
        """Take note of a step that ended; the paths for which it must not be stored."""
        found = {path for other in self._known for path in _between(other, footprint)}
        self._known.append(footprint)
        return tuple(sorted(found))


def _between(earlier: Footprint, later: Footprint) -> Iterable[str]:
    if earlier.task_key == later.task_key:
        return ()
    both_wrote = earlier.wrote & later.wrote
    if earlier.ended <= later.began:
        return both_wrote - later.read
    return both_wrote | (earlier.read & later.wrote) | (earlier.wrote & later.read)
