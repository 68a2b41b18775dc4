"""Starts a sweep that nobody waits for, and is that sweep.

    python -P -m buildopt.cache.background TOP LIMIT_BYTES MAX_AGE_S

The process is detached, and of the lowest priority for the processor and the disk. One file
serves as the lock of all sweeps of a cache and, by its time, says when the last one began.
"""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from buildopt import detached
from buildopt.cache import locks
from buildopt.cache.eviction import Limits
from buildopt.cache.layout import Layout

if TYPE_CHECKING:
    from buildopt.events import CacheEvicted

MODULE = "buildopt.cache.background"


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
        detached.start(MODULE, layout.top, str(limits.size_bytes), str(limits.age_s))


def main(arguments: list[str]) -> None:
    """Sweep the cache, unless somebody does already."""
    top, limit_bytes, age_s = arguments
    detached.be_modest()
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


if __name__ == "__main__":
    main(sys.argv[1:])
