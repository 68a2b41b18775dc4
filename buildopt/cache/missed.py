"""Why a task is not answered: what is not as its last run here had it, and how long runs take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from buildopt.cache.artifacts import Damaged
from buildopt.cache.ownership import Ownership
from buildopt.cache.records import Records
from buildopt.cache.sealed_trace import SealedTrace
from buildopt.model import CacheEntry, MissReason, OutputState, Task

if TYPE_CHECKING:
    from buildopt.cache.lookup import Finder


def changes(
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
        return (damaged_record(damage),)
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


def usual_s(near: Sequence[tuple[SealedTrace, CacheEntry]]) -> float:
    """The middle one of the durations: one run alone may have had an idle or a busy machine."""
    durations_s = sorted(entry.usage.duration_s for _, entry in near)
    return durations_s[len(durations_s) // 2] if durations_s else 0.0


def no_record(task: Task, records: Records) -> tuple[MissReason, ...]:
    """Why a task without a record has none: what differs from one that is its like."""
    kin = records.kin(task)
    if kin is None:
        return (MissReason(kind="no-record", subject="task"),)
    shorten = records.tokens.shorten
    argv = [records.tokens.shorten_text(argument) for argument in task.argv]
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


def damaged_record(damage: Exception) -> MissReason:
    """The reason of a record that cannot be read."""
    return MissReason(kind="damaged", subject=f"record {str(damage)[:12]}")
