"""The few system calls that Python has no function for, by ctypes.

Importing this costs some milliseconds (ctypes), so it is imported when a run is observed.
"""

from __future__ import annotations

import ctypes
import errno
import os

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
SECCOMP_SET_MODE_FILTER = 1
NEW_LISTENER, WAIT_KILLABLE_RECEIVE = 8, 32
"""Flags of `seccomp`. With the second (Linux 5.19) a signal, such as Go sends itself all the
time, does not cancel a call that we are looking at, only to have it made again."""

SECCOMP_NUMBERS = {"x86_64": 317, "aarch64": 277}
INSTRUCTION_BYTES = 8

_libc = ctypes.CDLL(None, use_errno=True)


class _Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def install_filter(program: bytes) -> int:
    """Put this thread and all its children under `program`; gives the listener, or OSError.

    Without the right to do so the privilege to gain privileges is given up first: a setuid
    program then runs as the user. EBUSY: somebody listens already.
    """
    try:
        return _install(program)
    except PermissionError as error:
        if error.errno != errno.EACCES:
            raise
    _control(PR_SET_NO_NEW_PRIVS, 1)
    return _install(program)


def adopt_orphans(*, wanted: bool) -> None:
    """Whether processes whose parent ended become children of this one."""
    _control(PR_SET_CHILD_SUBREAPER, int(wanted))


def end_with_parent(number: int) -> None:
    """Have the signal sent to this process when the thread that forked it has ended."""
    _control(PR_SET_PDEATHSIG, number)


def _install(program: bytes) -> int:
    try:
        return _seccomp(program, NEW_LISTENER | WAIT_KILLABLE_RECEIVE)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return _seccomp(program, NEW_LISTENER)


def _seccomp(program: bytes, flags: int) -> int:
    instructions = ctypes.create_string_buffer(program, len(program))
    description = _Program(len(program) // INSTRUCTION_BYTES, ctypes.addressof(instructions))
    number = SECCOMP_NUMBERS[os.uname().machine]
    listener = int(_libc.syscall(number, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(description)))
    if listener < 0:
        raise _error()
    return listener


def _control(option: int, value: int) -> None:
    zero = ctypes.c_ulong(0)
    if _libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero):
        raise _error()


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
