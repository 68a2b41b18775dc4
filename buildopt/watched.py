"""Runs a command under observation: every real run does, whether it is then recorded or not.

The observer's own trouble makes what it saw incomplete, and costs the command nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from buildopt import hit, tool_events
from buildopt.cache import survivors
from buildopt.errors import BuildoptError
from buildopt.events import RunFinished, TaskResult
from buildopt.execute.command import Command, Unobserved
from buildopt.execute.environment import child_environment
from buildopt.execute.outlet import Outlet
from buildopt.execute.process import execute
from buildopt.execute.status_line import Status
from buildopt.execute.streams import describe_streams
from buildopt.journal import Journal
from buildopt.model import Chunk, Execution, Hit, NotStored, Observed, Task
from buildopt.observe.observer import Watch
from buildopt.session import Policy, Run, may_show_lines, named

if TYPE_CHECKING:
    from buildopt.steps.requests import Interpret
    from buildopt.steps.scripts import Scripts

SCRIPT_SHELL = "npm_config_script_shell"
AnswerOrRun = Callable[[Run], RunFinished]
"""The pipeline's way from look-up to record."""
OutletTo = Callable[[int], Outlet]
"""Makes the way to one of our streams, by its number."""


class OwnStage:
    """A run with our own streams; see `session.Stage`. `steps` are what scripts inside gave."""

    keeps_fresh_state = True

    def __init__(
        self,
        answer_or_run: AnswerOrRun | None = None,
        outlet_to: OutletTo = Outlet,
        interpret: Interpret | None = None,
    ) -> None:
        """`answer_or_run` does it for a step; without it nothing inside has a record of its own,
        and without `interpret` no `buildopt run` has.

        `outlet_to` makes the way of what the command prints to one of our streams.
        """
        self.steps: tuple[TaskResult, ...] = ()
        self.streams = describe_streams()
        self._answer_or_run = answer_or_run
        self._outlet_to = outlet_to
        self._interpret = interpret

    def execute(self, run: Run, usual_s: float) -> tuple[Execution, Observed]:
        """Run the command under observation; raises BuildoptError where it cannot be started."""
        life = survivors.begin(os.path.join(run.folder, run.task.key + survivors.SUFFIX))
        try:
            execution, observed = self._execute(run, usual_s, life.inherited)
        finally:
            life.close()
        if life.is_shared:  # they may have written where this run did
            earlier = NotStored(kind="survivor", subject="earlier run")
            observed = observed._replace(incomplete=(*observed.incomplete, earlier))
        return execution, observed

    def _execute(
        self, run: Run, usual_s: float, lock_fds: tuple[int, ...]
    ) -> tuple[Execution, Observed]:
        watch = _watch(run)
        scripts = self._scripts(run, watch)
        more = scripts.environment if scripts else {}
        setup = Unobserved() if isinstance(watch, NotStored) else watch
        journal = run.stores.journal
        try:
            with tool_events.collected(journal) as events:
                environment = child_environment(
                    run.task.environment, active_id=journal.active_id, events_file=events
                )
                execution = execute(
                    _command(run.task, run.policy, environment | more, lock_fds),
                    scripts or setup,
                    _status(run.task, run.policy, usual_s),
                    self._outlet_to,
                    scripts.resized if scripts else lambda: None,
                )
        except BuildoptError:
            _finish(run, watch)  # nobody is left to be observed
            raise
        finally:
            if scripts is not None:
                self.steps = scripts.stop()
        return execution, _finish(run, watch)

    def meet(self, found: Hit, removals: Iterable[str]) -> None:
        """Nobody is around."""

    def made(self, found: Hit) -> None:
        """Nobody is around."""

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Write the chunks; where nobody reads, end by SIGPIPE as the command would have."""
        for chunk in chunks:
            hit.write_all(2 if chunk.stream == "stderr" else 1, chunk.data)

    def _scripts(self, run: Run, watch: Watch | NotStored) -> Scripts | None:
        """What makes steps of what it starts."""
        if self._answer_or_run is None or not run.is_traced or isinstance(watch, NotStored):
            return None
        from buildopt.steps import shell

        folders = (run.task.root, run.task.directory)
        more = shell.script_environment(run.task.argv, run.task.environment, folders)
        if more:
            more |= shell.lists_environment(is_on=run.policy.takes_lists_apart)
        from buildopt.steps.scripts import Scripts

        return Scripts.of(run, watch, more, self._answer_or_run, self._interpret)


def _renamed(environment: Mapping[str, str]) -> tuple[bytes, bytes] | None:
    if SCRIPT_SHELL not in environment:
        return None
    from buildopt.steps.shell import renamed_shell

    return renamed_shell(environment)


def run_watched(run: Run, usual_s: float = 0.0) -> tuple[Execution, Observed]:
    """Run the command where it belongs; raises BuildoptError where it cannot be started.

    `usual_s` is how long it usually takes, 0 where nobody knows.
    """
    return run.stage.execute(run, usual_s)


def run_unwatched(
    task: Task, policy: Policy, journal: Journal, outlet_to: OutletTo = Outlet
) -> Execution:
    """Run the command; raises BuildoptError where it cannot be started."""
    with tool_events.collected(journal) as events_file:
        environment = child_environment(
            task.environment, active_id=journal.active_id, events_file=events_file
        )
        command = _command(task, policy, environment)
        return execute(command, Unobserved(), _status(task, policy), outlet_to)


def _watch(run: Run) -> Watch | NotStored:
    """The run's observation, or why there is none."""
    try:
        with run.progress.step("checking inputs"):
            return run.observer.watch(run.task, run.states().digest, run.owned.paths())
    except Exception as error:  # noqa: BLE001  # promise 3
        return NotStored(kind="incomplete", subject=named(error))


def _finish(run: Run, watch: Watch | NotStored) -> Observed:
    if isinstance(watch, NotStored):
        return Observed(incomplete=(watch,))
    try:
        with run.progress.step("checking inputs"):
            return watch.finish()
    except Exception as error:  # noqa: BLE001  # promise 3
        return Observed(incomplete=(NotStored(kind="incomplete", subject=named(error)),))


def _command(
    task: Task, policy: Policy, environment: dict[str, str], lock_fds: tuple[int, ...] = ()
) -> Command:
    return Command(
        argv=task.argv,
        directory=task.directory,
        environment=environment,
        stdin=policy.stdin,
        pass_fds=policy.pass_fds,
        lock_fds=lock_fds,
        renamed=_renamed(environment),
    )


def _status(task: Task, policy: Policy, usual_s: float = 0.0) -> Status | None:
    """What our line on a terminal says meanwhile; None: not a word, whatever happens."""
    if policy.is_quiet:
        return None
    return Status(task.name, usual_s, is_live=may_show_lines(policy))
