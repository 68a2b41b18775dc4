"""The lines of one journal file from an offset on, sound or not, in bounded memory.

The form of a line is that of `journal_line.py`. A line that is not finished yet is not told:
whoever reads comes back to it. Empty lines are part of the form.
"""

from __future__ import annotations

import os
from binascii import crc32
from collections.abc import Iterator
from typing import Literal, NamedTuple

from buildopt.events import EVENT_LIMIT_BYTES

LINE_LIMIT_BYTES = EVENT_LIMIT_BYTES + 2_048
"""An event with its header, and with what is added where it is carried into another segment."""
_CHUNK_BYTES = 262_144

Trouble = Literal["", "torn", "foreign", "too_long", "not_an_event", "newer", "shortened"]
"""What is wrong with a line: it is cut off or damaged, has not our form, is longer than any event,
is no event although it is whole; or it is one of a newer version, and is read all the same.
`shortened` is no line but a file that became shorter than it had been read."""


class Line(NamedTuple):
    """One line that ended: `payload` is its JSON, empty where there is trouble."""

    start_bytes: int
    end_bytes: int
    payload: bytes
    trouble: Trouble = ""


def scan(descriptor: int, start_bytes: int, end_bytes: int) -> Iterator[Line]:
    """Every line that begins at or behind `start_bytes` and ends before `end_bytes`."""
    offset = start_bytes
    while offset < end_bytes:
        chunk = os.pread(descriptor, min(_CHUNK_BYTES, end_bytes - offset), offset)
        whole = chunk.rfind(b"\n") + 1
        if whole:
            yield from _split(chunk[:whole], offset)
            offset += whole
            continue
        if len(chunk) <= LINE_LIMIT_BYTES:
            return  # not finished yet
        line_end = _next_newline(descriptor, offset + len(chunk), end_bytes)
        if not line_end:
            return
        yield Line(offset, line_end, b"", "too_long")
        offset = line_end


def last_line_end(descriptor: int, size_bytes: int) -> int:
    """Where the last line that is finished ends."""
    end = size_bytes
    while end > 0:
        start = max(0, end - _CHUNK_BYTES)
        found = os.pread(descriptor, end - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


def _next_newline(descriptor: int, offset: int, end_bytes: int) -> int:
    """The offset behind the next newline, 0 where there is none."""
    while offset < end_bytes:
        chunk = os.pread(descriptor, min(_CHUNK_BYTES, end_bytes - offset), offset)
        if not chunk:
            return 0
        found = chunk.find(b"\n")
        if found >= 0:
            return offset + found + 1
        offset += len(chunk)
    return 0


def _split(lines: bytes, offset: int) -> Iterator[Line]:
    for text in lines.split(b"\n")[:-1]:
        end = offset + len(text) + 1
        if text:
            payload = _payload(text)
            yield Line(offset, end, payload, "" if payload else _trouble(text))
        offset = end


def _payload(text: bytes) -> bytes:
    """The JSON of a sound line; empty where it is none."""
    if len(text) > LINE_LIMIT_BYTES:
        return b""
    length, _, rest = text.partition(b" ")
    checksum, _, payload = rest.partition(b" ")
    is_sound = length == b"%d" % len(payload) and checksum == b"%08x" % crc32(payload)
    return payload if is_sound else b""


def _trouble(text: bytes) -> Trouble:
    if len(text) > LINE_LIMIT_BYTES:
        return "too_long"
    return "torn" if _is_torn(text) else "foreign"


def _is_torn(text: bytes) -> bool:
    """Whether a line that is not sound looks like what is left of one of ours."""
    text = text.strip(b"\0")
    if not text or text.isdigit():
        return True
    length, mark, rest = text.partition(b" ")
    return bool(mark) and length.isdigit() and not rest[:8].strip(b"0123456789abcdef")
