"""Finds the record that holds now, newest first, or says what changed since the last run here."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from buildopt.cache import look as looks
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
    near: list[tuple[SealedTrace, CacheEntry]] = []
    damaged: list[MissReason] = []
    unfit: list[MissReason] = []
    moved_on: list[MissReason] = []
    facts: dict[bytes, bytes] = {}
    for name in names[:CANDIDATES]:
        try:
            sealed = finder.records.read_sealed(task, name)
            entry = finder.records.read_entry(sealed.entry_key)
            if sealed.contradicts(facts):
                near.append((sealed, entry))
                continue
            trace = finder.records.decode(task, sealed)
        except (Damaged, ValueError) as damage:
            damaged.append(MissReason(kind="damaged", subject=f"record {str(damage)[:12]}"))
            continue
        reason = _unfit(trace, entry, finder)
        if reason:
            unfit.append(reason)
            near.append((sealed, entry))
            continue
        states = finder.states_for(trace, entry)
        difference = states.first_difference(trace.observations)
        if difference is None:
            if _may_be_coloured(trace, finder, states.words):
                unfit.append(_other_look(trace, finder))
                continue
            if not _has_its_state(trace, entry, states):
                path = _obstacle(entry, finder, states)
                if path:
                    moved_on.append(MissReason(kind="file-changed", subject=path))
                    continue
                entry = entry._replace(outputs=entry.outputs + entry.spared, renews=True)
            missing = _missing_content(entry, finder.artifacts)
            if missing is None:
                return Found(
                    lookup=Hit(trace=trace, entry=entry),
                    states=states,
                    candidates=len(names),
                    usual_s=entry.usage.duration_s,
                )
            damaged.append(missing)
            continue
        facts.update(_facts(difference, trace, states, finder.records.tokens))
        near.append((sealed, entry))
    reasons = tuple(moved_on[:1]) or _changes(task, near, finder) or tuple(damaged or unfit)
    return Found(
        lookup=Miss(reasons=reasons or _no_record(task, finder)),
        states=finder.states_for(None, None),
        candidates=len(names),
        usual_s=_usual_s(near),
    )


def own_paths(
    observations: Iterable[Observation], outputs: Iterable[str], owned: Ownership
) -> frozenset[str]:
    """Paths that a listing leaves out: what the task made, but for what the trace depends on."""
    depended_on = {
        o.subject for o in observations if o.kind not in ("absent", "listing", "attributes")
    }
    return frozenset({*outputs, *(owned.paths() - depended_on)})


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


def _changes(
    task: Task, near: Sequence[tuple[SealedTrace, CacheEntry]], finder: Finder
) -> tuple[MissReason, ...]:
    """What is not as the last run here had it, as far as can be told which record that was.

    One with fewer differences may be another branch's, and tell what nobody has changed.
    """
    ours = [pair for pair in near if _is_in_place(pair[1], finder.owned)] or near
    if not ours:
        return ()
    sealed, entry = max(ours, key=lambda pair: _used_ns(task, pair[0].name, finder.records))
    try:
        trace = finder.records.decode(task, sealed)
    except Damaged as damage:
        return (MissReason(kind="damaged", subject=f"record {str(damage)[:12]}"),)
    return finder.states_for(trace, entry).differences(trace.observations)


def _is_in_place(entry: CacheEntry, owned: Ownership) -> bool:
    """Whether what the task has made here is what this entry gives."""
    made = [output for output in entry.outputs if output.kind != "directory"]
    kept = [(output, owned.states[output.path]) for output in made if output.path in owned.states]
    return bool(kept or not made) and all(_content(here) == _content(given) for given, here in kept)


def _content(output: OutputState) -> str:
    return output.fast_digest or output.digest


def _used_ns(task: Task, name: str, records: Records) -> int:
    """When a record was made or last answered a run."""
    try:
        return os.stat(records.path(task, name)).st_mtime_ns
    except OSError:
        return 0


def _usual_s(near: Sequence[tuple[SealedTrace, CacheEntry]]) -> float:
    """The middle one of the durations: one run alone may have had an idle or a busy machine."""
    durations_s = sorted(entry.usage.duration_s for _, entry in near)
    return durations_s[len(durations_s) // 2] if durations_s else 0.0


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
    for name, now in (("inputs", task.inputs), ("outputs", task.outputs)):
        if kin[name] != list(now):
            before, after = " ".join(kin[name]), " ".join(now)
            return (MissReason(kind="settings", subject=name, before=before, after=after),)
    return (MissReason(kind="settings", subject="task"),)
