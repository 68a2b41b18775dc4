"""What a folder is good for, found out by writing two files there and taking them away again."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace

from buildopt.cache import files
from buildopt.cache.artifacts import FICLONE
from buildopt.cache.file_times import NEVER_TRUSTED_NS, granularity_ns
from buildopt.doctor.facts import Folder
from buildopt.doctor.mounts import mount_of

PROBE_BYTES = 1 << 16
"""So much that btrfs gives it blocks of its own, which alone can be shared."""


def look_at_folder(path: str) -> Folder:
    """What can be told of a folder without writing; of its nearest ancestor where it is missing."""
    stands = _nearest_existing(path)
    folder = Folder(path=path, exists=stands == path)
    try:
        status = os.stat(stands)
    except OSError as error:
        return replace(folder, trouble=_words(error))
    return replace(
        folder,
        device=status.st_dev,
        mount=mount_of(stands, status.st_dev),
        times_are_believed=granularity_ns(status.st_dev, stands) != NEVER_TRUSTED_NS,
    )


def probe_folder(path: str, *, private: str, clock: Callable[[], float]) -> Folder:
    """The same, and what writing there shows.

    What is missing is not made: then the nearest ancestor is written to.
    """
    folder = replace(look_at_folder(path), private=private, used_bytes=_bytes_below(path))
    stands = _nearest_existing(private)
    try:
        if stands == private:
            status = os.stat(private)
            folder = replace(folder, owner_uid=status.st_uid, mode=status.st_mode & 0o7777)
        folder = replace(folder, free_bytes=_free_bytes(stands))
        return _write_probe(folder, stands, clock)
    except OSError as error:
        return replace(folder, trouble=_words(error))


def _write_probe(folder: Folder, stands: str, clock: Callable[[], float]) -> Folder:
    place = files.temporary_name(os.path.join(stands, "doctor"))
    os.mkdir(place, 0o700)
    try:
        first, second = os.path.join(place, "first"), os.path.join(place, "second")
        before_s = clock()
        files.publish(first, bytes(PROBE_BYTES))
        after_s = clock()
        mtime_s = os.stat(first).st_mtime
        ahead_s = max(0.0, mtime_s - after_s) - max(0.0, before_s - mtime_s)
        return replace(folder, ahead_s=ahead_s, has_reflinks=_can_clone(first, second))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _can_clone(source: str, target: str) -> bool:
    """Whether a new file can share the blocks of another."""
    if sys.platform != "linux":
        return False
    import fcntl

    with open(source, "rb") as whole, open(target, "wb") as copy:
        try:
            fcntl.ioctl(copy, FICLONE, whole.fileno())
        except OSError:
            return False
    return True


def _nearest_existing(path: str) -> str:
    """`path` itself, or the first of its ancestors that is there; a dangling link is there."""
    while not os.path.lexists(path):
        parent = os.path.dirname(path)
        if parent == path:
            return path
        path = parent
    return path


def _free_bytes(path: str) -> int:
    """What the disk still takes of a user who is not root."""
    status = os.statvfs(path)
    return status.f_bavail * status.f_frsize


def _bytes_below(top: str) -> int:
    total = 0
    for folder, _, names in os.walk(top):
        for name in names:
            try:
                total += os.lstat(os.path.join(folder, name)).st_size
            except OSError:
                pass  # removed meanwhile
    return total


def _words(error: OSError) -> str:
    return error.strerror or str(error)
