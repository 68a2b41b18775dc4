"""Makes steps of the scripts that one watched command starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from buildopt.events import RunFinished, TaskResult
from buildopt.observe.observer import Watch
from buildopt.session import Run
from buildopt.steps.server import StepServer


@dataclass(frozen=True, slots=True)
class Scripts:
    """The part in a command's start of who answers its scripts; see `execute.ChildSetup`."""

    watch: Watch
    server: StepServer
    environment: dict[str, str]
    """What the command gets besides."""

    @classmethod
    def of(
        cls,
        run: Run,
        watch: Watch,
        environment: dict[str, str],
        answer_or_run: Callable[[Run], RunFinished],
    ) -> Scripts | None:
        """None where nobody can listen, as in a system without an abstract namespace."""
        try:
            return cls(watch, StepServer(run, watch.request, answer_or_run), environment)
        except OSError:
            return None

    def child_setup(self) -> None:
        """Prepare the forked child."""
        self.watch.child_setup()

    def started(self, pid: int) -> None:
        """Listen to clients."""
        self.watch.started(pid)
        self.server.start()

    def stop(self) -> tuple[TaskResult, ...]:
        """The results of all steps."""
        return self.server.stop()
