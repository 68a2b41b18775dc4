"""Files that appear whole: a temporary beside the target, written, then renamed over it.

A killed process leaves either the old state or the new one. Nothing is synced: a cache may
lose, because whatever is read from it is verified first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from buildopt.places import TEMPORARY_MARK


def publish(path: str, data: bytes, mode: int = 0o600) -> None:
    """Make `path` hold `data`, all at once; raises OSError with the old state kept."""
    publish_pieces(path, (data,), mode)


def put(path: str, data: bytes) -> None:
    """Write a file that the user named: whole where it is a file, else into what is there.

    A link, a pipe or a device stays what it is.
    """
    if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.islink(path)):
        publish(path, data, 0o644)
        return
    with open(path, "wb") as file:
        file.write(data)


def publish_pieces(path: str, pieces: Iterable[bytes], mode: int = 0o600) -> None:
    """The same from pieces; the mode is set exactly, whatever the umask."""
    descriptor, temporary = open_temporary(path)
    try:
        try:
            for piece in pieces:
                write_all(descriptor, piece)
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def open_temporary(path: str) -> tuple[int, str]:
    """A new file for writing in the folder of `path`, which is made where it is missing."""
    temporary = temporary_name(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(temporary, flags, 0o600), temporary
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        return os.open(temporary, flags, 0o600), temporary


def temporary_name(path: str) -> str:
    """A fresh name in the folder of `path`, short enough for any file system."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name[:40]}{TEMPORARY_MARK}{os.urandom(6).hex()}")


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte; a short write that makes no progress raises OSError by itself."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def read(path: str) -> bytes:
    """All bytes of a small file; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        pieces = []
        while piece := os.read(descriptor, 1 << 20):
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    finally:
        os.close(descriptor)
