"""Keeps readers and writers of samples apart for the moment in which lengths are taken.

A sample names the length that the events had when it was written. Were it written while a reader
is between the two kinds of files, that reader would meet it later than others. The lock is a
`flock` on a small file that is never deleted; where it cannot be had, or its holder is stopped,
it is done without: then the order of one sample may differ.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

WAIT_S = 1.0
_STEP_S = 0.001


@contextmanager
def shared(folder: str) -> Iterator[None]:
    """Nobody writes a sample inside."""
    with _held(folder, os.O_RDONLY, fcntl.LOCK_SH):
        yield


@contextmanager
def exclusive(folder: str) -> Iterator[None]:
    """Nobody reads lengths inside."""
    with _held(folder, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX):
        yield


@contextmanager
def _held(folder: str, flags: int, kind: int) -> Iterator[None]:
    path = os.path.join(folder, "journal", "samples.lock")
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC, 0o600)
    except OSError:
        yield  # no samples yet, or nothing can be written
        return
    try:
        _take(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, kind: int) -> None:
    end_s = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > end_s:
                return
            time.sleep(_STEP_S)
        except OSError:
            return  # a file system without locks
