"""What a command printed, as one content: a line that lists the pieces, then their bytes."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.model import Chunk, StreamName, StreamShape

_LETTERS: dict[StreamName, str] = {"stdout": "o", "stderr": "e", "joined": "j"}
_NAMES = {letter: name for name, letter in _LETTERS.items()}


def pack(chunks: Iterable[Chunk]) -> bytes:
    """`o12,e3,…` and a newline, then the bytes."""
    chunks = tuple(chunks)
    head = ",".join(f"{_LETTERS[chunk.stream]}{len(chunk.data)}" for chunk in chunks)
    return head.encode() + b"\n" + b"".join(chunk.data for chunk in chunks)


def unpack(data: bytes) -> tuple[Chunk, ...]:
    """The pieces again; raises ValueError for what `pack` never made."""
    head, _, body = data.partition(b"\n")
    chunks = []
    start = 0
    for item in head.decode().split(","):
        if item:
            length = int(item[1:])
            chunks.append(Chunk(stream=_NAMES[item[0]], data=body[start : start + length]))
            start += length
    if start != len(body):
        raise ValueError("lengths do not add up")
    return tuple(chunks)


def shape_of(chunks: Iterable[Chunk], *, terminal: bool) -> StreamShape:
    """Which streams were written to; `terminal`: one of ours is a terminal."""
    names = {chunk.stream for chunk in chunks if chunk.data}
    if not names:
        return ""
    if "joined" in names:
        return "jt" if terminal else "j"
    if len(names) == 2:
        return "st" if terminal else "s"
    if "stdout" in names:
        return "ot" if terminal else "o"
    return "et" if terminal else "e"


def serves(shape: StreamShape, *, joined: bool, terminal: bool) -> bool:
    """Whether a record of this shape can be replayed exactly to our streams.

    Two streams recorded as one cannot be told apart again, nor can the order across two be had;
    and what a command prints on a terminal is not what it prints to a pipe.
    """
    if not shape:
        return True
    if shape.endswith("t") != terminal:
        return False
    return shape[0] != ("s" if joined else "j")
