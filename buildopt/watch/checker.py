"""Whether what the last round's runs looked at is still as they met it. This alone decides."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from buildopt.cache.artifacts import Damaged
from buildopt.cache.fingerprint import States
from buildopt.cache.memo import Memo
from buildopt.execute.streams import describe_streams
from buildopt.model import CacheEntry, Observation, Trace
from buildopt.session import Run, Stores, begin
from buildopt.tasks.outcome import GraphEnd
from buildopt.tasks.stages import AnswerStage
from buildopt.tasks.work import Work
from buildopt.watch.ignores import is_editor_name
from buildopt.watch.loop import Checked
from buildopt.watch.polling import Signature, signature

Row = tuple[str, str]
"""Kind and subject of something that was looked at."""


class Known(NamedTuple):
    """What one task looked at in the last round, and what it made."""

    run: Run
    observations: tuple[Observation, ...]
    made: frozenset[str]
    failed: bool
    record: tuple[Trace, CacheEntry] | None
    """None: that run left none."""

    @property
    def subjects(self) -> frozenset[str]:
        """All paths that it looked at."""
        return frozenset(each.subject for each in self.observations)


class Checker:
    """What the last round left behind, to be compared with the present as often as wanted."""

    def __init__(
        self,
        works: Mapping[str, Work],
        stores: Stores,
        end: GraphEnd,
        began_ns: int = 0,
        before: Mapping[str, str] | None = None,
    ) -> None:
        """`began_ns` is when the round began, and `before` what files were in the one before it."""
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
        self._left = _left_behind(self._known)
        self._late = {
            path for known in self._known for path in _late(known, began_ns, before or {})
        }

    def check(self, told: frozenset[str] = frozenset()) -> Checked:
        """The subjects that differ, and those of them that are as the round itself left them.

        Where one that was told to have changed differs, and by somebody else's doing, nothing
        else is looked at: that makes a run, which looks at everything.
        """
        if told:
            found = self._compared(lambda known: _differing_of(known, told))
            if found.differing - found.by_run:
                return found
        return self._compared(_differing)

    def _compared(self, look: Callable[[Known], set[str]]) -> Checked:
        """What `look` finds of each task, without what says nothing.

        A run that failed need not see what it wrote, and none what was not there before it came.
        Outside of the project nobody knows who changed what during a run; it counts afterwards.
        """
        differing: set[str] = set()
        by_run: set[str] = set()
        for known in self._known:
            found = look(known) | (self._late & known.subjects)
            own = {path for path in found & self._left.keys() if self._is_as_left(path)}
            if not known.failed:
                absent = {each.subject for each in known.observations if each.kind == "absent"}
                outside = {path for path in own if _is_outside(path, known)}
                found -= outside | (own & absent & known.made)
            else:
                found -= own
            differing |= found
            by_run |= found & own
        return Checked(frozenset(differing), frozenset(by_run))

    def _is_as_left(self, path: str) -> bool:
        return signature(path) == self._left[path]

    def rows(self) -> Iterable[Row]:
        """All that was looked at."""
        for known in self._known:
            for observation in known.observations:
                yield observation.kind, observation.subject

    def files(self) -> dict[str, str]:
        """What the files were that the tasks read."""
        return {
            each.subject: each.value
            for known in self._known
            for each in known.observations
            if each.kind == "file"
        }

    def made(self) -> frozenset[str]:
        """All that the tasks wrote."""
        return frozenset().union(*(known.made for known in self._known))


def _known(work: Work, stores: Stores, end: GraphEnd, name: str, memo: Memo | None) -> Known | None:
    if work.unobserved or work.observer is None:
        return None
    stage = AnswerStage(describe_streams(), lambda _read, _wrote: ())
    run = begin(work.task, work.policy, work.observer, stores, stage, memo)
    result = end.results[name]
    seen, key, failed = end.seen.get(name), result.record, bool(result.exit_code or result.signal)
    if seen is not None:
        return Known(run, seen.observations, seen.made, failed, None)
    if not key:
        return None
    try:
        trace = run.records.read_trace(work.task, key)
        entry = run.records.read_entry(trace.entry_key)
    except Damaged:
        return None
    made = frozenset((*(output.path for output in entry.outputs), *entry.removed))
    return Known(run, trace.observations, made, failed, (trace, entry))


def _left_behind(all_known: Sequence[Known]) -> dict[str, Signature | None]:
    """How a round leaves what one of its tasks made and one looked at, or two made.

    And what one looked at outside of the project, where it left no record.
    """
    subjects = {each.subject for known in all_known for each in known.observations}
    makers = Counter(path for known in all_known for path in known.made)
    left = {path for path, count in makers.items() if count > 1 or path in subjects}
    for known in all_known:
        if known.record is None:
            left |= {o.subject for o in known.observations if _is_outside(o.subject, known)}
    return {path: signature(path) for path in left}


def _late(known: Known, began_ns: int, before: Mapping[str, str]) -> Iterator[str]:
    """Inputs that somebody wrote since the round began, of a run that left no record.

    What it read may be what was there before, and what is known of it what is there now. A file
    that is as it was in the round before was touched only.
    """
    if known.record is not None or not began_ns:
        return
    for each in known.observations:
        is_new = before.get(each.subject) != each.value
        if each.kind == "file" and is_new and each.subject not in known.made:
            now = None if _is_outside(each.subject, known) else signature(each.subject)
            if now is not None and now[2] >= began_ns:
                yield each.subject


def _is_outside(path: str, known: Known) -> bool:
    return not path.startswith(known.run.task.root.rstrip("/") + "/")


def _differing(known: Known) -> set[str]:
    if known.record is None:
        states = known.run.states(own=known.made)
        return set(_changed(states, known.observations))
    trace, entry = known.record
    states = known.run.states(trace, entry)
    found = set(_changed(states, known.observations))
    return found | {each.path for each in entry.outputs if not states.is_in_place(each)}


def _differing_of(known: Known, told: frozenset[str]) -> set[str]:
    """Of what was told only, and of the folders in which that is."""
    folders = {os.path.dirname(path) for path in told}
    observations = [
        each
        for each in known.observations
        if each.subject in told or (each.kind == "listing" and each.subject in folders)
    ]
    trace, entry = known.record or (None, None)
    states = known.run.states(trace, entry, own=known.made)
    return set(_changed(states, observations))


def _changed(states: States, observations: Sequence[Observation]) -> Iterator[str]:
    """The subjects that differ, but for folders in which only an editor left or took a file."""
    listings = {each.subject: each for each in observations if each.kind == "listing"}
    for reason in states.differences(observations):
        if reason.kind == "environment":  # ours, which is the same in all rounds
            continue
        listing = listings.get(reason.subject) if reason.kind == "listing-changed" else None
        if listing is None or not _is_editors_own(listing.value, states.value(listing) or ""):
            yield reason.subject


def _is_editors_own(before: str, after: str) -> bool:
    """Whether two listings differ in the names of editors' own files only."""
    names = (set(before.split("/")) ^ set(after.split("/"))) - {""}
    return all(is_editor_name(name[1:]) for name in names)
