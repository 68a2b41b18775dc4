"""One run, from look-up to record: the page to read first.

    run_task
      ├ look_up                the newest record whose every observation holds
      ├ Hit   -> answered     fresh: outputs in place; restored: outputs written back
      └ Miss  -> really_run    the command runs under observation
            _stored            inputs unchanged meanwhile -> artifacts, entry, trace

Our own trouble never changes what the command gives: at worst it really runs and nothing is
stored, with the reason in the result.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from buildopt.answer import answered, fit_for_replay, fresh_state
from buildopt.cache import (
    locks,
    lookup,
    records,
    restore,
)
from buildopt.cache.memo import Memo
from buildopt.events import (
    CacheLookup,
    DamageFound,
    OutputCounts,
)
from buildopt.execute.outlet import Outlet
from buildopt.execute.stdin import stdin_is_open
from buildopt.model import (
    Execution,
    Hit,
    Miss,
    MissReason,
    NotStored,
    Observation,
    Observed,
    Task,
)
from buildopt.observe.observer import Observer
from buildopt.recording import Recorded, record
from buildopt.results import (
    Seen,
    count_inputs,
    count_outputs,
    ended,
    relative,
    relative_subjects,
    result_of,
    tell_task,
    with_steps,
)
from buildopt.session import (
    Finished,
    Policy,
    Run,
    Stores,
    begin,
    named,
    seconds_since,
    variable_observations,
)
from buildopt.watched import OutletTo, OwnStage, run_unwatched, run_watched

if TYPE_CHECKING:
    from buildopt.steps.requests import Interpret


def run_task(
    task: Task,
    policy: Policy,
    observer: Observer | None,
    stores: Stores,
    interpret: Interpret | None = None,
) -> Finished:
    """Answer `task` or run it. Raises BuildoptError only where the command cannot be started.

    `interpret` makes tasks of the calls of `buildopt run` inside; else they have no records.
    """
    reason = why_unobserved(policy, observer)
    if reason or observer is None:
        return run_unobserved(task, policy, stores, reason or UNDECLARED)
    started_ns = time.monotonic_ns()
    stage = OwnStage(lambda step: answer_or_run(step).result, interpret=interpret)
    lock = locks.acquire(os.path.join(stores.layout.checkout(task.root), f"{task.key}.lock"))
    try:
        # After the wait: a run that held the lock has changed what this task owns here.
        run = begin(task, policy, observer, stores, stage)._replace(started_ns=started_ns)
        finished = answer_or_run(run)
    finally:
        locks.release(lock)
    return finished._replace(result=with_steps(finished.result, stage.steps))


def answer_or_run(run: Run) -> Finished:
    """Answer a run that was begun, or have it take place."""
    try:
        answer = try_to_answer(run, recover_all)
        return answer if isinstance(answer, Finished) else really_run(run, answer)
    finally:
        run.memo.save()


def try_to_answer(run: Run, recover: Callable[[Run], None]) -> Finished | lookup.Found:
    """The answer from a record, all of it given back; else what was found instead.

    `recover` puts right what killed runs left half-way, before anything is looked up.
    """
    policy = run.policy
    found = _recover_and_look_up(run, recover)
    if isinstance(found.lookup, Hit) and policy.reads and not stdin_is_open(policy.stdin):
        answer = answered(run, found.lookup, found.states)
        if isinstance(answer, Finished):
            return answer
        found = found._replace(lookup=Miss(reasons=(answer,)))
    return found


def why_unobserved(policy: Policy, observer: Observer | None) -> NotStored | None:
    """Why a command is neither looked up nor watched; None: it is."""
    if policy.cache == "off":
        return _CACHE_OFF
    return policy.trouble or (UNDECLARED if observer is None else None)


def look_up_only(
    task: Task, observer: Observer, stores: Stores, known: Memo | None = None
) -> tuple[lookup.Found, tuple[Observation, ...]]:
    """What a run would be answered with, touching nothing; and what the record observed.

    `known` is the memo of the checkout, where it is loaded already.
    """
    run = begin(task, Policy(), observer, stores, OwnStage(), known)
    found = look_up(run)
    held = found.lookup.trace.observations if isinstance(found.lookup, Hit) else ()
    return found, held


def look_up(run: Run) -> lookup.Found:
    """The record that holds now, or why none does."""
    found = lookup.find(
        run.task,
        lookup.Finder(
            records=run.records,
            artifacts=run.artifacts,
            owned=run.owned,
            variables_name=records.variables_digest(variable_observations(run.variables)),
            states_for=run.states,
            look=run.look,
            root=run.task.root,
        ),
    )
    return found if found.candidates else _unless_evicted(run, found)


def _unless_evicted(run: Run, found: lookup.Found) -> lookup.Found:
    """Of a task without a record: whether it had one that was evicted."""
    from buildopt.cache import tombstones  # only a task without a record asks

    day = tombstones.day_of(run.stores.layout.task(run.task.project, run.task.key))
    if not day:
        return found
    reason = MissReason(kind="evicted", subject="task", before=day)
    return found._replace(lookup=Miss(reasons=(reason,)))


_TOO_CHEAP = MissReason(kind="settings", subject="cost")
_COST = NotStored(kind="settings", subject="cost")
_CACHE_OFF = NotStored(kind="settings", subject="cache")
UNDECLARED = NotStored(kind="undeclared", subject="inputs")


def _recover_and_look_up(run: Run, recover: Callable[[Run], None]) -> lookup.Found:
    """Never fails a build: a cache that cannot be read is one without a record."""
    try:
        recover(run)
        if not run.policy.is_worth_answering:
            miss = Miss(reasons=(_TOO_CHEAP,))
            return lookup.Found(lookup=miss, states=run.states(), candidates=0)
        with run.progress.step("checking inputs"):
            return look_up(run)
    except Exception as error:  # noqa: BLE001  # promise 3: our own trouble is one event
        run.stores.journal.append(DamageFound(subject=named(error), action="not looked up"))
        reason = MissReason(kind="damaged", subject="cache", after=named(error))
        states = run.states()
        return lookup.Found(lookup=Miss(reasons=(reason,)), states=states, candidates=0)


def recover_all(run: Run) -> None:
    """Finish what a killed run left half-way in this checkout, before anything is looked up."""
    try:
        plans = [item.path for item in os.scandir(run.folder) if item.name.endswith(".plan")]
    except OSError:
        return
    for plan in plans:
        recover_plan(run, plan)


def recover_plan(run: Run, plan: str) -> None:
    """Finish or undo the restore with the plan at this path, unless it is under way."""
    states = run.states()
    if plan == run.plan_path:  # its lock is the one we hold
        restore.recover_one(plan, run.artifacts, states)
    elif not restore.recover(plan, run.artifacts, states):
        return
    subject = os.path.basename(plan)
    run.stores.journal.append(DamageFound(subject=subject, action="mended a restore"))


def really_run(run: Run, found: lookup.Found) -> Finished:
    """Really run the command, and record it where everything about it is sound."""
    lookup_s = seconds_since(run.started_ns)
    reasons = _tell_lookup(run, found)
    execution, observed = run_watched(run, found.usual_s)
    recorded = _recorded(run, execution, observed)
    is_stored = isinstance(recorded, Recorded)
    if not is_stored:
        run.owned.update((), ())
    result = result_of(
        run.task,
        run.stores.journal,
        "executed",
        stored=is_stored,
        not_stored=() if is_stored else recorded,
        miss_reasons=reasons,
        observer=run.observer.name,
        duration_s=seconds_since(run.started_ns),
        lookup_s=lookup_s,
        inputs=count_inputs(observed.observations, len(run.variables)),
        outputs=_outputs_of(recorded, observed),
        record=recorded.trace.key if isinstance(recorded, Recorded) else "",
        **ended(execution, run.stores.journal.secrets),
    )
    tell_task(run.stores.journal, result, _seen(run, observed))
    fresh = None
    if isinstance(recorded, Recorded) and run.policy.reads and run.stage.keeps_fresh_state:
        chunks = fit_for_replay(execution.chunks or (), run.stage.streams)
        fresh = fresh_state(run, recorded.trace, recorded.entry, chunks)
    made = (*observed.outputs, *observed.remade)
    return Finished(result=result, fresh=fresh, made=made)


def _seen(run: Run, observed: Observed) -> Seen:
    """What its event names beside its result."""
    observations = (*variable_observations(run.variables), *observed.observations)
    return Seen(
        observed=observed._replace(observations=observations),
        home=run.task.environment.get("HOME", ""),
        size_of=run.memo.size_bytes,
    )


def _tell_lookup(run: Run, found: lookup.Found) -> tuple[MissReason, ...]:
    """Journal why the command runs; the reasons."""
    is_hit = isinstance(found.lookup, Hit)
    if run.policy.force or (is_hit and not run.policy.reads):
        reasons: tuple[MissReason, ...] = (MissReason(kind="forced", subject="task"),)
    elif isinstance(found.lookup, Hit):
        reasons = (MissReason(kind="settings", subject="stdin"),)
    else:
        reasons = relative(found.lookup.reasons, run.task.root)
    run.stores.journal.append(
        CacheLookup(
            task=run.task.name,
            result="bypass" if is_hit or run.policy.force else "miss",
            miss_reasons=reasons,
            candidates=found.candidates,
        )
    )
    return reasons


def _recorded(
    run: Run, execution: Execution, observed: Observed
) -> Recorded | tuple[NotStored, ...]:
    """The record of a run, or the reasons against one."""
    if not run.policy.is_worth_answering:
        return (_COST,)
    if not run.policy.writes:
        return (_CACHE_OFF,)
    against = _reasons_against(execution)
    against += relative_subjects(observed.incomplete, run.task.root)
    return against or record(run, execution, observed)


def _outputs_of(recorded: Recorded | tuple[NotStored, ...], observed: Observed) -> OutputCounts:
    if isinstance(recorded, Recorded):
        return count_outputs(recorded.entry, 0)
    return OutputCounts(files=len(observed.outputs))


def run_unobserved(
    task: Task, policy: Policy, stores: Stores, reason: NotStored, outlet_to: OutletTo = Outlet
) -> Finished:
    """Run the command and remember nothing of it but the event."""
    started_ns = time.monotonic_ns()
    execution = run_unwatched(task, policy, stores.journal, outlet_to)
    result = result_of(
        task,
        stores.journal,
        "executed",
        not_stored=(*_reasons_against(execution), reason),
        observer="declared" if reason == UNDECLARED else "off",
        duration_s=seconds_since(started_ns),
        **ended(execution, stores.journal.secrets),
    )
    tell_task(stores.journal, result)
    return Finished(result=result)


def _reasons_against(execution: Execution) -> tuple[NotStored, ...]:
    if execution.signal:
        return (NotStored(kind="signal", subject=str(execution.signal)), *execution.not_stored)
    if execution.exit_code:
        return (NotStored(kind="failed", subject=str(execution.exit_code)), *execution.not_stored)
    return execution.not_stored
