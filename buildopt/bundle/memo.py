"""What was computed of a content before: bounded, in the user's cache, and never trusted.

diskcache's own ways to keep things unpickle whatever stands in its database, and open whatever
file it names. This one keeps bytes under bytes and takes nothing else, so that who writes the
folder can falsify a size that is shown, and no more (docs/security.md).
"""

from __future__ import annotations

import sqlite3
from typing import Any, Protocol

from diskcache import Cache, Disk, Timeout  # type: ignore[import-untyped]  # has no types
from diskcache.core import MODE_RAW  # type: ignore[import-untyped]  # has no types

from buildopt.bundle.private_folder import private_folder

WAIT_S = 0.2
"""How long another analysis may hold the database before this one does without."""


class Memo(Protocol):
    """Values by key; a key that is not there, or cannot be read, gives None."""

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, if that is possible."""


class NoMemo:
    """Keeps nothing."""

    def get(self, key: bytes) -> bytes | None:  # noqa: ARG002 (a Memo has it)
        """Nothing is known."""
        return None

    def put(self, key: bytes, value: bytes) -> None:
        """Nothing is kept."""


class MemoDisk(Disk):  # type: ignore[misc]  # has no types
    """Bytes in, bytes out, all of them inside of the database."""

    def put(self, key: Any) -> tuple[Any, bool]:
        """A key as the database takes it; raises TypeError unless it is bytes."""
        if type(key) is not bytes:
            raise TypeError("a key is bytes")
        return sqlite3.Binary(key), True

    def get(self, key: Any, raw: bool) -> bytes:  # noqa: FBT001 (the signature of diskcache)
        """A key of the database; raises OSError for one that is not ours."""
        if not raw or not isinstance(key, bytes):
            raise OSError("a key that this program did not write")
        return key

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[int, int, None, Any]:  # noqa: ARG002, FBT001
        """A value as the database takes it; raises TypeError unless it is bytes."""
        if read or type(value) is not bytes:
            raise TypeError("a value is bytes")
        return 0, MODE_RAW, None, sqlite3.Binary(value)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> bytes:  # noqa: FBT001
        """A value of the database; raises OSError for one that is not ours."""
        if mode != MODE_RAW or filename is not None or read or not isinstance(value, bytes):
            raise OSError("a value that this program did not write")
        return value

    def remove(self, file_path: str) -> None:
        """Remove no file: none of our rows has one."""


class DiskMemo:
    """A memo in a folder; trouble with it costs time, not the answer."""

    def __init__(self, folder: str, limit_bytes: int) -> None:
        self._cache = Cache(
            folder, timeout=WAIT_S, disk=MemoDisk, size_limit=limit_bytes, tag_index=False
        )

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        try:
            value = self._cache.get(key)
        except (OSError, sqlite3.Error, Timeout):
            return None
        return value if isinstance(value, bytes) else None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value, if that is possible."""
        try:
            self._cache.set(key, value)
        except (OSError, sqlite3.Error, Timeout):
            pass


def open_memo(folder: str, limit_bytes: int) -> Memo:
    """The memo in `folder`, made where it is missing; raises OSError where it is unfit."""
    try:
        return DiskMemo(private_folder(folder), limit_bytes)
    except (sqlite3.Error, Timeout) as error:
        raise OSError(f"`{folder}`: {error}") from error
