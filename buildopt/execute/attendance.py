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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from buildopt.execute.family import Family
from buildopt.execute.keyboard import LOOK_AGAIN_S, Keyboard
from buildopt.execute.pump import Pump
from buildopt.execute.signals import ENDING, Arrival, SignalWatch, stop_self
from buildopt.execute.status_line import StatusLine
from buildopt.execute.terminal import copy_size

if TYPE_CHECKING:
    from resource import struct_rusage

SURVIVOR_WAIT_S = 1.0
"""How long an output is waited for that a process holds open after the command's end.

As the observer waits for processes that survive the command: long enough for one that is just
ending, short enough to be borne on every run that leaves a daemon.
"""

KEY_ECHOES: Mapping[int, bytes] = {signal.SIGINT: b"^C", signal.SIGQUIT: b"^\\"}
"""What the system shows for the key that sent a signal."""

LEFTOVER_LOOK_S = 0.05
"""How often is looked, after Ctrl-C, whether the command's other processes have ended too."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What ties us to a command: output, signals, keystrokes, and the terminals' sizes.

    `masters` has the pseudo-terminal that stands for each of our streams that is a terminal.
    """

    pump: Pump
    signals: SignalWatch
    keyboard: Keyboard | None
    masters: Mapping[int, int]
    status: StatusLine
    before_resize: Callable[[], None]


class Attendance:
    """One command from just after its start to its end."""

    def __init__(self, family: Family, lines: Lines) -> None:
        self._family = family
        self._pump, self._signals = lines.pump, lines.signals
        self._keyboard = lines.keyboard
        self._masters = lines.masters
        self._before_resize = lines.before_resize
        self._status = lines.status
        self._started_s = self._ended_s = time.monotonic()
        self._drain_until_s = 0.0
        self._reaped: tuple[int, struct_rusage] | None = None
        self._asked_to_end = 0
        self._life = _open_life(family.pid)
        self._poll, self._polled = select.poll(), dict[int, int]()

    def attend(self) -> Ending:
        """Pump output and pass signals on until there is nothing left to do."""
        while self._reaped is None:
            self._status.look()
            self._serve(timeout_s=self._status.wait_s)
        self._status.hide()
        self._drain()
        left_survivor = self._pump.finish()
        self._status.end()
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
        if self._keyboard is not None:
            self._keyboard.release()
        self._status.hide()
        if self._reaped is None:
            self._family.kill()
            os.waitpid(self._family.pid, 0)
        self._pump.close()
        if self._life is not None:
            os.close(self._life)

    def _drain(self) -> None:
        """Wait for the outputs' end and, after Ctrl-C, for that of all processes."""
        self._pump.let_go()
        self._drain_until_s = self._ended_s + SURVIVOR_WAIT_S
        while self._pump.is_open and (left_s := self._drain_until_s - time.monotonic()) > 0:
            self._serve(timeout_s=left_s)
        if not self._asked_to_end:
            return
        while self._family.members() and time.monotonic() < self._drain_until_s:
            self._serve(timeout_s=LEFTOVER_LOOK_S)
        for pid in self._family.members():
            self._family.kill_one(pid)

    def _serve(self, *, timeout_s: float | None) -> None:
        ready = self._wait(timeout_s)
        if self._keyboard is not None:
            self._keyboard.follow_output()
        self._pump.serve(ready)
        self._forward_keys(ready)
        if self._signals.descriptor in ready:
            for arrival in self._signals.arrivals():
                self._react(arrival)
        if self._life in ready:
            self._look_at_child()

    def _wait(self, timeout_s: float | None) -> Mapping[int, int]:
        interests = {self._signals.descriptor: select.POLLIN}
        if self._life is not None and self._reaped is None:
            interests[self._life] = select.POLLIN
        wanted = list(self._pump.interests())
        if self._keyboard is not None and self._reaped is None:
            self._keyboard.take()
            wanted += self._keyboard.interests()
            if not self._keyboard.is_held:
                timeout_s = LOOK_AGAIN_S if timeout_s is None else min(timeout_s, LOOK_AGAIN_S)
        for descriptor, events in wanted:
            interests[descriptor] = interests.get(descriptor, 0) | events
        if interests != self._polled:
            self._poll, self._polled = select.poll(), interests
            for descriptor, events in interests.items():
                self._poll.register(descriptor, events)
        return dict(self._poll.poll(None if timeout_s is None else timeout_s * 1000))

    def _forward_keys(self, ready: Mapping[int, int]) -> None:
        if self._keyboard is None or self._reaped is not None:
            return
        if not any(descriptor in ready for descriptor, _ in self._keyboard.interests()):
            return
        requests = self._keyboard.forward()
        if "suspend" in requests:
            # As Ctrl-Z would have: it is for everybody in our group. It comes back to us.
            os.kill(0, signal.SIGTSTP)
        if "interrupt" in requests:
            self._end(signal.SIGINT, has_arrived=True)

    def _react(self, arrival: Arrival) -> None:
        if arrival.number == signal.SIGCHLD:
            self._look_at_child()
        elif arrival.number in ENDING:
            # What the kernel sends goes to our process group, and the command may be in it.
            has_arrived = arrival.by_kernel and not self._family.has_own_session
            if arrival.by_kernel and arrival.number in KEY_ECHOES:
                self._status.make_way(KEY_ECHOES[arrival.number])
            self._end(arrival.number, has_arrived=has_arrived)
        elif arrival.number == signal.SIGWINCH:
            self._resize()
        elif arrival.number == signal.SIGTSTP:
            self._suspend()
        elif arrival.number == signal.SIGCONT and self._keyboard is not None:
            self._keyboard.resume()

    def _look_at_child(self) -> None:
        if self._reaped is not None:
            return
        flags = os.WUNTRACED if self._family.has_own_session else 0
        pid, status, usage = os.wait4(self._family.pid, os.WNOHANG | flags)
        if pid and os.WIFSTOPPED(status):
            self._suspend()
        elif pid:
            self._reaped = (status, usage)
            self._ended_s = time.monotonic()

    def _end(self, number: int, *, has_arrived: bool) -> None:
        is_first = not self._asked_to_end
        self._asked_to_end = self._asked_to_end or number
        if self._reaped is not None:
            self._drain_until_s = 0.0
            self._pump.drop_pending()
        elif not is_first:
            self._family.kill()
        elif not has_arrived:
            self._family.send(number)

    def _resize(self) -> None:
        self._status.draw_anew()
        self._before_resize()
        for ours, master in self._masters.items():
            copy_size(ours, master)
        if self._masters and not self._family.has_own_session and self._reaped is None:
            # It may have got the kernel's own before the new size was there to be read.
            self._family.send(signal.SIGWINCH)

    def _suspend(self) -> None:
        """Stop the command and ourselves until the shell lets us go on."""
        if self._reaped is not None:
            return
        self._status.hide()
        if self._family.has_own_session:
            self._family.send(signal.SIGSTOP)
        if self._keyboard is not None:
            self._keyboard.release()
        stop_self()
        if self._keyboard is not None:
            self._keyboard.resume()
        self._status.make_way(b"\n")  # the shell's line about the job
        self._resize()
        if self._family.has_own_session:
            self._family.send(signal.SIGCONT)


def _open_life(pid: int) -> int | None:
    """A descriptor that is readable once the process has ended; None: SIGCHLD must do.

    SIGCHLD alone may be lost to another thread of ours that does not block it.
    """
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux; Linux before 5.3
        return None
