"""Runs a command under observation: every real run does, whether it is then recorded or not.

The observer's own trouble makes what it saw incomplete, and costs the command nothing.
"""

from __future__ import annotations

import os

from buildopt import tool_events
from buildopt.cache import survivors
from buildopt.errors import BuildoptError
from buildopt.execute.command import Command, Unobserved
from buildopt.execute.environment import child_environment
from buildopt.execute.process import execute
from buildopt.execute.status_line import Status
from buildopt.journal import Journal
from buildopt.model import Execution, NotStored, Observed, Task
from buildopt.observe.observer import Watch
from buildopt.session import Policy, Run, may_show_lines, named


def run_watched(run: Run, usual_s: float = 0.0) -> tuple[Execution, Observed]:
    """Run the command under observation; raises BuildoptError where it cannot be started.

    `usual_s` is how long it usually takes, 0 where nobody knows.
    """
    life = survivors.begin(os.path.join(run.folder, run.task.key + survivors.SUFFIX))
    try:
        execution, observed = _run_watched(run, usual_s, life.inherited)
    finally:
        life.close()
    if life.is_shared:  # they may have written where this run did
        earlier = NotStored(kind="survivor", subject="earlier run")
        observed = observed._replace(incomplete=(*observed.incomplete, earlier))
    return execution, observed


def _run_watched(run: Run, usual_s: float, lock_fds: tuple[int, ...]) -> tuple[Execution, Observed]:
    watch = _watch(run)
    setup = Unobserved() if isinstance(watch, NotStored) else watch
    try:
        with tool_events.collected(run.stores.journal) as events_file:
            execution = execute(
                _command(run.task, run.policy, run.stores.journal.run_id, events_file, lock_fds),
                setup,
                _status(run.task, run.policy, usual_s),
            )
    except BuildoptError:
        _finish(watch)  # nobody is left to be observed
        raise
    return execution, _finish(watch)


def run_unwatched(task: Task, policy: Policy, journal: Journal) -> Execution:
    """Run the command; raises BuildoptError where it cannot be started."""
    with tool_events.collected(journal) as events_file:
        command = _command(task, policy, journal.run_id, events_file)
        return execute(command, Unobserved(), _status(task, policy))


def _watch(run: Run) -> Watch | NotStored:
    """The run's observation, or why there is none."""
    try:
        return run.observer.watch(run.task, run.states().digest, run.owned.paths())
    except Exception as error:  # noqa: BLE001  # promise 3
        return NotStored(kind="incomplete", subject=named(error))


def _finish(watch: Watch | NotStored) -> Observed:
    if isinstance(watch, NotStored):
        return Observed(incomplete=(watch,))
    try:
        return watch.finish()
    except Exception as error:  # noqa: BLE001  # promise 3
        return Observed(incomplete=(NotStored(kind="incomplete", subject=named(error)),))


def _command(
    task: Task, policy: Policy, run_id: str, events_file: str, lock_fds: tuple[int, ...] = ()
) -> Command:
    return Command(
        argv=task.argv,
        directory=task.directory,
        environment=child_environment(task.environment, run_id=run_id, events_file=events_file),
        stdin=policy.stdin,
        pass_fds=policy.pass_fds,
        lock_fds=lock_fds,
    )


def _status(task: Task, policy: Policy, usual_s: float = 0.0) -> Status | None:
    """What our line on a terminal says meanwhile; None: not a word, whatever happens."""
    if policy.is_quiet:
        return None
    return Status(task.name, usual_s, is_live=may_show_lines(policy))
