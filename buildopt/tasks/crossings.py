"""Tasks of one call that get into each other's way, and the records that must wait until it shows.

A record is withheld while a task runs that was running with it: both may write one path, and then
nobody knows whose content was recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from buildopt.cache.records import Withheld, give_out, throw_away
from buildopt.steps.footprint import paths_of
from buildopt.steps.hazards import Clash, Footprint, Hazards
from buildopt.tasks.order import Order


class Crossing(NamedTuple):
    """Two tasks and a path that both touched; `missing` is who should depend on whom, or nobody."""

    path: str
    later: str
    """The task that ended last, and is not stored."""
    other: str
    did: str
    """`both wrote`, or what the other one did: `read` or `wrote`."""
    missing: tuple[str, str] | None


class _Waiting(NamedTuple):
    records: tuple[Withheld, ...]
    for_whom: set[str]


class Crossings:
    """What the tasks of one call read and wrote, by their ids."""

    def __init__(self, order: Order) -> None:
        self._hazards = Hazards(lambda a, b: order.is_before(a.owner, b.owner))
        self._beside: dict[str, set[str]] = {}
        """Of each running task those that ran at the same time and have not told what they did."""
        self._waiting: dict[str, _Waiting] = {}
        self._spoiled: set[str] = set()
        self.found: list[Crossing] = []

    def began(self, name: str) -> None:
        """A task is started that may write."""
        for others in self._beside.values():
            others.add(name)
        self._beside[name] = {*self._beside} - {name}

    def told(
        self, name: str, read: frozenset[str], wrote: frozenset[str]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Take note of what a task did; the paths against its record, and earlier tasks of
        which what they recorded is in doubt now.
        """
        clashes = self._hazards.add(Footprint(name, 0, 0, read, wrote))
        self.found += _crossings(name, clashes)
        spoiled = {clash.other for clash in clashes if clash.both_wrote} & self._beside_of(name)
        for other in spoiled & self._waiting.keys():
            throw_away(self._waiting.pop(other).records)
        self._spoiled |= spoiled
        self._no_longer_beside(name)
        return paths_of(clashes), tuple(sorted(spoiled))

    def ended(self, name: str, records: Iterable[Withheld], *, is_known: bool) -> None:
        """A task has ended with these records; `is_known`: it has told all that it did."""
        records = tuple(records)
        if not is_known:
            for other, waiting in list(self._waiting.items()):
                if name in waiting.for_whom:
                    throw_away(waiting.records)
                    del self._waiting[other]
        self._no_longer_beside(name)
        beside = self._beside.pop(name, set())
        if name in self._spoiled:
            throw_away(records)
        elif beside and records:
            self._waiting[name] = _Waiting(records, beside)
        else:
            give_out(records)

    def _beside_of(self, name: str) -> set[str]:
        """Those that ran at the same time, whether they have told or not."""
        waiting = {other for other, each in self._waiting.items() if name in each.for_whom}
        running = {other for other, beside in self._beside.items() if name in beside}
        return waiting | running

    def _no_longer_beside(self, name: str) -> None:
        """Nothing is waited for on account of this task any more."""
        for beside in self._beside.values():
            beside.discard(name)
        for other, waiting in list(self._waiting.items()):
            waiting.for_whom.discard(name)
            if not waiting.for_whom:
                give_out(self._waiting.pop(other).records)


def _crossings(name: str, clashes: Iterable[Clash]) -> Iterable[Crossing]:
    """One for each other task: the first path tells well enough what two are about."""
    seen: set[str] = set()
    for clash in clashes:
        if clash.other not in seen:
            seen.add(clash.other)
            did = "both wrote" if clash.both_wrote else clash.other_did
            yield Crossing(clash.path, name, clash.other, did, _missing(name, clash))


def _missing(name: str, clash: Clash) -> tuple[str, str] | None:
    """Who should have said that it depends on whom."""
    if clash.in_order:
        return None
    return (clash.other, name) if clash.other_did == "read" else (name, clash.other)
