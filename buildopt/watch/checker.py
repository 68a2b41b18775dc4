"""Whether what the last round's runs looked at is still as they met it. This alone decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from buildopt.cache.artifacts import Damaged
from buildopt.cache.memo import Memo
from buildopt.execute.streams import describe_streams
from buildopt.model import CacheEntry, Observation, Trace
from buildopt.session import Run, Stores, begin
from buildopt.tasks.outcome import GraphEnd
from buildopt.tasks.stages import AnswerStage
from buildopt.tasks.work import Work
from buildopt.watch.loop import Checked

Row = tuple[str, str]
"""Kind and subject of something that was looked at."""


class Known(NamedTuple):
    """What one task looked at in the last round, and what it made."""

    run: Run
    observations: tuple[Observation, ...]
    made: frozenset[str]
    record: tuple[Trace, CacheEntry] | None
    """None: that run left none."""


class Checker:
    """What the last round left behind, to be compared with the present as often as wanted."""

    def __init__(self, works: Mapping[str, Work], stores: Stores, end: GraphEnd) -> None:
        self._known: list[Known] = []
        self.unknown: list[str] = []
        """Ids of the tasks of which nothing was seen: whatever changes may concern them."""
        memo = None
        for name in end.results:
            known = _known(works[name], stores, end, name, memo)
            if known is None:
                self.unknown.append(name)
            else:
                self._known.append(known)
                memo = known.run.memo

    def check(self) -> Checked:
        """The subjects that differ, and those of them that a task itself wrote."""
        differing: set[str] = set()
        by_run: set[str] = set()
        for known in self._known:
            found = _differing(known)
            differing |= found
            by_run |= found & known.made
        return Checked(frozenset(differing), frozenset(by_run))

    def rows(self) -> Iterable[Row]:
        """All that was looked at."""
        for known in self._known:
            for observation in known.observations:
                yield observation.kind, observation.subject

    def made(self) -> frozenset[str]:
        """All that the tasks wrote."""
        return frozenset().union(*(known.made for known in self._known))


def _known(work: Work, stores: Stores, end: GraphEnd, name: str, memo: Memo | None) -> Known | None:
    if work.unobserved or work.observer is None:
        return None
    stage = AnswerStage(describe_streams(), lambda _read, _wrote: ())
    run = begin(work.task, work.policy, work.observer, stores, stage, memo)
    seen, key = end.seen.get(name), end.results[name].record
    if seen is not None:
        return Known(run, seen.observations, seen.made, None)
    if not key:
        return None
    try:
        trace = run.records.read_trace(work.task, key)
        entry = run.records.read_entry(trace.entry_key)
    except Damaged:
        return None
    made = frozenset((*(output.path for output in entry.outputs), *entry.removed))
    return Known(run, trace.observations, made, (trace, entry))


def _differing(known: Known) -> set[str]:
    if known.record is None:
        states = known.run.states(own=known.made)
        return {reason.subject for reason in states.differences(known.observations)}
    trace, entry = known.record
    states = known.run.states(trace, entry)
    found = {reason.subject for reason in states.differences(known.observations)}
    return found | {each.path for each in entry.outputs if not states.is_in_place(each)}
