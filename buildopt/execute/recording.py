"""What the command printed, in order of arrival, as long as a record may hold it."""

from __future__ import annotations

from buildopt.model import Chunk, StreamName

RECORD_LIMIT_BYTES = 64 * 1024 * 1024
"""More than this is passed on and not kept: so much is data, not what a build tells."""


class Recording:
    """Collects pieces; neighbours of one stream become one chunk.

    `is_whole` turns False, and what was collected is dropped, beyond the limit (then it
    `is_too_long` too) or when a part of the output was lost.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self.is_too_long = False
        self._pieces: list[tuple[StreamName, list[bytes]]] = []
        self._size_bytes = 0

    def add(self, stream: StreamName, data: bytes) -> None:
        """Take note of `data`."""
        if not self.is_whole:
            return
        self._size_bytes += len(data)
        if self._size_bytes > RECORD_LIMIT_BYTES:
            self.is_too_long = True
            self.abandon()
            return
        if not self._pieces or self._pieces[-1][0] != stream:
            self._pieces.append((stream, []))
        self._pieces[-1][1].append(data)

    def abandon(self) -> None:
        """Give up: what follows, or followed, is not known."""
        self.is_whole = False
        self._pieces = []

    def chunks(self) -> tuple[Chunk, ...] | None:
        """All that was printed, or None where not all of it is known."""
        if not self.is_whole:
            return None
        return tuple(Chunk(stream=stream, data=b"".join(pieces)) for stream, pieces in self._pieces)
