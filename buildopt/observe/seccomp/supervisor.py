"""Answers the stopped calls of a run, one after the other, until none of its processes is left.

::

    waiting ── listener came ──> serving ── "ended" ──> ending ── all gone, or 1 s over ──> reported
       │                            │                                                         │
       │ no listener will come      │ the main process is gone: keep serving, report nothing  │
       └────────────> over <────────┴───────────────── all processes are gone <───────────────┘

Whatever goes wrong in here, the call goes on: then nothing is recorded any more, and the record
is incomplete.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import socket
import time
from collections.abc import Callable
from typing import NamedTuple

from buildopt import frames
from buildopt.observe.access import Recorder
from buildopt.observe.seccomp.hand_over import take_listener
from buildopt.observe.seccomp.narrator import Narrator
from buildopt.observe.seccomp.notifications import (
    Place,
    is_waiting,
    let_go_on,
    prefer_sync_wake_up,
    receive,
    refuse,
)
from buildopt.observe.seccomp.numbers import Machine
from buildopt.observe.seccomp.peculiar import RefusedCall
from buildopt.observe.seccomp.processes import Processes
from buildopt.observe.seccomp.report import Report, send_report

SURVIVOR_WAIT_S = 1.0
"""How long processes may live on after the command's main process, before they are survivors."""

MOST_URGENT = -20
"""Until a call is received, a signal to its process makes it fail with EINTR, where the handler
lacks SA_RESTART. Those who may raise their priority receive sooner: 520 of 8,000 calls of a
shell with dying children became 5, on a machine with five times as much to do as it could."""

INTERRUPTED = "interrupted call"
"""Subject of what makes a record incomplete when a signal came between a call and our seeing it."""

ENDED = b"E"
"""What the main process says when it has reaped the command's."""

ALL_GONE = b"G"
"""What the guard is told, so that it knows our end from a sudden one."""


class Channels(NamedTuple):
    """What a supervisor is connected to: the command, the main process, and the guard.

    `requests` is for what the main process wants of the recorder while the command runs.
    """

    hand_over: socket.socket
    control: socket.socket
    guard: socket.socket
    requests: socket.socket


class Supervisor:
    """One run's supervisor; lives in one thread of a process of its own, or of the main one."""

    def __init__(
        self,
        recorder: Recorder,
        channels: Channels,
        machine: Machine,
        *,
        place: Place,
        reaps_orphans: bool,
    ) -> None:
        """`place`: see `notifications.receive`; the guard looks there when we have died."""
        begin_ns = time.monotonic_ns()
        self._recorder = recorder
        self._channels = channels
        self._place = place
        # The hint to switch on one processor passes through poll, but not through epoll.
        self._poll = select.poll()
        self._others = select.epoll()
        self._processes = Processes(self._others, recorder, lambda: time.monotonic_ns() - begin_ns)
        self._processes.reaps_orphans = reaps_orphans
        self._narrator = Narrator(recorder, self._processes, machine, self._is_waiting)
        self._listener = -1
        self._next_identity = 0
        self._only_a_call = (-1, select.POLLIN)
        self._is_tree_gone = False
        self._wants_report = True
        self._deadline_s: float | None = None

    def run(self) -> None:
        """Serve until nothing is left to serve."""
        with contextlib.suppress(OSError):  # most users may not
            os.setpriority(os.PRIO_PROCESS, 0, MOST_URGENT)
        for channel in (
            self._channels.hand_over,
            self._channels.control,
            self._channels.requests,
        ):
            self._others.register(channel, select.EPOLLIN)
        self._poll.register(self._others, select.POLLIN)
        while self._wants_report or not self._is_tree_gone:
            ready = self._poll.poll(self._timeout_ms())
            if len(ready) == 1 and ready[0] == self._only_a_call:
                self._serve()
                continue
            self._turn(dict(ready))
            if self._deadline_s is not None and time.monotonic() >= self._deadline_s:
                self._report()

    def _turn(self, ready: dict[int, int]) -> None:
        """React to what is ready; the ends of processes first, as their numbers come again."""
        if self._others.fileno() in ready:
            for descriptor, _ in self._others.poll(0):
                self._react(descriptor)
        event = ready.get(self._listener, 0)
        if event & select.POLLIN:
            self._serve()
        elif event:
            self._all_gone()

    def _timeout_ms(self) -> float | None:
        if self._deadline_s is None:
            return None
        return max(0.0, self._deadline_s - time.monotonic()) * 1000

    def _react(self, descriptor: int) -> None:
        if self._processes.is_life(descriptor):
            self._guarded(lambda: self._processes.ended(descriptor))
        elif descriptor == self._channels.hand_over.fileno():
            self._take_listener()
        elif descriptor == self._channels.requests.fileno():
            self._answer()
        else:
            self._hear_main()

    def _answer(self) -> None:
        """Let the recorder do what the main process asks; no answer tells of trouble."""
        request = frames.receive(self._channels.requests)
        if request is None:
            self._others.unregister(self._channels.requests)
            return
        answer = b""
        try:
            answer = self._recorder.request(request)
            self._narrator.forget_repeats()
        except Exception as error:  # noqa: BLE001  # the command must go on
            self._narrator.give_up(error)
        with contextlib.suppress(OSError):  # the main process may be gone
            frames.send(self._channels.requests, answer)

    def _serve(self) -> None:
        """Tell of one stopped call, and let it go on whatever happens."""
        try:
            call = receive(self._listener, self._place)
        except OSError:  # it was killed meanwhile
            return
        try:
            if call[0] != self._next_identity:
                self._miss_calls()
            self._next_identity = call[0] + 1
            self._narrator.tell(call)
        except RefusedCall:
            refuse(self._listener, call[0], errno.ECONNREFUSED)
            return
        except Exception as error:  # noqa: BLE001  # the command must go on
            self._narrator.give_up(error)
        let_go_on(self._listener, call[0])

    def _miss_calls(self) -> None:
        """Think of calls that a signal ended before we saw them: the kernel counts what it stops.

        Most signals have them begin anew. Otherwise they failed with EINTR, and the program may
        have taken for absent what is there.
        """
        for descriptor, _ in self._others.poll(0):  # a child's end is a signal to its parent
            self._react(descriptor)
        is_first = self._next_identity == 0
        if not is_first and any(p.may_fail_calls() for p in self._processes.alive()):
            self._recorder.incomplete("incomplete", INTERRUPTED)

    def _is_waiting(self, identity: int) -> bool:
        return is_waiting(self._listener, identity)

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  # the command must go on
            self._narrator.give_up(error)

    def _take_listener(self) -> None:
        if self._listener >= 0 or self._is_tree_gone:
            return
        self._others.unregister(self._channels.hand_over)
        taken = take_listener(self._channels.hand_over)
        if taken is None:
            self._narrator.give_up(OSError("the filter could not be installed"))
            self._is_tree_gone = True
            return
        self._listener, self._processes.main_pid = taken
        prefer_sync_wake_up(self._listener)
        self._only_a_call = (self._listener, select.POLLIN)
        self._poll.register(self._listener, select.POLLIN)

    def _all_gone(self) -> None:
        self._poll.unregister(self._listener)
        os.close(self._listener)
        self._listener = -1
        self._is_tree_gone = True
        with contextlib.suppress(OSError):  # the guard may have left before
            self._channels.guard.send(ALL_GONE)
        if self._deadline_s is not None:
            self._report()

    def _hear_main(self) -> None:
        """Learn that the command's main process was reaped, or that ours is gone."""
        self._others.unregister(self._channels.control)
        if self._channels.control.recv(1) != ENDED:
            self._wants_report = False
            self._narrator.be_silent()
            return
        self._take_listener()
        self._deadline_s = time.monotonic() + SURVIVOR_WAIT_S
        if self._is_tree_gone:
            self._report()

    def _report(self) -> None:
        """Send the record to the main process; what goes on now is not recorded any more."""
        self._deadline_s = None
        self._wants_report = False
        if not self._is_tree_gone:
            self._guarded(self._narrator.tell_survivors)
        result = b""
        try:
            result = self._recorder.result()
        except Exception as error:  # noqa: BLE001  # the main process must hear of it
            self._narrator.give_up(error)
        self._narrator.be_silent()
        report = Report(self._narrator.trouble, not self._is_tree_gone, result)
        with contextlib.suppress(OSError):  # the main process may be gone
            send_report(self._channels.control, report)
        self._channels.control.close()
