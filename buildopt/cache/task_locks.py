"""Which tasks are being looked up, run or restored at this moment: the sweep leaves them alone.

Each run holds `checkouts/CHECKOUT/TASK.lock` from its look-up to its end. The locks are shared
here, and never waited for; a run that comes meanwhile waits for no longer than a few removals.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from buildopt.cache.layout import Layout

SUFFIX = ".lock"


def tasks_in_use(layout: Layout) -> frozenset[str]:
    """Keys of the tasks whose lock somebody holds in any checkout."""
    busy = set()
    for path in _locks(layout):
        descriptor = _try_shared(path)
        if descriptor is None:
            busy.add(os.path.basename(path).removesuffix(SUFFIX))
        else:
            os.close(descriptor)
    return frozenset(busy)


@contextmanager
def kept_idle(layout: Layout, task: str) -> Iterator[bool]:
    """Whether nobody uses the task; then nobody begins to while this lasts."""
    held = []
    try:
        for path in _locks(layout, task):
            descriptor = _try_shared(path)
            if descriptor is None:
                yield False
                return
            held.append(descriptor)
        yield True
    finally:
        for descriptor in held:
            os.close(descriptor)


def _locks(layout: Layout, task: str = "") -> Iterator[str]:
    """Lock files of one task, or of all, in all checkouts."""
    for folder, _, names in os.walk(os.path.join(layout.base, "checkouts")):
        for name in names:
            if name.endswith(SUFFIX) and (not task or name == task + SUFFIX):
                yield os.path.join(folder, name)


def _try_shared(path: str) -> int | None:
    """A descriptor that shares the lock; None where somebody holds it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        pass  # a file system without locks: nobody holds one
    return descriptor
