"""Read files of whom nobody knows what they are: only regular ones, and never too much."""

from __future__ import annotations

import os
import stat


def shown(path: str) -> str:
    """The path as text that any program can read: bytes that are no UTF-8 are written out."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class TooLarge(Exception):
    """A file is larger than what its kind may have."""


def read_whole(path: str, limit_bytes: int) -> bytes:
    """The content of a regular file; raises OSError, or TooLarge."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"`{path}` is no regular file")
        if status.st_size > limit_bytes:
            raise TooLarge(f"{status.st_size:,} bytes; {limit_bytes:,} is the most that is read")
        content = file.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise TooLarge(f"it grew beyond {limit_bytes:,} bytes while it was read")
    return content
