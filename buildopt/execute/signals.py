"""Signals while a command runs: those sent to us, and what the command inherits of them."""

from __future__ import annotations

import os
import signal
import sys
import threading
from typing import NamedTuple

from buildopt.execute.streams import above_standard

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
"""Ask us to end: passed on to the command and waited for, the second time with force."""

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""The interpreter ignores these whatever it inherited; a command expects them to be fatal."""

JOB_CONTROL = (signal.SIGTTIN, signal.SIGTTOU)
"""Blocked while a command runs: to touch a terminal from the background never stops us."""


class Arrival(NamedTuple):
    """One signal that was sent to us.

    `by_kernel`: by Ctrl-C or a hang-up and so to our whole process group; else by `kill`.
    """

    number: int
    by_kernel: bool


class SignalWatch:
    """Makes signals readable from `descriptor` instead of interrupting anything.

    They are blocked, and a thread waits for them: only so is known who sent them. Signals that
    were ignored when we started stay ignored. Threads that exist already must block them too.
    """

    def __init__(self, *, own_session: bool) -> None:
        numbers = {*ENDING, signal.SIGWINCH}
        if own_session:
            numbers |= {signal.SIGTSTP, signal.SIGCONT}
        self._watched = {n for n in numbers if signal.getsignal(n) != signal.SIG_IGN}
        # Ignored, it would make the system throw the command's exit status away.
        self.child_ignored = signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN
        self._watched.add(signal.SIGCHLD)
        self._thread: threading.Thread | None = None
        self._is_over = False

    def __enter__(self) -> SignalWatch:
        blocked = {*self._watched, *JOB_CONTROL}
        self.mask_before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        if self.child_ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        reader, writer = os.pipe()
        self.descriptor, self._writer = above_standard(reader), above_standard(writer)
        return self

    def listen(self) -> None:
        """Begin; to be called after the fork, which no thread survives."""
        self._thread = threading.Thread(target=self._wait_for_signals, daemon=True)
        self._thread.start()

    def arrivals(self) -> list[Arrival]:
        """The signals since the last call; waits for one if there was none."""
        data = os.read(self.descriptor, 512)
        pairs = zip(data[::2], data[1::2], strict=True)
        return [Arrival(number, bool(by_kernel)) for number, by_kernel in pairs]

    def leave_to_parent(self) -> None:
        """In a forked child that goes on by itself: signals as we got them from our parent."""
        os.close(self.descriptor)
        os.close(self._writer)
        if self.child_ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask_before)

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._is_over = True
            signal.pthread_kill(self._thread.ident or 0, signal.SIGCHLD)
            self._thread.join()
        missed = self._left_over()
        os.close(self.descriptor)
        os.close(self._writer)
        if self.child_ignored:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, self.mask_before)
        for number in missed:
            signal.raise_signal(number)

    def _left_over(self) -> list[int]:
        """Signals to end us that came when nobody asked for arrivals any more."""
        os.set_blocking(self.descriptor, False)
        try:
            return [each.number for each in self.arrivals() if each.number in ENDING]
        except BlockingIOError:
            return []

    def _wait_for_signals(self) -> None:
        while True:
            arrival = _next_arrival(self._watched)
            if self._is_over:
                return
            os.write(self._writer, bytes(arrival))


def _next_arrival(numbers: set[signal.Signals]) -> Arrival:
    if sys.platform == "darwin":  # does not tell who sent it; for most it was a keystroke
        number = signal.sigwait(numbers)
        return Arrival(number, number in (signal.SIGINT, signal.SIGQUIT))
    information = signal.sigwaitinfo(numbers)
    return Arrival(information.si_signo, information.si_code > 0)


def restore_for_command(watch: SignalWatch) -> None:
    """In the forked child: give the command the signals as we got them from our parent."""
    for number in IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    for each in signal.valid_signals():
        # What is caught is reset by exec anyway, but must not be caught until then.
        if callable(signal.getsignal(each)):
            signal.signal(each, signal.SIG_DFL)
    if watch.child_ignored:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, watch.mask_before)


def stop_self() -> None:
    """Stop until we are continued; nothing happens where nobody could continue us."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
    signal.pthread_kill(threading.get_ident(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})


def end_by(number: int) -> None:
    """End this process by the signal `number`, without a core file; returns if that fails.

    It does as the first process of a container, which no signal of its own can end.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
