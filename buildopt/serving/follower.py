"""Follows a log file: whole lines as they come, over rotation and truncation, from where it was.

    grown                      read on behind the last whole line
    another file at the path   the old one to its end, then the new one from its beginning
    shorter, or begins other   it was truncated: from its beginning

Polling: a `stat` a second costs less than being told of each line that a busy server writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

HEAD_BYTES = 256
"""By which a file that was emptied and grew again is told from one that only grew."""
LONGEST_LINE_BYTES = 65_536
"""What is longer is no request: passed over, and counted as unread."""
READ_BYTES = 1_048_576
"""At once; the rest follows at the next look."""


class Spot(NamedTuple):
    """Where a follower stands: in which file, and behind which byte of it."""

    device: int = 0
    inode: int = 0
    offset_bytes: int = 0
    head: str = ""
    """The file's first bytes, in hexadecimal digits."""


NOWHERE = Spot()


class Follower:
    """One file that is followed. `poll` is called again and again."""

    def __init__(self, path: str, spot: Spot = NOWHERE, *, from_start: bool = False) -> None:
        """Goes on at `spot` if that file is still there, else at its end or `from_start`."""
        self.path = path
        self.unread_lines = 0
        """Lines that were too long."""
        self._file = -1
        self._spot = spot
        self._from_start = from_start
        self._is_skipping = False

    @property
    def spot(self) -> Spot:
        """Behind the last whole line that was given out."""
        return self._spot

    def poll(self) -> Iterator[str]:
        """Lines that have come since; raises OSError for a file that cannot be read."""
        if self._file < 0:
            self._open()
        yield from self._lines()
        if self._is_replaced():
            while rest := list(self._lines()):
                yield from rest
            self.close()
            self._spot, self._from_start = NOWHERE, True
            self._open()
            yield from self._lines()

    def close(self) -> None:
        """Let go of the file."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
        self._is_skipping = False

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        status = os.fstat(self._file)
        is_same = (status.st_dev, status.st_ino) == self._spot[:2] and self._begins_same()
        if not is_same:
            is_new = self._from_start or self._spot != NOWHERE
            offset = 0 if is_new else self._last_line_end(status.st_size)
            self._spot = Spot(status.st_dev, status.st_ino, offset, self._head())

    def _lines(self) -> Iterator[str]:
        """What has come at the end of the file that is open."""
        if os.fstat(self._file).st_size < self._spot.offset_bytes or not self._begins_same():
            self._spot = self._spot._replace(offset_bytes=0, head=self._head())
        data = os.pread(self._file, READ_BYTES, self._spot.offset_bytes)
        end = data.rfind(b"\n") + 1
        if not end and len(data) > LONGEST_LINE_BYTES:
            self.unread_lines += not self._is_skipping
            end, self._is_skipping, data = len(data), True, b""
        self._spot = self._spot._replace(
            offset_bytes=self._spot.offset_bytes + end, head=self._spot.head or self._head()
        )
        for line in data[:end].split(b"\n")[:-1]:
            if self._is_skipping:
                self._is_skipping = False
            elif len(line) > LONGEST_LINE_BYTES:
                self.unread_lines += 1
            else:
                yield line.decode("utf-8", "replace")

    def _head(self) -> str:
        return os.pread(self._file, HEAD_BYTES, 0).hex()

    def _begins_same(self) -> bool:
        return self._head().startswith(self._spot.head)

    def _last_line_end(self, size_bytes: int) -> int:
        """Behind the last whole line: half a line that is there is read when it is whole."""
        start = max(0, size_bytes - LONGEST_LINE_BYTES)
        return start + os.pread(self._file, size_bytes - start, start).rfind(b"\n") + 1

    def _is_replaced(self) -> bool:
        try:
            there = os.stat(self.path)
        except OSError:
            return False  # between two files of a rotation
        here = os.fstat(self._file)
        return (there.st_dev, there.st_ino) != (here.st_dev, here.st_ino)
