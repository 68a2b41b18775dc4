"""Stays with a running command until it has ended and all that it printed is passed on.

running ── main process ended ──> draining ── outputs at their end,  ──> flushing ──> over
   │                                 │        or 1 s is over                │
   │ a signal that asks us to end: passed on; the next one: all are killed  │
   └─────────────────────────────────┴── a signal: not waited for any more ─┘
"""

from __future__ import annotations

import os
import select
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buildopt.execute.pump import Pump
from buildopt.execute.signals import ENDING, Arrival, SignalWatch

if TYPE_CHECKING:
    from resource import struct_rusage

SURVIVOR_WAIT_S = 1.0
"""How long an output is waited for that a process holds open after the command's end.

As the observer waits for processes that survive the command: long enough for one that is just
ending, short enough to be borne on every run that leaves a daemon.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a command ended: as `wait4` tells it, and what we saw of it.

    `asked_to_end` is the first signal to us that was to end it, or 0.
    """

    wait_status: int
    usage: struct_rusage
    duration_s: float
    asked_to_end: int
    left_survivor: bool


class Attendance:
    """One command from just after its start to its end."""

    def __init__(self, pid: int, pump: Pump, signals: SignalWatch) -> None:
        self._pid = pid
        self._pump = pump
        self._signals = signals
        self._started_s = self._ended_s = time.monotonic()
        self._drain_until_s = 0.0
        self._reaped: tuple[int, struct_rusage] | None = None
        self._asked_to_end = 0
        self._life = _open_life(pid)

    def attend(self) -> Ending:
        """Pump output and pass signals on until there is nothing left to do."""
        while self._reaped is None:
            self._serve(timeout_s=None)
        self._drain_until_s = self._ended_s + SURVIVOR_WAIT_S
        while self._pump.is_open and (left_s := self._drain_until_s - time.monotonic()) > 0:
            self._serve(timeout_s=left_s)
        left_survivor = self._pump.finish()
        while self._pump.is_pending:
            self._serve(timeout_s=None)
        return Ending(
            wait_status=self._reaped[0],
            usage=self._reaped[1],
            duration_s=self._ended_s - self._started_s,
            asked_to_end=self._asked_to_end,
            left_survivor=left_survivor,
        )

    def close(self) -> None:
        """Let go of everything; a command that still runs, after trouble of ours, is killed."""
        self._pump.close()
        if self._life is not None:
            os.close(self._life)
        if self._reaped is None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)

    def _serve(self, *, timeout_s: float | None) -> None:
        poll = select.poll()
        poll.register(self._signals.descriptor, select.POLLIN)
        for descriptor, events in self._pump.interests():
            poll.register(descriptor, events)
        if self._life is not None and self._reaped is None:
            poll.register(self._life, select.POLLIN)
        ready = dict(poll.poll(None if timeout_s is None else timeout_s * 1000))
        self._pump.serve(ready)
        if self._signals.descriptor in ready:
            for arrival in self._signals.arrivals():
                self._react(arrival)
        if self._life in ready:
            self._look_at_child()

    def _react(self, arrival: Arrival) -> None:
        if arrival.number == signal.SIGCHLD:
            self._look_at_child()
        elif arrival.number in ENDING:
            self._end(arrival)

    def _look_at_child(self) -> None:
        if self._reaped is not None:
            return
        pid, status, usage = os.wait4(self._pid, os.WNOHANG)
        if pid:
            self._reaped = (status, usage)
            self._ended_s = time.monotonic()

    def _end(self, arrival: Arrival) -> None:
        is_first = not self._asked_to_end
        self._asked_to_end = self._asked_to_end or arrival.number
        if self._reaped is not None:
            self._drain_until_s = 0.0
            self._pump.drop_pending()
        elif not is_first:
            os.kill(self._pid, signal.SIGKILL)
        elif not arrival.by_kernel:
            # What the kernel sends goes to our process group, and the command is in it.
            os.kill(self._pid, arrival.number)


def _open_life(pid: int) -> int | None:
    """A descriptor that is readable once the process has ended; None: SIGCHLD must do.

    SIGCHLD alone may be lost to another thread of ours that does not block it.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux; Linux before 5.3
        return None
