"""One of our own outputs: takes bytes without ever making the rest of us wait."""

from __future__ import annotations

import fcntl
import os
import select
import stat
from collections import deque

PENDING_LIMIT_BYTES = 256 * 1024
"""With so much unwritten, no more is read from the command: it waits for our reader."""

CERTAIN_BYTES = 4096
"""What a pipe or socket that polls as writable takes without blocking (POSIX's PIPE_BUF)."""


class Outlet:
    """Writes completely and in order, as fast as the reader takes it.

    `is_broken` is True once nobody reads any more.
    """

    def __init__(self, descriptor: int) -> None:
        self.is_broken = False
        self.descriptor, self._piece_bytes = _without_blocking(descriptor)
        self._is_own = self.descriptor != descriptor
        self._pending: deque[memoryview] = deque()
        self._pending_bytes = 0

    @property
    def is_pending(self) -> bool:
        """Whether bytes wait to be written."""
        return bool(self._pending) and not self.is_broken

    @property
    def is_full(self) -> bool:
        """Whether so many wait that no more should be taken on."""
        return self._pending_bytes >= PENDING_LIMIT_BYTES

    def send(self, data: bytes) -> None:
        """Write `data`, now as far as it goes and the rest in `flush`."""
        if self.is_broken:
            return
        written = 0
        if not self._pending and not self._piece_bytes:
            written = self._write(data)  # nearly always all of it
        if written < len(data) and not self.is_broken:
            self._pending.append(memoryview(data)[written:])
            self._pending_bytes += len(data) - written
            if self._piece_bytes:
                self.flush()

    def flush(self) -> None:
        """Write what waits, until the reader takes no more."""
        while self._pending and self._is_writable():
            head = self._pending[0]
            written = self._write(head[: self._piece_bytes or len(head)])
            if not written:
                return
            self._pending_bytes -= written
            if written < len(head):
                self._pending[0] = head[written:]
            else:
                self._pending.popleft()

    def drop(self) -> None:
        """Forget what waits: nobody will read it."""
        self.is_broken = True
        self._pending.clear()
        self._pending_bytes = 0

    def close(self) -> None:
        """Let go of what was opened."""
        if self._is_own:
            os.close(self.descriptor)
            self._is_own = False

    def _write(self, data: bytes | memoryview) -> int:
        """How many bytes the reader took at once; all is dropped where nobody reads."""
        try:
            return os.write(self.descriptor, data)
        except BlockingIOError:
            return 0
        except OSError:  # EPIPE; EIO of a terminal that hung up; ENOSPC
            self.drop()
            return 0

    def _is_writable(self) -> bool:
        if not self._piece_bytes:
            return True
        poll = select.poll()
        poll.register(self.descriptor, select.POLLOUT)
        return bool(poll.poll(0))


def _without_blocking(descriptor: int) -> tuple[int, int]:
    """A descriptor for the same object, and how much it takes at once (0: any amount).

    O_NONBLOCK belongs to the open file, which others share (our parent, say). So a pipe or
    terminal is opened anew; where that is refused, pieces are written that cannot block.
    """
    mode = os.fstat(descriptor).st_mode
    is_terminal = stat.S_ISCHR(mode) and os.isatty(descriptor)
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or is_terminal):
        return descriptor, 0
    if fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_NONBLOCK:
        return descriptor, 0
    try:
        flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
        return os.open(f"/proc/self/fd/{descriptor}", flags), 0
    except OSError:
        return descriptor, CERTAIN_BYTES
