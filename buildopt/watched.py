"""Runs a command under observation: every real run does, whether it is then recorded or not.

The observer's own trouble makes what it saw incomplete, and costs the command nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from buildopt import hit
from buildopt.errors import BuildoptError
from buildopt.events import RunFinished, TaskResult
from buildopt.execute.command import ChildSetup, Command, Unobserved
from buildopt.execute.environment import child_environment
from buildopt.execute.process import execute
from buildopt.execute.streams import describe_streams
from buildopt.model import Chunk, Execution, Hit, NotStored, Observed, Task
from buildopt.observe.observer import Watch
from buildopt.session import Policy, Run, named

if TYPE_CHECKING:
    from buildopt.steps.scripts import Scripts

AnswerOrRun = Callable[[Run], RunFinished]
"""The pipeline's way from look-up to record."""


class OwnStage:
    """A run with our own streams; see `session.Stage`. `steps` are what scripts inside gave."""

    keeps_fresh_state = True

    def __init__(self, answer_or_run: AnswerOrRun | None = None) -> None:
        """`answer_or_run` does it for a step; without it scripts have no records of their own."""
        self.steps: tuple[TaskResult, ...] = ()
        self.streams = describe_streams()
        self._answer_or_run = answer_or_run

    def execute(self, run: Run) -> tuple[Execution, Observed]:
        """Run the command under observation; raises BuildoptError where it cannot be started."""
        watch = _watch(run)
        setup = Unobserved() if isinstance(watch, NotStored) else watch
        scripts = self._scripts(run, watch)
        try:
            execution = _execute(
                run.task, run.policy, scripts or setup, run.stores.journal.run_id, scripts
            )
        except BuildoptError:
            _finish(watch)  # nobody is left to be observed
            raise
        finally:
            if scripts is not None:
                self.steps = scripts.stop()
        return execution, _finish(watch)

    def meet(self, found: Hit) -> None:
        """Nobody is around."""

    def made(self, found: Hit) -> None:
        """Nobody is around."""

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Write the chunks; where nobody reads, end by SIGPIPE as the command would have."""
        for chunk in chunks:
            hit.write_all(2 if chunk.stream == "stderr" else 1, chunk.data)

    def _scripts(self, run: Run, watch: Watch | NotStored) -> Scripts | None:
        """What makes steps of the scripts in it, where the command may start some."""
        if self._answer_or_run is None or not run.is_traced or isinstance(watch, NotStored):
            return None
        from buildopt.steps import shell

        folders = (run.task.root, run.task.directory)
        more = shell.script_environment(run.task.argv, run.task.environment, folders)
        if not more:
            return None
        from buildopt.steps.scripts import Scripts

        return Scripts.of(run, watch, more, self._answer_or_run)


def run_watched(run: Run) -> tuple[Execution, Observed]:
    """Run the command where it belongs; raises BuildoptError where it cannot be started."""
    return run.stage.execute(run)


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


def _execute(
    task: Task,
    policy: Policy,
    setup: ChildSetup | Watch,
    run_id: str,
    scripts: Scripts | None = None,
) -> Execution:
    environment = child_environment(task.environment, run_id=run_id)
    command = Command(
        argv=task.argv,
        directory=task.directory,
        environment=environment | scripts.environment if scripts else environment,
        stdin=policy.stdin,
        pass_fds=policy.pass_fds,
    )
    return execute(command, setup)
