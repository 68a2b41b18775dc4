"""Where a consumer runs: in the host, or behind a pipe (process_seat.py); both look the same."""

from __future__ import annotations

import importlib
import os
import pkgutil
import traceback
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, Protocol

from buildopt.monitor.consumer import Batch, Runner, TickFailed
from buildopt.monitor.hookspecs import Consumer, Durable
from buildopt.monitor.plugin_file import Outgoing, PluginFile, Standing, is_storage

LONGEST_ERROR = 2_000
"""Characters of an exception that are kept: enough for a line each of the plugin's frames."""
MOST_FRAMES = 5
OWN_FOLDER = os.path.dirname(__file__)
LOADERS = (importlib.__file__, pkgutil.__file__)
"""Files through which every plugin is imported."""
FailureKind = Literal["raised", "died", "stuck", "storage"]


class Report(NamedTuple):
    """How a consumer stands behind a step. `wake_ns` is its next timer.

    `changes`: how many rows of its own tables it has changed since it took the seat.
    """

    standing: Standing
    wake_ns: int | None
    outgoing: tuple[Outgoing, ...]
    moved_aside: str = ""
    changes: int | None = None


class Failed(Exception):
    """A consumer did not do what it was asked; nothing of it was kept.

    `tick_ns`: it was the tick of that time that raised. `storage`: the disk is full, or the like.
    """

    def __init__(
        self,
        text: str,
        *,
        kind: FailureKind = "raised",
        tick_ns: int | None = None,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.kind = kind
        self.tick_ns = tick_ns


class Seat(Protocol):
    """A consumer and its file, wherever they are. Each call may raise `Failed`."""

    def open(self) -> Report:
        """Take the seat, again after a failure."""

    def take(self, batch: Batch) -> Report:
        """Hand over events."""

    def bury(self, batch: Batch, error: str, *, tick_ns: int | None, now_ns: int) -> Report:
        """Set the one event of a batch aside (`Runner.bury`)."""

    def sent(self, upto_n: int) -> None:
        """Outgoing events up to that one are in the journal."""

    def learn_said(self, ids: Sequence[str]) -> Report:
        """The journal holds these events of a file that is new."""

    def close(self) -> None:
        """Leave the seat; `open` may follow."""

    def interrupt(self) -> None:
        """Have a call that another thread is waiting for fail, where that can be done."""


class HostSeat:
    """In a thread of the host: for the plugins of buildopt and those that the user trusts."""

    def __init__(self, path: str, make: Callable[[], Consumer]) -> None:
        self._path = path
        self._make = make
        self._file: PluginFile | None = None
        self._runner: Runner | None = None

    def open(self) -> Report:
        """Open the file; a consumer that cannot be made or migrated has failed."""
        self.close()
        try:
            consumer = self._make()
            self._file = PluginFile(self._path, is_durable=_is_durable(consumer))
            self._runner = Runner(self._file, consumer)
            return self._report(moved_aside=self._file.moved_aside)
        except (Exception, SystemExit) as error:  # the plugin's own code
            self.close()
            raise Failed(told(error), kind=_kind(error)) from error

    def take(self, batch: Batch) -> Report:
        """Hand over events."""
        return self._step(lambda runner: runner.take(batch))

    def bury(self, batch: Batch, error: str, *, tick_ns: int | None, now_ns: int) -> Report:
        """Set the one event of a batch aside."""
        return self._step(lambda runner: runner.bury(batch, error, tick_ns=tick_ns, now_ns=now_ns))

    def sent(self, upto_n: int) -> None:
        """Outgoing events up to that one are in the journal."""
        self._step(lambda _: self._opened().forget_outgoing(upto_n))

    def learn_said(self, ids: Sequence[str]) -> Report:
        """The journal holds these events of a file that is new."""
        return self._step(lambda _: self._opened().learn_said(ids))

    def close(self) -> None:
        """Give the file back."""
        if self._file is not None:
            self._file.close()
        self._file = self._runner = None

    def interrupt(self) -> None:
        """A thread cannot be interrupted."""

    def _step(self, work: Callable[[Runner], None]) -> Report:
        if self._runner is None:
            raise Failed("the consumer has no seat")
        try:
            work(self._runner)
            return self._report()
        except TickFailed as error:
            assert error.__cause__ is not None
            cause = error.__cause__
            raise Failed(told(cause), kind=_kind(cause), tick_ns=error.time_ns) from error
        except (Exception, SystemExit) as error:  # the plugin's own code
            raise Failed(told(error), kind=_kind(error)) from error

    def _report(self, moved_aside: str = "") -> Report:
        file = self._opened()
        return Report(
            file.standing(), file.next_wake(), file.outgoing(), moved_aside, file.plugin_changes
        )

    def _opened(self) -> PluginFile:
        assert self._file is not None
        return self._file


def _is_durable(consumer: Consumer) -> bool:
    return isinstance(consumer, Durable) and consumer.is_durable


def _kind(error: BaseException) -> FailureKind:
    return "storage" if is_storage(error) else "raised"


def told(error: BaseException) -> str:
    """An exception in words, with the lines of the plugin that it came through."""
    words = traceback.format_exception_only(error)[-1].strip()
    if type(error).__module__.startswith("buildopt."):
        words = str(error)
    frames = [
        f"{os.path.basename(frame.filename)}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.dirname(frame.filename) != OWN_FOLDER
        and frame.filename not in LOADERS
        and not frame.filename.startswith("<frozen")
    ]
    return "; ".join([words[:LONGEST_ERROR], *frames[-MOST_FRAMES:]])
