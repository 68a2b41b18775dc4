"""Makes steps of what one watched command starts: scripts, and calls of `buildopt run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from buildopt.events import RunFinished, TaskResult
from buildopt.observe.observer import Watch
from buildopt.session import Run
from buildopt.steps.listener import Listener, Server

TYPE_CHECKING = False
if TYPE_CHECKING:
    from buildopt.steps.requests import Interpret


class Scripts(NamedTuple):
    """The part in a command's start of who answers its steps; see `execute.ChildSetup`."""

    watch: Watch
    listener: Listener
    environment: dict[str, str]
    """What the command gets besides."""

    @classmethod
    def of(
        cls,
        run: Run,
        watch: Watch,
        environment: dict[str, str],
        answer_or_run: Callable[[Run], RunFinished],
        interpret: Interpret | None,
    ) -> Scripts | None:
        """None where nobody can listen, as in a system without an abstract namespace."""

        def make_server() -> Server:
            from buildopt.steps.server import StepServer  # 5 ms, which few runs need

            return StepServer(run, watch.request, answer_or_run, interpret)

        try:
            listener = Listener(run.stores.journal.active_id, make_server)
        except OSError:
            return None
        return cls(watch, listener, environment)

    def child_setup(self) -> None:
        """Prepare the forked child."""
        self.watch.child_setup()

    def started(self, pid: int) -> None:
        """Listen to clients."""
        self.watch.started(pid)
        self.listener.start()

    def resized(self) -> None:
        """Take note that our terminal has another size."""
        self.listener.resized()

    def stop(self) -> tuple[TaskResult, ...]:
        """The results of all steps."""
        return self.listener.stop()
