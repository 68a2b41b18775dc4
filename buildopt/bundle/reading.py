"""Read files of whom nobody knows what they are: only regular ones, and never too much.

What is looked at is noted down where somebody wants to know (`looked_at`): an analysis holds as
long as all of it stays as it is.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager

Signature = list[int] | None
"""The fields of `model.StatSignature`; None for a path where nothing is."""


class Looked:
    """Everything that was looked at since `began_ns`, as it was before."""

    def __init__(self) -> None:
        self.began_ns = time.time_ns()
        self.signatures: dict[str, Signature] = {}

    def add(self, path: str) -> None:
        """Note a path, before it is read."""
        if path not in self.signatures:
            self.signatures[path] = look_at(path)


_looked: list[Looked] = []
"""Who wants to know, the last one first asked."""


@contextmanager
def looked_at() -> Iterator[Looked]:
    """Note what is looked at from here on."""
    _looked.append(Looked())
    try:
        yield _looked[-1]
    finally:
        _looked.pop()


def note(path: str) -> str:
    """Note that the answer depends on this path: a file, a folder's entries, or its absence."""
    for looked in _looked:
        looked.add(path)
    return path


def look_at(path: str) -> Signature:
    """What there is at a path, links followed, as far as `stat` tells."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return [
        found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev,
        found.st_mode,
    ]  # fmt: skip


def shown(path: str) -> str:
    """The path as text that any program can read: bytes that are no UTF-8 are written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class TooLarge(Exception):
    """A file is larger than what its kind may have."""


def read_whole(path: str, limit_bytes: int) -> bytes:
    """The content of a regular file; raises OSError, or TooLarge."""
    note(path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"`{path}` is no regular file")
        if status.st_size > limit_bytes:
            raise TooLarge(f"{status.st_size:,} bytes; {limit_bytes:,} is the most that is read")
        content = file.read(status.st_size + 1)  # more would be room that is asked for in vain
    if len(content) > status.st_size:
        raise OSError(f"`{path}` grew while it was read")
    return content
