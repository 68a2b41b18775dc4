"""Starts a sweep that nobody waits for, and is that sweep.

    python -P -m buildopt.cache.background TOP LIMIT_BYTES MAX_AGE_S

The process is a session of its own, with none of our descriptors, of the lowest priority for
the processor and the disk. One file serves as the lock of all sweeps of a cache and, by its
time, says when the last one began.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from buildopt.cache import locks
from buildopt.cache.eviction import Limits
from buildopt.cache.layout import Layout

if TYPE_CHECKING:
    from buildopt.events import CacheEvicted

IO_PRIORITY_CALLS = {"x86_64": 251, "i686": 289, "aarch64": 30, "armv7l": 314, "riscv64": 30}
"""Number of ioprio_set(2) by machine: neither Python nor the C library has a name for it."""
IO_PRIORITY_IDLE = 3 << 13
"""The disk only when nobody else wants it, from linux/ioprio.h."""


def start(layout: Layout, limits: Limits) -> None:
    """Start a sweep, unless somebody sweeps already or the cache cannot be written.

    A cache that never was swept is young: its first turn comes an hour later.
    """
    is_young = not os.path.exists(layout.sweep_mark)
    lock = locks.try_acquire(layout.sweep_mark)  # sets the mark's time, too
    if lock is None or lock < 0:
        return
    locks.release(lock)
    if not is_young:
        _spawn(layout.top, str(limits.size_bytes), str(limits.age_s))


def main(arguments: list[str]) -> None:
    """Sweep the cache, unless somebody does already."""
    top, limit_bytes, age_s = arguments
    _be_modest()
    # The starting process has no use for these.
    from buildopt.cache.sweep import evicted, sweep
    from buildopt.cache.unneeded import Sweep

    layout = Layout(top)
    lock = locks.try_acquire(layout.sweep_mark)
    if lock is None or lock < 0:
        return
    limits = Limits(int(limit_bytes), float(age_s))
    told = evicted(sweep(Sweep(layout, limits, os.fstat(lock).st_mtime)), limits)
    if told.files:
        _tell(told)


def _tell(event: CacheEvicted) -> None:
    """Append the event to the journal, under a run's id of this sweep's own."""
    from buildopt import settings
    from buildopt.journal import Journal, source_of
    from buildopt.journal_line import uuid7

    state = os.fsencode(settings.state_folder(os.environ))
    run_id = uuid7(time.time_ns(), os.urandom(10))
    Journal(state=state, source=source_of("cache"), run_id=run_id).append(event)


def _spawn(*arguments: str) -> None:
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    close = [(os.POSIX_SPAWN_CLOSE, fd) for fd in _inherited_descriptors()]
    # -P: nothing that lies in the working directory is ever imported.
    words = [sys.executable, "-P", "-m", "buildopt.cache.background", *arguments]
    try:
        os.posix_spawn(
            sys.executable, words, os.environ, file_actions=[*null, *close], setsid=True,
            setsigmask=(),
        )  # fmt: skip
    except (OSError, NotImplementedError):
        pass  # an hour later the next run tries


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


def _be_modest() -> None:
    """Hold no folder, and take neither processor nor disk from anybody."""
    os.chdir("/")
    os.nice(19)
    number = IO_PRIORITY_CALLS.get(os.uname().machine)
    if sys.platform != "linux" or number is None:
        return
    import ctypes

    this_process, itself = 1, 0
    ctypes.CDLL(None).syscall(number, this_process, itself, IO_PRIORITY_IDLE)


if __name__ == "__main__":
    main(sys.argv[1:])
