"""Tells whether processes of an earlier run of a task still live in this checkout.

Its command inherits a lock, `checkouts/CHECKOUT/TASK.alive`, and so do the processes that it
starts: they hold it to the end of the last of them, whoever killed the run that was to wait for
them. The lock is shared, so that each run's processes hold it beside those of others.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import NamedTuple

SUFFIX = ".alive"
WAIT_S = 1.0
"""How long survivors are waited for: as long as those of a run of one's own."""
POLL_S = 0.02


class Life(NamedTuple):
    """What a command is to inherit, and whether others before it still have it.

    `descriptor` is -1 where there are no locks; then nobody knows of survivors.
    """

    descriptor: int
    is_shared: bool

    @property
    def inherited(self) -> tuple[int, ...]:
        """Descriptors for the command."""
        return () if self.descriptor < 0 else (self.descriptor,)

    def close(self) -> None:
        """Leave the lock to the command's processes."""
        if self.descriptor >= 0:
            os.close(self.descriptor)


def begin(path: str, wait_s: float = WAIT_S) -> Life:
    """Begin a run; survivors of earlier ones are waited for, but only briefly."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return Life(-1, is_shared=False)
    until_s = time.monotonic() + wait_s
    is_shared = not _try(descriptor, fcntl.LOCK_EX)
    while is_shared and time.monotonic() < until_s:
        time.sleep(POLL_S)
        is_shared = not _try(descriptor, fcntl.LOCK_EX)
    _try(descriptor, fcntl.LOCK_SH)
    return Life(descriptor, is_shared)


def _try(descriptor: int, operation: int) -> bool:
    """Whether the lock was to be had, or there are none on this file system."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True
