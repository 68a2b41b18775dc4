"""One run, from look-up to record: the page to read first.

    run_task
      ├ look_up                the newest record whose every observation holds
      ├ Hit   -> _answered     fresh: outputs in place; restored: outputs written back
      └ Miss  -> _executed     the command runs under observation
            _stored            inputs unchanged meanwhile -> artifacts, entry, trace

Our own trouble never changes what the command gives: at worst it really runs and nothing is
stored, with the reason in the result.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container, Mapping, Sequence
from typing import NamedTuple

from buildopt import hit
from buildopt.cache import (
    locks,
    lookup,
    memo,
    ownership,
    records,
    restore,
    store,
    streams,
    variables,
)
from buildopt.cache.artifacts import Artifacts, Damaged
from buildopt.cache.fingerprint import States
from buildopt.cache.layout import Layout
from buildopt.cache.tokens import Tokens
from buildopt.events import (
    CacheLookup,
    DamageFound,
    OutputCounts,
    RunFinished,
)
from buildopt.execute.command import ChildSetup, Command, StdinChoice, Unobserved
from buildopt.execute.environment import child_environment
from buildopt.execute.process import execute
from buildopt.execute.stdin import consume_stdin, stdin_content, stdin_is_open, stdin_offset
from buildopt.execute.streams import describe_streams
from buildopt.journal import Journal
from buildopt.model import (
    CacheEntry,
    CacheMode,
    Chunk,
    Execution,
    Hit,
    Miss,
    MissReason,
    NotStored,
    Observation,
    Observed,
    OutputState,
    Task,
    Trace,
)
from buildopt.observe.observer import Observer, Watch
from buildopt.results import (
    count_inputs,
    count_outputs,
    relative,
    relative_subjects,
    stored_event,
    tell_task,
)


class Policy(NamedTuple):
    """How a call wants to use the cache and start the command."""

    cache: CacheMode = "read-write"
    force: bool = False
    stdin: StdinChoice = "inherit"
    pass_fds: bool = False
    uses_memo: bool = True
    trouble: NotStored | None = None
    """Why the cache cannot be used at all; the command then just runs."""

    @property
    def reads(self) -> bool:
        """Whether a hit may answer."""
        return self.cache in ("read-write", "read") and not self.force

    @property
    def writes(self) -> bool:
        """Whether a run may be recorded."""
        return self.cache in ("read-write", "write")


class Stores(NamedTuple):
    """The cache as one call sees it, and the journal it writes to."""

    layout: Layout
    secret: bytes
    tokens: Tokens
    journal: Journal


class Finished(NamedTuple):
    """A run's end: its result, and the signal by which the caller has to end, or 0.

    `fresh` says how the same call can be answered from now on, None where it cannot.
    """

    result: RunFinished
    signal: int = 0
    fresh: Fresh | None = None


class Fresh(NamedTuple):
    """A state found to be as recorded, for the hit index."""

    observations: tuple[Observation, ...]
    states: States
    record_path: str
    entry: CacheEntry
    chunks: tuple[Chunk, ...]


class _Run(NamedTuple):
    """What the steps of one run share."""

    task: Task
    policy: Policy
    observer: Observer
    stores: Stores
    artifacts: Artifacts
    records: records.Records
    owned: ownership.Ownership
    memo: memo.Memo
    variables: Mapping[str, str]
    folder: str
    stdin: Mapping[str, str]
    stdin_offset: int
    joined: bool
    terminal: bool
    started_ns: int

    def states(
        self,
        trace: Trace | None = None,
        entry: CacheEntry | None = None,
        own: frozenset[str] = frozenset(),
    ) -> States:
        """The present, its listings taken without `own` and what a record gives back."""
        if trace is not None and entry is not None:
            own = lookup.own_paths(trace, entry, self.owned)
        outputs = {o.path: o for o in entry.outputs} if entry else {}
        return States(self.memo, self.variables, self._list_folder, own, self.owned.states, outputs)

    def _list_folder(self, folder: str, own: Container[str]) -> str:
        return self.observer.list_folder(self.task, folder, own)

    @property
    def plan_path(self) -> str:
        """Where a restore of this task keeps its plan."""
        return os.path.join(self.folder, f"{self.task.key}.plan")


def run_task(task: Task, policy: Policy, observer: Observer | None, stores: Stores) -> Finished:
    """Answer `task` or run it. Raises BuildoptError only where the command cannot be started."""
    if policy.trouble:
        return _unobserved(task, policy, stores, policy.trouble)
    if policy.cache == "off":
        return _unobserved(task, policy, stores, _CACHE_OFF)
    if observer is None:
        undeclared = NotStored(kind="undeclared", subject="inputs")
        return _unobserved(task, policy, stores, undeclared)
    run = _begin(task, policy, observer, stores)
    lock = locks.acquire(os.path.join(run.folder, f"{task.key}.lock"))
    try:
        found = _recover_and_look_up(run)
        if isinstance(found.lookup, Hit) and policy.reads and not stdin_is_open(policy.stdin):
            finished, reason = _answered(run, found.lookup, found.states)
            if finished is not None:
                consume_stdin(policy.stdin)
                return finished
            found = found._replace(lookup=Miss(reasons=(reason,)))
        return _executed(run, found)
    finally:
        run.memo.save()
        locks.release(lock)


def look_up_only(
    task: Task, observer: Observer, stores: Stores
) -> tuple[lookup.Found, tuple[Observation, ...]]:
    """What a run would be answered with, touching nothing; and what the record observed."""
    run = _begin(task, Policy(), observer, stores)
    found = look_up(run)
    held = found.lookup.trace.observations if isinstance(found.lookup, Hit) else ()
    return found, held


def look_up(run: _Run) -> lookup.Found:
    """The record that holds now, or why none does."""
    return lookup.find(
        run.task,
        lookup.Finder(
            records=run.records,
            artifacts=run.artifacts,
            owned=run.owned,
            variables_name=records.variables_digest(_variable_observations(run.variables)),
            states_for=run.states,
            joined=run.joined,
            terminal=run.terminal,
            root=run.task.root,
        ),
    )


_CACHE_OFF = NotStored(kind="settings", subject="cache")


def _begin(task: Task, policy: Policy, observer: Observer, stores: Stores) -> _Run:
    folder = stores.layout.checkout(task.root)
    ours = describe_streams()
    offset = stdin_offset(policy.stdin)
    stdin = stdin_content(policy.stdin, stores.secret, offset)
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
    except OSError:
        pass  # whatever cannot be written later is told then
    return _Run(
        task=task,
        policy=policy,
        observer=observer,
        stores=stores,
        artifacts=Artifacts(stores.layout),
        records=records.Records(stores.layout, stores.tokens),
        owned=_owned(task, os.path.join(folder, f"{task.key}.owned")),
        memo=memo.load(os.path.join(folder, "memo"), enabled=policy.uses_memo),
        variables=variables.digests(task, stores.secret, stores.tokens) | stdin,
        stdin=stdin,
        stdin_offset=offset,
        folder=folder,
        joined=ours.is_joined,
        terminal="terminal" in (ours.stdout, ours.stderr),
        started_ns=time.monotonic_ns(),
    )


def _owned(task: Task, path: str) -> ownership.Ownership:
    if task.strict_outputs:
        return ownership.Ownership(path, task.root)
    return ownership.load(path, task.root)


def _recover_and_look_up(run: _Run) -> lookup.Found:
    """Never fails a build: a cache that cannot be read is one without a record."""
    try:
        _recover(run)
        return look_up(run)
    except Exception as error:  # noqa: BLE001  # promise 3: our own trouble is one event
        run.stores.journal.append(DamageFound(subject=_named(error), action="not looked up"))
        reason = MissReason(kind="damaged", subject="cache", after=_named(error))
        states = run.states()
        return lookup.Found(lookup=Miss(reasons=(reason,)), states=states, candidates=0)


def _recover(run: _Run) -> None:
    """Finish what a killed run left half-way in this checkout, before anything is looked up."""
    try:
        plans = [item.path for item in os.scandir(run.folder) if item.name.endswith(".plan")]
    except OSError:
        return
    for plan in plans:
        states = run.states()
        if plan == run.plan_path:  # its lock is the one we hold
            restore.recover_one(plan, run.artifacts, states)
        elif not restore.recover(plan, run.artifacts, states):
            continue
        subject = os.path.basename(plan)
        run.stores.journal.append(DamageFound(subject=subject, action="mended a restore"))


def _answered(run: _Run, found: Hit, states: States) -> tuple[Finished | None, MissReason]:
    """Give back what was recorded; None with a reason where the record turns out damaged."""
    lookup_s = _seconds_since(run.started_ns)
    kept = {o.subject for o in found.trace.observations}
    try:
        chunks = streams.unpack(run.artifacts.get_bytes(found.entry.streams_digest))
        chunks = _fit_for_replay(chunks)
        plan = restore.plan_for(found.entry, run.owned, kept, states)
        if not plan.is_empty:
            restore.apply(plan, run.artifacts, run.plan_path, states)
    except restore.Blocked as blocked:
        run.owned.disown(blocked.path)
        return None, MissReason(kind="file-appeared", subject=blocked.path)
    except (Damaged, ValueError) as damage:
        restore.undo(run.plan_path, states)
        run.stores.journal.append(DamageFound(subject=str(damage)[:64], action="dropped"))
        return None, MissReason(kind="damaged", subject="artifact", before=str(damage)[:12])
    except OSError as error:
        restore.undo(run.plan_path, states)
        return None, MissReason(
            kind="damaged", subject=error.filename or "outputs", after=error.strerror or ""
        )
    restore_s = _seconds_since(run.started_ns) - lookup_s
    run.owned.update(_made(found.entry, found.trace.observations), plan.removals)
    run.records.touch(run.task, found.trace.key)
    for chunk in chunks:
        hit.write_all(2 if chunk.stream == "stderr" else 1, chunk.data)
    took_s = _seconds_since(run.started_ns)
    result = RunFinished(
        run_id=run.stores.journal.run_id,
        task=run.task.name,
        command=run.task.argv,
        directory=run.task.directory,
        outcome="fresh" if plan.is_empty else "restored",
        exit_code=found.entry.exit_code,
        observer=run.observer.name,
        duration_s=took_s,
        time_saved_s=max(0.0, found.entry.usage.duration_s - took_s),
        lookup_s=lookup_s,
        restore_s=restore_s,
        inputs=count_inputs(found.trace.observations),
        outputs=count_outputs(found.entry, len(plan.removals)),
        record=found.trace.key,
        project=run.task.project,
        root=run.task.root,
    )
    fresh = _fresh(run, found.trace, found.entry, chunks)
    return Finished(result=result, fresh=fresh), MissReason(kind="damaged", subject="")


def _executed(run: _Run, found: lookup.Found) -> Finished:
    """Really run the command, and record it where everything about it is sound."""
    lookup_s = _seconds_since(run.started_ns)
    forced = MissReason(kind="forced", subject="task")
    is_hit = isinstance(found.lookup, Hit)
    passed_over = MissReason(kind="settings", subject="stdin") if run.policy.reads else forced
    reasons = (passed_over,) if isinstance(found.lookup, Hit) else found.lookup.reasons
    reasons = relative(reasons, run.task.root)
    if run.policy.force:
        reasons = (forced,)
    run.stores.journal.append(
        CacheLookup(
            task=run.task.name,
            result="bypass" if is_hit or run.policy.force else "miss",
            miss_reasons=reasons,
            candidates=found.candidates,
        )
    )
    watch = _watch(run)
    setup = Unobserved() if isinstance(watch, NotStored) else watch
    execution = _execute(run.task, run.policy, setup, run.stores.journal.run_id)
    observed = _finish(watch)
    not_stored = _reasons_against(execution)
    not_stored += relative_subjects(observed.incomplete, run.task.root)
    trace: Trace | None = None
    entry: CacheEntry | None = None
    if not run.policy.writes:
        not_stored = (_CACHE_OFF,)
    elif not not_stored:
        observations = (*_variable_observations(run.variables), *observed.observations)
        trace, entry, not_stored = _stored_safely(run, execution, observed, observations)
    if not trace:
        run.owned.update((), ())
    result = RunFinished(
        run_id=run.stores.journal.run_id,
        task=run.task.name,
        command=run.task.argv,
        directory=run.task.directory,
        outcome="executed",
        exit_code=execution.exit_code,
        signal=execution.signal or None,
        stored=trace is not None,
        not_stored=not_stored,
        miss_reasons=reasons,
        observer=run.observer.name,
        duration_s=_seconds_since(run.started_ns),
        lookup_s=lookup_s,
        inputs=count_inputs(observed.observations, len(run.variables)),
        outputs=count_outputs(entry, 0) if entry else OutputCounts(files=len(observed.outputs)),
        cpu_s=execution.usage.cpu_s,
        peak_memory_bytes=execution.usage.peak_memory_bytes,
        record=trace.key if trace else "",
        project=run.task.project,
        root=run.task.root,
    )
    tell_task(run.stores.journal, result)
    fresh = None
    if trace and entry and run.policy.reads:
        fresh = _fresh(run, trace, entry, _fit_for_replay(execution.chunks or ()))
    return Finished(result=result, signal=execution.signal, fresh=fresh)


def _watch(run: _Run) -> Watch | NotStored:
    """The run's observation, or why there is none."""
    try:
        return run.observer.watch(run.task, run.states().digest, run.owned.paths())
    except Exception as error:  # noqa: BLE001  # promise 3
        return NotStored(kind="incomplete", subject=_named(error))


def _finish(watch: Watch | NotStored) -> Observed:
    """What was seen; an observer's own trouble makes it incomplete and costs the build nothing."""
    if isinstance(watch, NotStored):
        return Observed(incomplete=(watch,))
    try:
        return watch.finish()
    except Exception as error:  # noqa: BLE001  # promise 3
        return Observed(incomplete=(NotStored(kind="incomplete", subject=_named(error)),))


def _stored_safely(
    run: _Run,
    execution: Execution,
    observed: Observed,
    observations: tuple[Observation, ...],
) -> tuple[Trace | None, CacheEntry | None, tuple[NotStored, ...]]:
    """Record the run; the command is done, so no trouble of ours may hide its result."""
    try:
        return _stored(run, execution, observations, observed.outputs, observed.removed)
    except Exception as error:  # noqa: BLE001  # promise 3
        return None, None, (NotStored(kind="storage", subject=_named(error)),)


def _stored(
    run: _Run,
    execution: Execution,
    observations: tuple[Observation, ...],
    outputs: Sequence[str],
    removed: tuple[str, ...],
) -> tuple[Trace | None, CacheEntry | None, tuple[NotStored, ...]]:
    """Record the run, unless an input changed meanwhile or something cannot be kept."""
    own = frozenset(outputs) | (run.owned.paths() - {o.subject for o in observations})
    made = frozenset(outputs) | frozenset(removed)
    now = run.states(own=own)
    unmade = [o for o in observations if o.subject not in made]
    changed = [reason.subject for reason in now.differences(unmade)]
    changed += [o.subject for o in unmade if _was_touched(o, now)]
    if changed:
        once = list(dict.fromkeys(changed))[:20]
        named = [NotStored(kind="input-changed", subject=path) for path in once]
        return None, None, relative_subjects(named, run.task.root)
    if stdin_content(run.policy.stdin, run.stores.secret, run.stdin_offset) != run.stdin:
        return None, None, (NotStored(kind="stdin", subject="file"),)
    started_ns = time.monotonic_ns()
    try:
        stored = store.store(outputs, removed, execution, run.artifacts, run.task.root)
        trace = Trace(
            key="",
            task_key=run.task.key,
            observations=observations,
            entry_key="",
            recorded_ns=time.time_ns(),
            run_id=run.stores.journal.run_id,
            shape=streams.shape_of(execution.chunks or (), terminal=run.terminal),
        )
        entry = stored.entry._replace(spared=tuple(sorted(run.owned.paths() - made)))
        trace = run.records.record(run.task, trace, entry)
    except store.CannotStore as trouble:
        reason = NotStored(kind="incomplete", subject=trouble.subject)
        return None, None, relative_subjects([reason], run.task.root)
    except OSError as error:
        return None, None, (NotStored(kind="storage", subject=error.strerror or str(error)),)
    run.owned.update(_made(stored.entry, observations), removed)
    run.stores.journal.append(stored_event(run.task, trace, stored, _seconds_since(started_ns)))
    return trace, entry._replace(key=trace.entry_key), ()


def _was_touched(observation: Observation, now: States) -> bool:
    """Whether a file with the same content is not the same file any more.

    Somebody may have changed it and put it back while the command read it.
    """
    signature = now.signatures.get(observation.subject)
    return observation.signature is not None and signature != observation.signature


def _made(entry: CacheEntry, observations: Sequence[Observation]) -> tuple[OutputState, ...]:
    """Outputs whose content the run made: not an input of which it only changed the mode."""
    inputs = {o.subject: o.value[:32] for o in observations if o.kind in ("file", "tool")}
    return tuple(
        o for o in entry.outputs if inputs.get(o.path, "") != o.fast_digest or not o.fast_digest
    )


def _fit_for_replay(chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
    """The chunks without what only a live run may print: queries, titles, orders to a CI system."""
    if not any(b"\x1b" in chunk.data or b"::" in chunk.data for chunk in chunks):
        return chunks
    from buildopt.execute.replay import chunks_for  # compiles its patterns, 5 ms

    ours = describe_streams()
    return tuple(chunks_for(chunks, recorded=ours, target=ours))


def _fresh(run: _Run, trace: Trace, entry: CacheEntry, chunks: tuple[Chunk, ...]) -> Fresh | None:
    """What a hit index may vouch for: everything looked at once more, all of it as recorded."""
    states = run.states(trace, entry)
    kept = {o.subject for o in trace.observations}
    if states.first_difference(trace.observations) is not None:
        return None
    try:
        plan = restore.plan_for(entry, run.owned, kept, states)
    except restore.Blocked:
        return None
    if not plan.is_empty:
        return None
    return Fresh(
        observations=trace.observations,
        states=states,
        record_path=run.records.path(run.task, trace.key),
        entry=entry,
        chunks=chunks,
    )


def _unobserved(task: Task, policy: Policy, stores: Stores, reason: NotStored) -> Finished:
    """Run the command and remember nothing of it but the event."""
    started_ns = time.monotonic_ns()
    execution = _execute(task, policy, Unobserved(), stores.journal.run_id)
    result = RunFinished(
        run_id=stores.journal.run_id,
        task=task.name,
        command=task.argv,
        directory=task.directory,
        outcome="executed",
        exit_code=execution.exit_code,
        signal=execution.signal or None,
        not_stored=(*_reasons_against(execution), reason),
        observer="off",
        duration_s=_seconds_since(started_ns),
        cpu_s=execution.usage.cpu_s,
        peak_memory_bytes=execution.usage.peak_memory_bytes,
        project=task.project,
        root=task.root,
    )
    tell_task(stores.journal, result)
    return Finished(result=result, signal=execution.signal)


def _execute(task: Task, policy: Policy, setup: ChildSetup | Watch, run_id: str) -> Execution:
    command = Command(
        argv=task.argv,
        directory=task.directory,
        environment=child_environment(task.environment, run_id=run_id),
        stdin=policy.stdin,
        pass_fds=policy.pass_fds,
    )
    return execute(command, setup)


def _reasons_against(execution: Execution) -> tuple[NotStored, ...]:
    if execution.signal:
        return (NotStored(kind="signal", subject=str(execution.signal)), *execution.not_stored)
    if execution.exit_code:
        return (NotStored(kind="failed", subject=str(execution.exit_code)), *execution.not_stored)
    return execution.not_stored


def _variable_observations(digests: Mapping[str, str]) -> tuple[Observation, ...]:
    return tuple(
        Observation(kind="environment", subject=name, value=value)
        for name, value in digests.items()
    )


def _named(error: Exception) -> str:
    """An error as a short text for an event."""
    return f"{type(error).__name__}: {error}"[:200]


def _seconds_since(started_ns: int) -> float:
    return (time.monotonic_ns() - started_ns) / 1e9
