"""Where changed paths wait: filled by threads that watch, emptied by the loop."""

from __future__ import annotations

import os
from threading import Lock
from typing import NamedTuple

MOST_PATHS = 100_000
"""Of more changes than that no single one is kept: everything is to be looked at."""


class Changes(NamedTuple):
    """What happened since it was last asked for."""

    paths: frozenset[str] = frozenset()
    is_rescan: bool = False
    """Changes were lost or may have been: what is not named may have changed as well."""
    is_overflow: bool = False
    """They were lost because there were too many at a time."""

    def __bool__(self) -> bool:
        return bool(self.paths) or self.is_rescan

    def __add__(self, other: object) -> Changes:
        """Both together."""
        if not isinstance(other, Changes):
            return NotImplemented
        return Changes(
            self.paths | other.paths,
            self.is_rescan or other.is_rescan,
            self.is_overflow or other.is_overflow,
        )


class Inbox:
    """Any thread may put in; the one that takes out waits on `fileno()`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._paths: set[str] = set()
        self._is_rescan = self._is_overflow = False
        self._reader, self._writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def fileno(self) -> int:
        """Readable while something is there."""
        return self._reader

    def add(self, *paths: str) -> None:
        """Tell that these changed."""
        with self._lock:
            is_first = not self._paths and not self._is_rescan
            self._paths.update(path for path in paths if path)
            if len(self._paths) > MOST_PATHS:
                self._paths.clear()
                self._is_rescan = self._is_overflow = True
            if is_first and (self._paths or self._is_rescan):
                os.write(self._writer, b"!")

    def rescan(self, *, is_overflow: bool = False) -> None:
        """Tell that changes were lost."""
        with self._lock:
            if not self._paths and not self._is_rescan:
                os.write(self._writer, b"!")
            self._is_rescan = True
            self._is_overflow = self._is_overflow or is_overflow

    def take(self) -> Changes:
        """All that was put in; afterwards it is empty."""
        with self._lock:
            taken = Changes(frozenset(self._paths), self._is_rescan, self._is_overflow)
            self._paths = set()
            self._is_rescan = self._is_overflow = False
            if taken:
                os.read(self._reader, 1)
            return taken

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self._reader)
        os.close(self._writer)
