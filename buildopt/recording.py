"""Records a run that really took place, unless anything about it is unsound."""

from __future__ import annotations

import os
import time
from collections.abc import Container
from typing import NamedTuple

from buildopt.cache import look, lookup, room, search_path, store
from buildopt.cache.fingerprint import States
from buildopt.cache.occurrences import occurring
from buildopt.cache.tokens import BUILD_ENVIRONMENT
from buildopt.cache.variables import UNNAMED
from buildopt.execute.stdin import stdin_content, stdin_offset
from buildopt.model import (
    CacheEntry,
    Execution,
    NotStored,
    Observation,
    Observed,
    OutputState,
    Trace,
)
from buildopt.results import relative_subjects, stored_event
from buildopt.secrets_found import secrets_of
from buildopt.session import Run, made_by_run, named, seconds_since, variable_observations


class Recorded(NamedTuple):
    """A record that was made: the trace, and the entry to which it leads."""

    trace: Trace
    entry: CacheEntry


def record(run: Run, execution: Execution, observed: Observed) -> Recorded | tuple[NotStored, ...]:
    """Record the run; the command is done, so no trouble of ours may hide its result."""
    temporary = run.task.environment.get("TMPDIR") or "/tmp"
    if full := room.full_folder(run.task.root, temporary):
        return (NotStored(kind="storage", subject=f"{full}: no space left"),)
    try:
        return _stored(run, execution, observed)
    except Exception as error:  # noqa: BLE001  # promise 3
        return (NotStored(kind="storage", subject=named(error)),)


def _stored(run: Run, execution: Execution, observed: Observed) -> Recorded | tuple[NotStored, ...]:
    """Record the run, unless an input changed meanwhile or something cannot be kept."""
    observations = (*variables_that_count(run, observed), *observed.observations)
    outputs, removed = observed.outputs, observed.removed
    read_bytes = stdin_offset(run.policy.stdin) - run.stdin_offset
    execution = execution._replace(stdin_bytes=read_bytes)
    started_ns = time.monotonic_ns()
    try:
        with run.progress.step("storing", lambda: store.size_of(outputs)):
            stored = store.store(outputs, removed, execution, run.artifacts, _sought(run))
        # Only now: who changes inputs and builds meanwhile also changes outputs not yet stored.
        if against := _changes(run, observations, observed):
            return against
        trace = Trace(
            key="",
            task_key=run.task.key,
            observations=observations,
            entry_key="",
            recorded_ns=time.time_ns(),
            run_id=run.stores.journal.run_id,
            shape=look.shape_of(execution.chunks or (), run.look),
        )
        entry = stored.entry._replace(spared=_spared(run, observed))
        trace = run.records.record(run.task, trace, entry)
    except store.CannotStore as trouble:
        reason = NotStored(kind="incomplete", subject=trouble.subject)
        return _changes(run, observations, observed) or relative_subjects([reason], run.task.root)
    except OSError as error:
        reason = NotStored(kind="storage", subject=error.strerror or str(error))
        return _changes(run, observations, observed) or (reason,)
    run.owned.update(made_by_run(stored.entry, observations), removed)
    run.stores.journal.append(stored_event(run.task, trace, stored, seconds_since(started_ns)))
    return Recorded(trace, entry._replace(key=trace.entry_key))


def _sought(run: Run) -> store.Sought:
    environment = run.task.environment
    is_for_one_build = bool(environment.get(BUILD_ENVIRONMENT))
    return store.Sought(run.task.root, secrets_of(environment), is_for_one_build)


def _spared(run: Run, observed: Observed) -> tuple[OutputState, ...]:
    """What earlier runs had made and this one left, as far as it is still there."""
    others = run.owned.paths() - {*observed.outputs, *observed.removed}
    return tuple(run.owned.states[path] for path in sorted(others) if os.path.lexists(path))


def _changes(
    run: Run, observations: tuple[Observation, ...], observed: Observed
) -> tuple[NotStored, ...]:
    """What is not any more as the run found it, but for what it made itself."""
    made = frozenset(observed.outputs) | frozenset(observed.removed)
    gone = frozenset(observed.removed)
    own = lookup.own_paths(observations, observed.outputs, run.owned, run.task.told_files)
    now = run.states(own=own)
    unmade = [_without(o, gone) for o in observations if o.subject not in made]
    with run.progress.step("checking inputs"):
        changed = [r.subject for r in now.differences(unmade) if r.subject not in made]
    changed += [o.subject for o in unmade if _was_touched(o, now)]
    if changed:
        once = list(dict.fromkeys(changed))[:20]
        reasons = [NotStored(kind="input-changed", subject=path) for path in once]
        return relative_subjects(reasons, run.task.root)
    if stdin_content(run.policy.stdin, run.stores.secret, run.stdin_offset) != run.stdin:
        return (NotStored(kind="stdin", subject="file"),)
    return ()


def variables_that_count(run: Run, observed: Observed) -> tuple[Observation, ...]:
    """The variables of the record: of a traced run those that it need not know of without their
    values, unless it may have looked at them, and with the `PATH` what it looked for there.
    """
    seen = variable_observations(run.variables)
    optional = run.optional_variables
    if optional:
        unnamed = optional - _named(run, observed, optional)
        seen = tuple(o._replace(value=UNNAMED) if o.subject in unnamed else o for o in seen)
    path = run.search_path
    if path is None:
        return seen
    names = path.names_among(o.subject for o in observed.observations if o.kind != "environment")
    return tuple(
        o._replace(value=path.value(o.value, names)) if o.subject == search_path.NAME else o
        for o in seen
    )


def _named(run: Run, observed: Observed, names: frozenset[str]) -> set[str]:
    """Those of the variables that the run may have looked at: all, where what it read is gone."""
    paths = [o.subject for o in observed.observations if o.kind in ("file", "tool")]
    made = {*observed.outputs, *observed.removed, *observed.remade}
    if not made.isdisjoint(paths):
        return set(names)
    return occurring(names, run.words, observed.observations)


def _without(observation: Observation, removed: Container[str]) -> Observation:
    """The observation as it is after the run, which has `removed` what a listing showed before."""
    if observation.kind != "listing" or not removed:
        return observation
    base = observation.subject.rstrip("/") + "/"
    entries = observation.value.split("/")
    left = "/".join(entry for entry in entries if base + entry[1:] not in removed)
    return observation._replace(value=left)


def _was_touched(observation: Observation, now: States) -> bool:
    """Whether a file with the same content is not the same file any more.

    Somebody may have changed it and put it back while the command read it.
    """
    signature = now.signatures.get(observation.subject)
    return observation.signature is not None and signature != observation.signature
