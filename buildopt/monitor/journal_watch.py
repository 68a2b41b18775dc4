"""Sleeps until something is written to the journal: by inotify, where the system has it.

To wake ten times a second only to look costs a monitor at rest more than all else that it does.
What other hosts write over a network is not told: whoever waits looks once in a while, too.
"""

from __future__ import annotations

import os
import select
import sys
from contextlib import suppress

MOST_BYTES = 65_536
MILLISECONDS = 1_000


class JournalWatch:
    """The folder of one journal; `wait` in one thread, `wake` in any."""

    def __init__(self, folder: str) -> None:
        """`folder` is the state folder."""
        self._path = os.fsencode(os.path.join(folder, "journal"))
        self._descriptor, self._waker = -1, -1
        if sys.platform != "linux":
            return
        with suppress(OSError):  # no file can be opened any more
            from watchdog.observers import inotify_c

            known = inotify_c.InotifyConstants
            self._mask = known.IN_MODIFY | known.IN_CREATE | known.IN_DELETE | known.IN_MOVE
            self._add = inotify_c.inotify_add_watch
            self._waker = os.eventfd(0, os.EFD_CLOEXEC)
            self._descriptor = inotify_c.inotify_init()
        if self._descriptor >= 0:
            os.set_inheritable(self._descriptor, False)
            os.set_blocking(self._descriptor, False)

    def wait(self, timeout_s: float) -> bool:
        """Sleep until something is written, for so long at most; False where nobody can tell."""
        # To add it again costs nothing, and finds a folder that was made anew.
        if self._descriptor < 0 or self._add(self._descriptor, self._path, self._mask) < 0:
            return False
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        poll.register(self._waker, select.POLLIN)
        poll.poll(timeout_s * MILLISECONDS)
        with suppress(BlockingIOError):
            os.read(self._descriptor, MOST_BYTES)
        return True

    def wake(self) -> None:
        """End `wait` now, and from now on."""
        if self._waker >= 0:
            os.eventfd_write(self._waker, 1)

    def close(self) -> None:
        """Watch no more."""
        for descriptor in (self._descriptor, self._waker):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor, self._waker = -1, -1
