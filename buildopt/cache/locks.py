"""One run of a task at a time in one checkout; correctness never needs it, only work is saved.

The lock file is never deleted and holds its holder's process id. A holder that is stopped is
waited for no longer than `STOPPED_HOLDER_S`; where there are no locks, nobody waits.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time

STOPPED_HOLDER_S = 10.0
"""How long a holder may stand stopped (Ctrl-Z) before others go on without the lock."""
POLL_S = 0.02


def acquire(path: str, stopped_holder_s: float = STOPPED_HOLDER_S) -> int:
    """A descriptor that holds the lock until it is closed; -1 where there is none to be had.

    Behind a holder that stood stopped for `stopped_holder_s` the descriptor holds nothing.
    """
    descriptor = _open(path)
    if descriptor < 0:
        return -1
    stopped_s = 0.0
    while not _try(descriptor):
        stopped_s = stopped_s + POLL_S if _holder_is_stopped(descriptor) else 0.0
        if stopped_s >= stopped_holder_s:
            return descriptor
        time.sleep(POLL_S)
    _sign(descriptor)
    return descriptor


def try_acquire(path: str) -> int | None:
    """The same without waiting; None where somebody holds it."""
    descriptor = _open(path)
    if descriptor < 0:
        return -1
    if _try(descriptor):
        _sign(descriptor)
        return descriptor
    os.close(descriptor)
    return None


def release(descriptor: int) -> None:
    """Let others in."""
    if descriptor >= 0:
        os.close(descriptor)


def _open(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        pass  # the first run of a checkout
    except OSError:
        return -1
    try:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        return os.open(path, flags, 0o600)
    except OSError:
        return -1


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EWOULDBLOCK, errno.EINTR)
    return True


def _sign(descriptor: int) -> None:
    try:
        os.pwrite(descriptor, b"%-20d" % os.getpid(), 0)  # to cut it off first may take 5 ms
    except OSError:
        pass  # a full disk: nobody learns who holds it


def _holder_is_stopped(descriptor: int) -> bool:
    try:
        holder = int(os.pread(descriptor, 20, 0) or b"0")
        with open(f"/proc/{holder}/stat", "rb") as status:
            return status.read().rpartition(b")")[2].split()[0] in (b"T", b"t")
    except (OSError, ValueError, IndexError):
        return False
