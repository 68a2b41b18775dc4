"""What one of several tasks at once prints: kept in order of arrival until it is its turn.

The file has no name, so that nothing is left of it whoever is killed. It holds frames:

    NUMBER of the stream (1 byte)  LENGTH (4 bytes)  the bytes
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping

from buildopt.cache.files import write_all
from buildopt.execute.outlet import Outlet

Piece = tuple[int, bytes]
"""Bytes for one of our streams, by its number."""
_HEAD = struct.Struct("<BI")
PIECE_BYTES = 64 * 1024


class Spool:
    """Written by one process, read by another when that has ended; raises OSError."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._descriptor = _open_unnamed(environ.get("TMPDIR", "/tmp"))
        self.is_lost = False
        """Whether something could not be kept: the disk is full."""

    def outlet_to(self, target: int) -> Outlet:
        """The way to one of our streams, through the file."""
        return _SpoolOutlet(self, self._descriptor, target)

    def add(self, target: int, data: bytes) -> None:
        """Keep `data`; never raises, since a command does not fail for what we cannot keep."""
        try:
            write_all(self._descriptor, _HEAD.pack(target, len(data)) + data)
        except OSError:
            self.is_lost = True

    def pieces(self) -> Iterator[Piece]:
        """All that is whole of what was kept, and then close."""
        offset = 0
        try:
            while len(head := os.pread(self._descriptor, _HEAD.size, offset)) == _HEAD.size:
                target, size_bytes = _HEAD.unpack(head)
                offset += _HEAD.size
                end = offset + size_bytes
                while offset < end:
                    data = os.pread(self._descriptor, min(end - offset, PIECE_BYTES), offset)
                    if not data:
                        return
                    yield target, data
                    offset += len(data)
        finally:
            os.close(self._descriptor)


class _SpoolOutlet(Outlet):
    """Takes everything at once."""

    def __init__(self, spool: Spool, descriptor: int, target: int) -> None:
        super().__init__(descriptor)
        self._spool, self._target = spool, target

    def send(self, data: bytes) -> None:
        """Keep `data` for later."""
        self._spool.add(self._target, data)


def _open_unnamed(folder: str) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        return os.open(folder, flags | os.O_TMPFILE, 0o600)
    except (AttributeError, OSError):  # not Linux; a file system that knows no such files
        pass
    path = os.path.join(folder, f".buildopt-spool-{os.urandom(8).hex()}")
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        return os.memfd_create("buildopt-spool")
    os.unlink(path)
    return descriptor
