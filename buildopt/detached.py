"""Starts a process that nobody waits for, and makes it a modest one.

It is a session of its own with none of our descriptors: neither a terminal nor a pipe is held
open by it, and no signal meant for us reaches it.
"""

from __future__ import annotations

import os
import sys

IO_PRIORITY_CALLS = {"x86_64": 251, "i686": 289, "aarch64": 30, "armv7l": 314, "riscv64": 30}
"""Number of ioprio_set(2) by machine: neither Python nor the C library has a name for it."""
IO_PRIORITY_IDLE = 3 << 13
"""The disk only when nobody else wants it, from linux/ioprio.h."""


def start(module: str, *arguments: str) -> None:
    """Start `python -m MODULE ARGUMENTS`; where that is refused, nothing happens."""
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    close = [(os.POSIX_SPAWN_CLOSE, fd) for fd in _inherited_descriptors()]
    # -P: nothing that lies in the working directory is ever imported.
    words = [sys.executable, "-P", "-m", module, *arguments]
    try:
        os.posix_spawn(
            sys.executable, words, os.environ, file_actions=[*null, *close], setsid=True,
            setsigmask=(),
        )  # fmt: skip
    except (OSError, NotImplementedError):
        pass


def be_modest() -> None:
    """Hold no folder, and take neither processor nor disk from anybody."""
    os.chdir("/")
    os.nice(19)
    number = IO_PRIORITY_CALLS.get(os.uname().machine)
    if sys.platform != "linux" or number is None:
        return
    import ctypes

    this_process, itself = 1, 0
    ctypes.CDLL(None).syscall(number, this_process, itself, IO_PRIORITY_IDLE)


def _inherited_descriptors() -> list[int]:
    """Descriptors beyond 2 that a program started by us would get."""
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:
        numbers = list(range(256))
    return [number for number in numbers if number > 2 and _is_inheritable(number)]


def _is_inheritable(descriptor: int) -> bool:
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False
