"""One run under observation: who is started for it, and how the record comes back.

The supervisor is a process of its own, and a thread of the main process is its guard. Where the
system lets a process read only its descendants' memory (Yama), it is the other way round: the
supervisor is a thread of the main process, from which all of the run descend, and the guard is
a process of its own.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Callable
from threading import Lock, Thread

from buildopt import frames
from buildopt.model import NotStored, Observed
from buildopt.observe.access import Recorder
from buildopt.observe.seccomp.filter import filter_program
from buildopt.observe.seccomp.guard import stand_guard
from buildopt.observe.seccomp.hand_over import hand_over
from buildopt.observe.seccomp.helper_process import fork_helper
from buildopt.observe.seccomp.kernel import adopt_orphans, install_filter
from buildopt.observe.seccomp.notifications import Place, shared_place
from buildopt.observe.seccomp.numbers import MACHINES
from buildopt.observe.seccomp.report import receive_report
from buildopt.observe.seccomp.supervisor import ENDED, Channels, Supervisor

NO_SUPERVISOR = NotStored(kind="incomplete", subject="supervisor")

_left_behind: set[int] = set()
"""Processes of ours that serve survivors of earlier runs; reaped when there is a chance."""


class SeccompWatch:
    """A `buildopt.observe.observer.Watch`.

    `helper_pid` is the process that was forked for it; `trouble` says after `finish` what went
    wrong in the supervisor.
    """

    def __init__(
        self,
        make_recorder: Callable[[], Recorder],
        read_result: Callable[[bytes], Observed],
        *,
        in_thread: bool,
    ) -> None:
        self._command_ends: tuple[socket.socket, ...] = ()
        _reap_left_behind()
        self.trouble = ""
        self._read_result = read_result
        self._machine = MACHINES[os.uname().machine]
        self._program = filter_program(self._machine)
        to_supervisor, from_command = socket.socketpair()
        to_guard, guard_from_command = socket.socketpair()
        self._control, control = socket.socketpair()
        guard_link, supervisor_link = socket.socketpair()
        self._requests, requests = socket.socketpair()
        self._is_asking = Lock()
        self._command_ends = (to_supervisor, to_guard)
        supervisor_ends = Channels(from_command, control, guard_link, requests)
        guard_ends = (guard_from_command, supervisor_link)
        place = shared_place()

        def supervise() -> None:
            _supervise(make_recorder, supervisor_ends, place, reaps_orphans=in_thread)

        def guard() -> None:
            stand_guard(*guard_ends, place)

        if in_thread:
            adopt_orphans(wanted=True)
            self._start_helper(guard, guard_ends)
            self._thread = Thread(target=supervise, daemon=True)
            self._ends_of_thread: tuple[socket.socket, ...] = supervisor_ends
        else:
            self._start_helper(supervise, supervisor_ends)
            self._thread = Thread(target=guard, daemon=True)
            self._ends_of_thread = guard_ends

    def child_setup(self) -> None:
        """Put the command under the filter; where that fails it runs unobserved."""
        # An end that stays open in here would hide the death of the one who owns it.
        for end in (self._control, self._requests, *self._ends_of_thread):
            end.close()
        try:
            listener = install_filter(self._program)
        except OSError:
            for end in self._command_ends:
                end.close()
            return
        hand_over(self._command_ends, listener)

    def started(self, _pid: int) -> None:
        """Start the thread, with the signals blocked that the caller has blocked."""
        for end in self._command_ends:
            end.close()
        self._thread.start()

    def request(self, data: bytes) -> bytes:
        """Have the recorder do something while the command runs; raises OSError if it cannot."""
        with self._is_asking:
            frames.send(self._requests, data)
            answer = frames.receive(self._requests)
        if answer is None:
            raise ConnectionError("the supervisor ended early")
        return answer

    def finish(self) -> Observed:
        """Wait until the last process of the run is gone, or a second, and get the record."""
        with contextlib.suppress(OSError):  # the supervisor may have died
            self._control.sendall(ENDED)
        report = receive_report(self._control)
        self._control.close()
        self._requests.close()
        self._part(has_survivors=report is not None and report.has_survivors)
        if report is None:
            self.trouble = "the supervisor ended early"
            return Observed(incomplete=(NO_SUPERVISOR,))
        self.trouble = report.trouble
        try:
            observed = self._read_result(report.result)
        except Exception as error:  # noqa: BLE001  # trouble of ours must not fail the run
            self.trouble = self.trouble or f"{type(error).__name__}: {error}"
            observed = Observed()
        if not self.trouble:
            return observed
        return observed._replace(incomplete=(*observed.incomplete, NO_SUPERVISOR))

    def __del__(self) -> None:
        """Let the supervisor know that nobody will ask for the record."""
        # Not all is there yet where the sockets could not be made.
        ours = (getattr(self, "_control", None), getattr(self, "_requests", None))
        for end in (*ours, *self._command_ends):
            if end is not None:
                end.close()

    def _start_helper(self, run: Callable[[], None], ends: tuple[socket.socket, ...]) -> None:
        self.helper_pid = fork_helper(run, keeping=[end.fileno() for end in ends])
        for end in ends:
            end.close()

    def _part(self, *, has_survivors: bool) -> None:
        """Leave those alone who still serve survivors, and wait for the others."""
        if has_survivors:
            _left_behind.add(self.helper_pid)
            return
        with contextlib.suppress(ChildProcessError):  # the caller ignores SIGCHLD
            os.waitpid(self.helper_pid, 0)


def _supervise(
    make_recorder: Callable[[], Recorder], channels: Channels, place: Place, *, reaps_orphans: bool
) -> None:
    """Supervise; if that fails, the closed channels call the guard and tell the main process."""
    machine = MACHINES[os.uname().machine]
    try:
        recorder = make_recorder()
        Supervisor(recorder, channels, machine, place=place, reaps_orphans=reaps_orphans).run()
    except Exception:  # noqa: BLE001  # whatever it was, the command must go on
        return
    finally:
        for channel in channels:
            channel.close()


def _reap_left_behind() -> None:
    for pid in tuple(_left_behind):
        try:
            is_over = os.waitpid(pid, os.WNOHANG)[0] == pid
        except ChildProcessError:
            is_over = True
        if is_over:
            _left_behind.discard(pid)
