"""Whether a command can be observed here, found out by observing one call of a child of ours."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import socket

    from buildopt.observe.seccomp.memory import Memory

TIMEOUT_S = 1.0
"""A child that has not answered by then never will: some policy forbids what it waits for."""

ASKED_PATH = b"/buildopt-self-test"
YAMA_SCOPE = "/proc/sys/kernel/yama/ptrace_scope"
CAP_SYS_PTRACE = 19

REASONS = {
    errno.EBUSY: "another program observes this one already",
    errno.EPERM: "the surrounding forbids seccomp filters",
    errno.EACCES: "the surrounding forbids seccomp filters",
    errno.EINVAL: "the kernel is older than Linux 5.5",
    errno.ENOSYS: "the kernel has no seccomp filters",
}


def is_available() -> tuple[bool, str]:
    """Whether `SeccompObserver` works here, and if not, why; takes some ten milliseconds.

    The answer holds until the kernel, the container or who started us is another.
    """
    if not sys.platform.startswith("linux"):
        return False, "it is a feature of Linux"
    from buildopt.observe.seccomp.numbers import MACHINES

    machine = os.uname().machine
    if machine not in MACHINES:
        return False, f"the system calls of `{machine}` are not known"
    if _yama_scope() >= 2 and not _may_trace():
        return False, f"`{YAMA_SCOPE}` forbids to read the memory of other processes"
    return _try()


def must_supervise_in_thread() -> bool:
    """Whether only a process's ancestors may read its memory, so that the supervisor must be one.

    So on Ubuntu as delivered, for anyone but root.
    """
    return _yama_scope() == 1 and not _may_trace()


def _try() -> tuple[bool, str]:
    from socket import socketpair

    from buildopt.observe.seccomp.hand_over import take_listener

    ours, theirs = socketpair()
    child = os.fork()
    if child == 0:
        _be_observed(ours, theirs)
    try:
        theirs.close()
        taken = take_listener(ours)
        if taken is None:
            return False, _reason(os.WEXITSTATUS(os.waitpid(child, 0)[1]))
        try:
            return _serve(taken[0], child)
        except OSError as error:
            return False, _reason(error.errno or 0)
        finally:
            # In this order: its last call would fail without a listener, and it would crash.
            os.kill(child, signal.SIGKILL)
            os.close(taken[0])
    finally:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(child, 0)


def _be_observed(not_ours: socket.socket, channel: socket.socket) -> NoReturn:
    """The child's part: make one call under the filter; the exit status is an error's number."""
    status = errno.ENOSYS
    try:
        from buildopt.observe.seccomp.filter import filter_program
        from buildopt.observe.seccomp.hand_over import hand_over
        from buildopt.observe.seccomp.kernel import install_filter
        from buildopt.observe.seccomp.numbers import MACHINES

        not_ours.close()
        program = filter_program(MACHINES[os.uname().machine])
        hand_over([channel], install_filter(program))
        os.access(ASKED_PATH, os.F_OK)
    except OSError as error:
        status = error.errno or status
    finally:
        os._exit(status)


def _serve(listener: int, child: int) -> tuple[bool, str]:
    """Let the child's first call go on, once it was understood, and whatever follows."""
    from buildopt.observe.seccomp.memory import Memory
    from buildopt.observe.seccomp.notifications import let_go_on, own_place, receive

    poll = select.poll()
    poll.register(listener, select.POLLIN)
    if not poll.poll(TIMEOUT_S * 1000):
        return False, "stopped calls are not reported"
    call = receive(listener, own_place())
    texts = [_text(Memory(), child, address) for address in call[4][:2]]
    let_go_on(listener, call[0])
    if ASKED_PATH not in texts:
        return False, "the memory of other processes cannot be read"
    return True, ""


def _text(memory: Memory, task: int, address: int) -> bytes:
    from buildopt.observe.seccomp.memory import DoomedCall

    try:
        return memory.text(task, address)
    except (OSError, DoomedCall):
        return b""


def _reason(number: int) -> str:
    return REASONS.get(number, os.strerror(number))


def _yama_scope() -> int:
    try:
        with open(YAMA_SCOPE, encoding="ascii") as file:
            return int(file.read())
    except OSError:
        return 0


def _may_trace() -> bool:
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> CAP_SYS_PTRACE & 1)
