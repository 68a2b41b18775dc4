"""Where the output leaves the cursor of a terminal, as far as the last bytes of it tell."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.execute.streams import Streams
from buildopt.model import Chunk

TAIL_BYTES = 4096
"""Looked at: as much as a pseudo-terminal holds, and more than a screen's row."""

COLOUR_PARAMETERS = b"0123456789;:"


class Cursor:
    """Follows what is shown; judges only when asked, so that following costs next to nothing."""

    def __init__(self) -> None:
        self._tail = b""

    def follow(self, data: bytes) -> None:
        """Take note of `data`, which is shown now."""
        self._tail = (self._tail + data if len(data) < TAIL_BYTES else data)[-TAIL_BYTES:]

    @property
    def is_at_start(self) -> bool:
        """Whether it stands at the start of a line in which nothing is."""
        line = self._tail[self._tail.rfind(b"\n") + 1 :]
        if b"\x1b" in line:
            from buildopt.execute.replay import ESCAPES  # compiles its patterns, 5 ms

            line = ESCAPES.sub(b"", line)
        return not line.strip(b"\r")

    @property
    def is_steered(self) -> bool:
        """Whether the command moves it about, as what draws a progress of its own does."""
        if b"\r" in self._tail.replace(b"\r\n", b"") or b"\b" in self._tail:
            return True
        return not all(map(_is_colour, self._tail.split(b"\x1b")[1:]))


def line_end(chunks: Iterable[Chunk], streams: Streams) -> tuple[Chunk, ...]:
    """What a line of ours needs before it when these were shown: a newline, or nothing."""
    if streams.stderr != "terminal":
        return ()
    cursor = Cursor()
    for chunk in chunks:
        if streams.is_joined or chunk.stream == "stderr":
            cursor.follow(chunk.data)
    return () if cursor.is_at_start else (Chunk(stream="stderr", data=b"\n"),)


def _is_colour(sequence: bytes) -> bool:
    """Whether what stands behind an ESC begins with a change of colour (SGR), which moves nothing.

    A sequence without its end may yet become anything.
    """
    return sequence[:1] == b"[" and sequence[1:].lstrip(COLOUR_PARAMETERS)[:1] == b"m"
