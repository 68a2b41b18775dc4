"""The processes of a run, as far as they are known: each is met at its first stopped call."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Callable, Iterable

from buildopt.observe.access import Recorder
from buildopt.observe.seccomp.memory import Memory
from buildopt.observe.seccomp.paths import working_directory

TICKS_PER_S = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


INTERRUPTING = frozenset(range(1, 65)) - {
    *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE),
    *(signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGXCPU, signal.SIGXFSZ),
    *(signal.SIGILL, signal.SIGTRAP, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGSEGV),
}
"""Signals that come while a command goes on; the others end it, or are of its own making."""

FOREVER_IN_DOUBT = -1
"""No thread has this number, so none settles the working directory."""


class TracedProcess:
    """What is known of one process.

    `executing`: it is about to become another program. `mover`: the thread that is about to
    change the working directory; until that thread is heard of again, the directory is in doubt
    and not remembered. `interrupted_by`: signals whose handlers restart no calls. `lost_child`: a
    child of it has ended since it was last heard of.
    """

    __slots__ = (
        "argv", "cwd", "executing", "has_ended", "interrupted_by", "life", "lost_child", "memory",
        "mover", "parent_pid", "pid", "threads",
    )  # fmt: skip

    def __init__(self, pid: int, parent_pid: int, argv: tuple[str, ...], life: int) -> None:
        self.pid = pid
        self.parent_pid = parent_pid
        self.argv = argv
        self.life = life
        self.memory = Memory()
        self.cwd = ""
        self.mover = 0
        self.executing = False
        self.has_ended = False
        self.threads = {pid}
        self.interrupted_by: frozenset[int] = frozenset()
        self.lost_child = False

    def handles(self, signal_number: int, *, restarts: bool) -> None:
        """Take note of a handler, or that the signal has none any more."""
        is_harmless = signal_number == signal.SIGUSR1 and self._is_node
        if restarts or is_harmless:
            self.interrupted_by -= {signal_number}
        elif signal_number in INTERRUPTING:
            self.interrupted_by |= {signal_number}

    @property
    def _is_node(self) -> bool:
        """Whether it is Node.js: always ready for SIGUSR1 (a debugger's), and libuv makes its file
        system calls once more after an EINTR.
        """
        return bool(self.argv) and os.path.basename(self.argv[0]) in ("node", "nodejs")

    def may_fail_calls(self) -> bool:
        """Whether a signal may have made a call of it fail since it was last heard of."""
        others = self.interrupted_by - {signal.SIGCHLD}
        return bool(others) or (self.lost_child and bool(self.interrupted_by))

    def directory(self, task: int) -> str:
        """The working directory of one of its threads, without links."""
        if self.cwd:
            return self.cwd
        directory = working_directory(task)
        if not self.mover and self.life >= 0:
            self.cwd = directory
        return directory

    def moves(self, task: int) -> None:
        """Take note that a thread is going to change the working directory."""
        self.cwd = ""
        self.mover = task if self.mover in (0, task) else FOREVER_IN_DOUBT


class Processes:
    """Which thread belongs to which process, and when each began and ended.

    A process is known by a pidfd in `poll`, so that its end is noticed before its number is
    given away again. A thread's number is forgotten when it exits, which is a stopped call.
    With `reaps_orphans` those that became children of ours are reaped, but for `main_pid`, the
    command itself.
    """

    def __init__(self, poll: select.epoll, recorder: Recorder, now_ns: Callable[[], int]) -> None:
        self.by_task: dict[int, TracedProcess] = {}
        self.are_directories_in_doubt = False
        self.reaps_orphans = False
        self.main_pid = 0
        self._by_life: dict[int, TracedProcess] = {}
        self._poll = poll
        self._recorder = recorder
        self._now_ns = now_ns

    def meet(self, task: int) -> TracedProcess:
        """The process of a thread that was not heard of before."""
        try:
            life = os.pidfd_open(task)
            pid = task
        except OSError:  # it is not the first thread of its process, or we have no descriptor left
            life, pid = -1, _process_of(task)
        process = self.by_task.get(pid) or self._new_process(pid, life)
        process.threads.add(task)
        if process.life >= 0 or task == pid:
            self.by_task[task] = process
        return process

    def heard_of(self, process: TracedProcess, task: int) -> None:
        """Settle what was in doubt before this call of a process."""
        if process.mover == task:
            process.mover = 0
        if process.executing:
            process.executing = False
            argv = arguments_of(process.pid)
            if argv and argv != process.argv:
                process.argv = argv
                process.interrupted_by = frozenset()
                self._tell_start(process)

    def executes(self, process: TracedProcess) -> None:
        """Take note that a process may become another program, which has one thread."""
        process.executing = True
        process.memory.forget()
        for thread in process.threads - {process.pid}:
            self.by_task.pop(thread, None)
        process.threads = {process.pid}

    def doubt_directories(self) -> None:
        """Take note that a working directory may change without its process's doing from now on.

        Processes may share it, or some folder gets another name.
        """
        self.are_directories_in_doubt = True
        for process in self.by_task.values():
            process.moves(FOREVER_IN_DOUBT)

    def thread_exits(self, process: TracedProcess, task: int) -> None:
        """Forget a thread."""
        if task != process.pid:
            process.threads.discard(task)
            self.by_task.pop(task, None)

    def exits(self, process: TracedProcess, exit_code: int) -> None:
        """Take note that a process is about to end by itself, and of what it has used."""
        self._tell_parent(process)
        if not process.has_ended:
            process.has_ended = True
            self._recorder.process_ended(
                process.pid,
                self._now_ns(),
                cpu_s=_cpu_s(process.pid),
                peak_memory_bytes=_peak_memory_bytes(process.pid),
                exit_code=exit_code,
            )

    def is_life(self, descriptor: int) -> bool:
        """Whether the descriptor is one of a process."""
        return descriptor in self._by_life

    def ended(self, life: int) -> None:
        """Forget a process that has ended."""
        process = self._by_life.pop(life)
        self._tell_parent(process)
        if self.reaps_orphans and process.pid != self.main_pid:
            with contextlib.suppress(ChildProcessError):  # its own parent will do it
                os.waitid(os.P_PIDFD, life, os.WEXITED | os.WNOHANG)
        self._poll.unregister(life)
        os.close(life)
        process.memory.forget()
        for thread in process.threads | {process.pid}:
            self.by_task.pop(thread, None)
        if not process.has_ended:
            self._recorder.process_ended(
                process.pid, self._now_ns(), cpu_s=0.0, peak_memory_bytes=0, exit_code=None
            )

    def _tell_parent(self, process: TracedProcess) -> None:
        parent = self.by_task.get(process.parent_pid)
        if parent is not None:
            parent.lost_child = True

    def alive(self) -> Iterable[TracedProcess]:
        """The processes that are known and have not ended."""
        return self._by_life.values()

    def _new_process(self, pid: int, life: int) -> TracedProcess:
        if life < 0:
            life = _open_life(pid)
        parent_pid = _parent_of(pid)
        parent = self.by_task.get(parent_pid)
        argv = parent.argv if parent and not parent.executing else arguments_of(pid)
        process = TracedProcess(pid, parent_pid, argv, life)
        if parent is not None:
            process.interrupted_by = parent.interrupted_by
        if life >= 0:
            self._by_life[life] = process
            self._poll.register(life, select.EPOLLIN)
            self.by_task[pid] = process
        if self.are_directories_in_doubt:
            process.moves(FOREVER_IN_DOUBT)
        self._tell_start(process)
        return process

    def _tell_start(self, process: TracedProcess) -> None:
        self._recorder.process_started(
            process.pid, process.parent_pid, process.argv, self._now_ns()
        )


def arguments_of(pid: int) -> tuple[str, ...]:
    """The arguments of a process; empty if it has ended."""
    text = _read(f"/proc/{pid}/cmdline")
    return tuple(os.fsdecode(text).split("\0")[:-1])


def _open_life(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


def _process_of(task: int) -> int:
    return _status_number(task, b"Tgid:") or task


def _parent_of(pid: int) -> int:
    fields = _stat_fields(pid)
    return int(fields[1]) if fields else 0


def _cpu_s(pid: int) -> float:
    fields = _stat_fields(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S if fields else 0.0


def _stat_fields(pid: int) -> list[bytes]:
    """The fields of proc(5)'s `stat` from the third on; the second may hold anything."""
    return _read(f"/proc/{pid}/stat").rpartition(b") ")[2].split()


def _peak_memory_bytes(pid: int) -> int:
    return 1024 * _status_number(pid, b"VmHWM:")


def _status_number(pid: int, name: bytes) -> int:
    behind = _read(f"/proc/{pid}/status").partition(b"\n" + name)[2].split(maxsplit=1)
    return int(behind[0]) if behind else 0


def _read(path: str) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        pieces = []
        while piece := os.read(descriptor, 65536):
            pieces.append(piece)
        return b"".join(pieces)
    except OSError:  # ESRCH: it ended meanwhile
        return b""
    finally:
        os.close(descriptor)
