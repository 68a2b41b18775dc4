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
    """Written by one process, read by another when that has ended; raises OSError.

    What a full disk does not take is kept in memory.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._descriptors = [*_opened(environ.get("TMPDIR", "/tmp"))]
        self._current = 0
        self._whole_bytes = 0
        """So much of the current file are whole frames."""
        self.is_lost = False
        """Whether something could not be kept: there is no memory either."""

    def outlet_to(self, target: int) -> Outlet:
        """The way to one of our streams, through the file."""
        return _SpoolOutlet(self, self._descriptors[0], target)

    def add(self, target: int, data: bytes) -> None:
        """Keep `data`; never raises, since a command does not fail for what we cannot keep."""
        frame = _HEAD.pack(target, len(data)) + data
        while not self.is_lost:
            descriptor = self._descriptors[self._current]
            try:
                write_all(descriptor, frame)
            except OSError:
                os.ftruncate(descriptor, self._whole_bytes)
                self._go_on_in_memory()
            else:
                self._whole_bytes += len(frame)
                return

    def _go_on_in_memory(self) -> None:
        self.is_lost = self._current + 1 == len(self._descriptors)
        if not self.is_lost:
            self._current, self._whole_bytes = self._current + 1, 0

    def pieces(self) -> Iterator[Piece]:
        """All that is whole of what was kept, and then close."""
        try:
            for descriptor in self._descriptors:
                yield from _pieces(descriptor)
        finally:
            for descriptor in self._descriptors:
                os.close(descriptor)


class _SpoolOutlet(Outlet):
    """Takes everything at once."""

    def __init__(self, spool: Spool, descriptor: int, target: int) -> None:
        super().__init__(descriptor)
        self._spool, self._target = spool, target

    def send(self, data: bytes) -> None:
        """Keep `data` for later."""
        self._spool.add(self._target, data)


def _pieces(descriptor: int) -> Iterator[Piece]:
    offset = 0
    while len(head := os.pread(descriptor, _HEAD.size, offset)) == _HEAD.size:
        target, size_bytes = _HEAD.unpack(head)
        offset += _HEAD.size
        end = offset + size_bytes
        while offset < end:
            data = os.pread(descriptor, min(end - offset, PIECE_BYTES), offset)
            if not data:
                return
            yield target, data
            offset += len(data)


def _opened(folder: str) -> Iterator[int]:
    """A file without a name on the disk, if one can be made, and one in memory."""
    try:
        yield _open_unnamed(folder)
    except OSError:
        if not hasattr(os, "memfd_create"):
            raise
    if hasattr(os, "memfd_create"):
        yield os.memfd_create("buildopt-spool")


def _open_unnamed(folder: str) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC
    try:
        return os.open(folder, flags | os.O_TMPFILE, 0o600)
    except (AttributeError, OSError):  # not Linux; a file system that knows no such files
        pass
    path = os.path.join(folder, f".buildopt-spool-{os.urandom(8).hex()}")
    descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
    os.unlink(path)
    return descriptor
