"""Where a task of a graph takes place: answered in the main process, or run in one of its own."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable

from buildopt.events import RunFinished
from buildopt.execute.streams import STDERR, STDOUT, Streams
from buildopt.model import Chunk, Execution, Hit, NotStored, Observed
from buildopt.session import Run
from buildopt.steps.footprint import looked_at, really_looked_at, reasons_of
from buildopt.steps.requests import Interpret
from buildopt.tasks.spool import Piece
from buildopt.watched import OutletTo, OwnStage

Tell = Callable[[frozenset[str], frozenset[str]], tuple[str, ...]]
"""Tells what a task read and wrote; the paths for which it must not be stored."""


class AnswerStage:
    """A task whose record may hold; what it printed is kept in `pieces`. See `session.Stage`."""

    keeps_fresh_state = False

    def __init__(self, streams: Streams, tell: Tell) -> None:
        self.streams = streams
        self.pieces: tuple[Piece, ...] = ()
        self._tell = tell

    def execute(self, run: Run, usual_s: float) -> tuple[Execution, Observed]:
        """Not here."""
        raise NotImplementedError

    def meet(self, found: Hit, removals: Iterable[str]) -> None:
        """Nobody is around."""

    def made(self, found: Hit) -> None:
        """Tell what the run did that is given back."""
        _tell_answered(found, self._tell)

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Keep what the run printed."""
        self.pieces = tuple((target_of(chunk), chunk.data) for chunk in chunks)


class WorkerStage(OwnStage):
    """A task in a process of its own: it asks before it may be stored."""

    keeps_fresh_state = False

    def __init__(
        self,
        answer_or_run: Callable[[Run], RunFinished],
        outlet_to: OutletTo,
        tell: Tell,
        interpret: Interpret | None,
    ) -> None:
        super().__init__(answer_or_run, outlet_to, interpret)
        self._tell = tell
        self.observed: Observed | None = None
        """What was seen, once the command has run."""

    def execute(self, run: Run, usual_s: float) -> tuple[Execution, Observed]:
        """Run the command, and hold against the others what it did."""
        execution, observed = super().execute(run, usual_s)
        read = looked_at(really_looked_at(observed))
        wrote = frozenset((*filter(_is_no_folder, observed.outputs), *observed.removed))
        reasons: tuple[NotStored, ...] = reasons_of(self._tell(read, wrote))
        self.observed = observed._replace(incomplete=(*observed.incomplete, *reasons))
        return execution, self.observed

    def made(self, found: Hit) -> None:
        """Tell what the run did that is given back."""
        _tell_answered(found, self._tell)

    def replay(self, chunks: Iterable[Chunk]) -> None:
        """Print what the run printed."""
        outlets = {target: self._outlet_to(target) for target in (STDOUT, STDERR)}
        for chunk in chunks:
            outlets[target_of(chunk)].send(chunk.data)


def target_of(chunk: Chunk) -> int:
    """The stream of ours that a chunk is for."""
    return STDERR if chunk.stream == "stderr" else STDOUT


def _tell_answered(found: Hit, tell: Tell) -> None:
    made = [output.path for output in found.entry.outputs if output.kind != "directory"]
    tell(looked_at(found.trace.observations), frozenset((*made, *found.entry.removed)))


def _is_no_folder(path: str) -> bool:
    """Whether it is more than a folder, which many may need and any of them makes."""
    try:
        return not stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return True
