"""Finds the record that holds now, newest first, or says what changed since the last run here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from buildopt.cache import look as looks
from buildopt.cache import missed
from buildopt.cache.artifacts import Artifacts, Damaged
from buildopt.cache.fingerprint import States
from buildopt.cache.occurrences import occurring
from buildopt.cache.ownership import Ownership
from buildopt.cache.records import Records
from buildopt.cache.sealed_trace import SealedTrace, fact
from buildopt.cache.tokens import Tokens
from buildopt.model import (
    CacheEntry,
    Hit,
    Lookup,
    Miss,
    MissReason,
    Observation,
    OutputState,
    Task,
    Trace,
)

CANDIDATES = 8
"""Records of the same environment that are tried."""


class Finder(NamedTuple):
    """What a look-up needs; `states_for` makes the present as seen apart from own outputs."""

    records: Records
    artifacts: Artifacts
    owned: Ownership
    variables_name: str
    states_for: Callable[[Trace | None, CacheEntry | None], States]
    look: looks.Look
    root: str


class Found(NamedTuple):
    """A look-up's answer, with the present under which it was found."""

    lookup: Lookup
    states: States
    candidates: int
    usual_s: float = 0.0
    """How long the command takes when it really runs; 0: nobody knows."""


def find(task: Task, finder: Finder) -> Found:
    """Look `task` up; never raises for a damaged or unreadable record."""
    names = finder.records.candidates(task, finder.variables_name)
    tried = _Tried(task, finder)
    for name in names[:CANDIDATES]:
        held = tried.one(name)
        if held:
            hit, states = held
            return Found(hit, states, len(names), hit.entry.usage.duration_s)
    miss = Miss(reasons=tried.reasons() or missed.no_record(task, finder.records))
    return Found(miss, finder.states_for(None, None), len(names), missed.usual_s(tried.near))


class _Tried:
    """What was found of the records that were tried, newest first."""

    def __init__(self, task: Task, finder: Finder) -> None:
        self._task = task
        self._finder = finder
        self._facts: dict[bytes, bytes] = {}
        self._moved_on: list[MissReason] = []
        self._damaged: list[MissReason] = []
        self._unfit: list[MissReason] = []
        self.near: list[tuple[SealedTrace, CacheEntry]] = []
        """Whole records that do not hold."""

    def one(self, name: str) -> tuple[Hit, States] | None:
        """The record of that name if it holds, with the present under which it does."""
        records = self._finder.records
        try:
            sealed = records.read_sealed(self._task, name)
            entry = records.read_entry(sealed.entry_key)
            if sealed.contradicts(self._facts):
                self.near.append((sealed, entry))
                return None
            trace = records.decode(self._task, sealed)
        except (Damaged, ValueError) as damage:
            self._damaged.append(missed.damaged_record(damage))
            return None
        if reason := _unfit(trace, entry, self._finder):
            self._unfit.append(reason)
            self.near.append((sealed, entry))
            return None
        states = self._finder.states_for(trace, entry)
        if difference := states.first_difference(trace.observations):
            self._facts.update(_facts(difference, trace, states, records.tokens))
            self.near.append((sealed, entry))
            return None
        hit = self._whole(trace, entry, states)
        return (hit, states) if hit else None

    def reasons(self) -> tuple[MissReason, ...]:
        """Why none holds: what moved on, what changed since the last run here, what is damaged."""
        changes = tuple(self._moved_on[:1]) or missed.changes(self._task, self.near, self._finder)
        return changes or tuple(self._damaged or self._unfit)

    def _whole(self, trace: Trace, entry: CacheEntry, states: States) -> Hit | None:
        """The hit of a record whose observations hold, if all that it gives can be given."""
        if _may_be_coloured(trace, self._finder, states.words):
            self._unfit.append(_other_look(trace, self._finder))
            return None
        if not _has_its_state(trace, entry, states):
            if path := _obstacle(entry, self._finder, states):
                self._moved_on.append(MissReason(kind="file-changed", subject=path))
                return None
            entry = entry._replace(outputs=entry.outputs + entry.spared, renews=True)
        if missing := _missing_content(entry, self._finder.artifacts):
            self._damaged.append(missing)
            return None
        return Hit(trace=trace, entry=entry)


def own_paths(
    observations: Iterable[Observation],
    outputs: Iterable[str],
    owned: Ownership,
    told_files: Iterable[str] = (),
) -> frozenset[str]:
    """Paths that a listing leaves out: what the task made and what we write about it, but for what
    the trace depends on.
    """
    depended_on = {
        o.subject for o in observations if o.kind not in ("absent", "listing", "attributes")
    }
    return frozenset({*outputs, *({*owned.paths(), *told_files} - depended_on)})


def _facts(
    difference: MissReason, trace: Trace, states: States, tokens: Tokens
) -> Iterator[tuple[bytes, bytes]]:
    """What the file that differs is now: an older record may be known by it not to hold."""
    for observation in trace.observations:
        if observation.subject == difference.subject and observation.kind in ("file", "tool"):
            yield fact(tokens.shorten(observation.subject), states.value(observation))


def _unfit(trace: Trace, entry: CacheEntry, finder: Finder) -> MissReason | None:
    """Why a record cannot serve here, whatever its observations say."""
    if entry.bound_to and entry.bound_to != finder.root:
        return MissReason(
            kind="settings",
            subject="directory",
            before=entry.bound_to,
            after=finder.root,
        )
    if entry.named and entry.named != os.path.basename(finder.root):
        return MissReason(
            kind="settings",
            subject="directory",
            before=entry.named,
            after=os.path.basename(finder.root),
        )
    if looks.serves(trace.shape, finder.look) == "no":
        return _other_look(trace, finder)
    return None


def _has_its_state(trace: Trace, entry: CacheEntry, states: States) -> bool:
    """Whether what an incremental tool keeps for its next run is as this record left it."""
    kept = {o.subject for o in trace.observations if "|" in o.value}
    of_state = (output for output in (*entry.outputs, *entry.spared) if output.path in kept)
    return all(states.is_in_place(output) for output in of_state)


def _obstacle(entry: CacheEntry, finder: Finder, states: States) -> str:
    """What the run left alone and cannot come back with the tool's state, which tells of it.

    It is not the task's own any more, or not stored. Nothing, where all of it can.
    """
    for output in entry.spared:
        is_stored = output.kind != "file" or finder.artifacts.has(output.digest, output.size_bytes)
        if not (is_stored and _is_ours(output, finder.owned, states)):
            return output.path
    return ""


def _is_ours(output: OutputState, owned: Ownership, states: States) -> bool:
    """Whether there is nothing but what this record or another one of the task gives."""
    state = owned.states.get(output.path)
    if states.is_in_place(output) or (state is not None and states.is_in_place(state)):
        return True
    return not os.path.lexists(output.path)


def _other_look(trace: Trace, finder: Finder) -> MissReason:
    before, after = looks.words_of(trace.shape), finder.look.words
    return MissReason(kind="settings", subject="streams", before=before, after=after)


def _may_be_coloured(trace: Trace, finder: Finder, words: Iterable[str]) -> bool:
    """Whether a run might heed a wish for colour that was not there when it was recorded."""
    if looks.serves(trace.shape, finder.look) != "unless-named":
        return False
    return bool(occurring(looks.VARIABLES, words, trace.observations))


def _missing_content(entry: CacheEntry, artifacts: Artifacts) -> MissReason | None:
    for output in entry.outputs:
        if output.kind == "file" and not artifacts.has(output.digest, output.size_bytes):
            return MissReason(kind="damaged", subject=output.path, before="stored", after="lost")
    return None
