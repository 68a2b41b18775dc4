"""Finds the record that holds now, newest first, or says why the nearest one does not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import NamedTuple

from buildopt.cache import streams
from buildopt.cache.artifacts import Artifacts, Damaged
from buildopt.cache.fingerprint import States
from buildopt.cache.ownership import Ownership
from buildopt.cache.records import Records
from buildopt.model import CacheEntry, Hit, Lookup, Miss, MissReason, Observation, Task, Trace

CANDIDATES = 8
"""Records of the same environment that are tried."""
CANDIDATES_FOR_REASONS = 3
"""Records that are compared in full to find the nearest one."""


class Finder(NamedTuple):
    """What a look-up needs; `states_for` makes the present as seen apart from own outputs."""

    records: Records
    artifacts: Artifacts
    owned: Ownership
    variables_name: str
    states_for: Callable[[Trace | None, CacheEntry | None], States]
    joined: bool
    terminal: bool
    root: str


class Found(NamedTuple):
    """A look-up's answer, with the present under which it was found."""

    lookup: Lookup
    states: States
    candidates: int


def find(task: Task, finder: Finder) -> Found:
    """Look `task` up; never raises for a damaged or unreadable record."""
    names = finder.records.candidates(task, finder.variables_name)
    near: list[tuple[Trace, CacheEntry]] = []
    damaged: list[MissReason] = []
    unfit: list[MissReason] = []
    for name in names[:CANDIDATES]:
        try:
            trace = finder.records.read_trace(task, name)
            entry = finder.records.read_entry(trace.entry_key)
        except Damaged as damage:
            damaged.append(MissReason(kind="damaged", subject=f"record {damage.digest[:12]}"))
            continue
        reason = _unfit(trace, entry, finder)
        if reason:
            unfit.append(reason)
            near.append((trace, entry))
            continue
        states = finder.states_for(trace, entry)
        if states.first_difference(trace.observations) is None:
            missing = _missing_content(entry, finder.artifacts)
            if missing is None:
                return Found(
                    lookup=Hit(trace=trace, entry=entry), states=states, candidates=len(names)
                )
            damaged.append(missing)
            continue
        near.append((trace, entry))
    reasons = _nearest(near, finder) or tuple(damaged or unfit) or _no_record(task, finder)
    states = finder.states_for(None, None)
    return Found(lookup=Miss(reasons=reasons), states=states, candidates=len(names))


def own_paths(
    observations: Iterable[Observation], outputs: Iterable[str], owned: Ownership
) -> frozenset[str]:
    """Paths that a listing leaves out: what the task made, but for what the trace depends on."""
    depended_on = {
        o.subject for o in observations if o.kind not in ("absent", "listing", "attributes")
    }
    return frozenset({*outputs, *(owned.paths() - depended_on)})


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
    if not streams.serves(trace.shape, joined=finder.joined, terminal=finder.terminal):
        before = _streams_in_words(trace.shape[0] == "j", trace.shape.endswith("t"))
        after = _streams_in_words(finder.joined, finder.terminal)
        return MissReason(kind="settings", subject="streams", before=before, after=after)
    return None


def _streams_in_words(joined: bool, terminal: bool) -> str:  # noqa: FBT001  # private, two places
    where = "a terminal" if terminal else "pipes"
    return f"{where}, both as one" if joined else where


def _missing_content(entry: CacheEntry, artifacts: Artifacts) -> MissReason | None:
    for output in entry.outputs:
        if output.kind == "file" and not artifacts.has(output.digest, output.size_bytes):
            return MissReason(kind="damaged", subject=output.path, before="stored", after="lost")
    return None


def _nearest(near: list[tuple[Trace, CacheEntry]], finder: Finder) -> tuple[MissReason, ...]:
    best: tuple[MissReason, ...] = ()
    for trace, entry in near[:CANDIDATES_FOR_REASONS]:
        states = finder.states_for(trace, entry)
        reasons = states.differences(trace.observations)
        if not best or len(reasons) < len(best):
            best = reasons
        if len(best) == 1:
            break  # no record can be nearer
    return best


def _no_record(task: Task, finder: Finder) -> tuple[MissReason, ...]:
    kin = finder.records.kin(task)
    if kin is None:
        return (MissReason(kind="no-record", subject="task"),)
    shorten = finder.records.tokens.shorten
    argv = [finder.records.tokens.shorten_text(argument) for argument in task.argv]
    if kin["argv"] != argv:
        before, after = " ".join(kin["argv"]), " ".join(argv)
        return (MissReason(kind="command", subject="arguments", before=before, after=after),)
    if kin["directory"] != shorten(task.directory):
        after = shorten(task.directory)
        return (
            MissReason(kind="command", subject="directory", before=kin["directory"], after=after),
        )
    return (MissReason(kind="settings", subject="task", before="recorded", after="other"),)
