"""Runs a command under observation: every real run does, whether it is then recorded or not.

The observer's own trouble makes what it saw incomplete, and costs the command nothing.
"""

from __future__ import annotations

from buildopt.errors import BuildoptError
from buildopt.execute.command import ChildSetup, Command, Unobserved
from buildopt.execute.environment import child_environment
from buildopt.execute.process import execute
from buildopt.model import Execution, NotStored, Observed, Task
from buildopt.observe.observer import Watch
from buildopt.session import Policy, Run, named


def run_watched(run: Run) -> tuple[Execution, Observed]:
    """Run the command under observation; raises BuildoptError where it cannot be started."""
    watch = _watch(run)
    setup = Unobserved() if isinstance(watch, NotStored) else watch
    try:
        execution = _execute(run.task, run.policy, setup, run.stores.journal.run_id)
    except BuildoptError:
        _finish(watch)  # nobody is left to be observed
        raise
    return execution, _finish(watch)


def run_unwatched(task: Task, policy: Policy, run_id: str) -> Execution:
    """Run the command; raises BuildoptError where it cannot be started."""
    return _execute(task, policy, Unobserved(), run_id)


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


def _execute(task: Task, policy: Policy, setup: ChildSetup | Watch, run_id: str) -> Execution:
    command = Command(
        argv=task.argv,
        directory=task.directory,
        environment=child_environment(task.environment, run_id=run_id),
        stdin=policy.stdin,
        pass_fds=policy.pass_fds,
    )
    return execute(command, setup)
