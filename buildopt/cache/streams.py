"""What went through a command's streams, as one content.

A line `o12,e3,…`, each piece with its stream's letter and length, `i5` among them where 5 bytes of
a regular file were read from stdin; then the bytes of the pieces.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from buildopt.model import Chunk, StreamName

_LETTERS: dict[StreamName, str] = {"stdout": "o", "stderr": "e", "joined": "j"}
_STDIN = "i"
_NAMES = {letter: name for name, letter in _LETTERS.items()}


class Passed(NamedTuple):
    """What a command printed, and by how much it moved the offset of its stdin."""

    chunks: tuple[Chunk, ...]
    stdin_bytes: int


def pack(chunks: Iterable[Chunk], stdin_bytes: int = 0) -> bytes:
    """All of it as one content."""
    chunks = tuple(chunks)
    items = [f"{_LETTERS[chunk.stream]}{len(chunk.data)}" for chunk in chunks]
    if stdin_bytes:
        items.append(f"{_STDIN}{stdin_bytes}")
    return ",".join(items).encode() + b"\n" + b"".join(chunk.data for chunk in chunks)


def unpack(data: bytes) -> Passed:
    """The same again; raises ValueError for what `pack` never made."""
    head, _, body = data.partition(b"\n")
    chunks = []
    start = stdin_bytes = 0
    for item in head.decode().split(","):
        if item.startswith(_STDIN):
            stdin_bytes = int(item[1:])
        elif item:
            length = int(item[1:])
            chunks.append(Chunk(stream=_NAMES[item[0]], data=body[start : start + length]))
            start += length
    if start != len(body):
        raise ValueError("lengths do not add up")
    return Passed(tuple(chunks), stdin_bytes)
