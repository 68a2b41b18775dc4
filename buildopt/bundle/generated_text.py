"""The lines of a generated file, and where in bytes a column of a source map lies.

Source maps count columns in UTF-16 units, sizes are bytes of UTF-8. A column inside of a
character of two units lies behind it, so that no byte is split. Bytes that are no UTF-8 count
as one unit each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

import msgspec

ByteAt = Callable[[int], int]


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One line: where it begins in the file and how many bytes it has without its end."""

    start: int
    length_bytes: int
    byte_at: ByteAt | None
    """Byte within the line of a column; None where both are the same."""


def lines_of(content: bytes) -> list[Line]:
    """Lines that end at CRLF, LF or CR; a text that ends with one has no empty line behind."""
    lines = []
    start = 0
    all_ascii = content.isascii()
    for text in content.splitlines(keepends=True):
        body = text.rstrip(b"\r\n")
        byte_at = None if all_ascii or body.isascii() else _byte_at(body)
        lines.append(Line(start=start, length_bytes=len(body), byte_at=byte_at))
        start += len(text)
    return lines


def line_end_bytes(content: bytes) -> int:
    """Bytes of all line ends."""
    return content.count(b"\n") + content.count(b"\r")


def _byte_at(body: bytes) -> ByteAt:
    """Steps at the characters that are not ASCII: from a column on, so many bytes more."""
    columns = [0]
    surplus_bytes = [0]
    column = 0
    surplus = 0
    for character in body.decode("utf-8", "surrogateescape"):
        column += 1
        code = ord(character)
        if code < 0x80 or 0xD800 <= code < 0xE000:  # ASCII, or a byte that is no UTF-8
            continue
        if code >= 0x10000:
            columns.append(column)
            surplus_bytes.append(surplus + 3)
            column += 1
        surplus += 1 if code < 0x800 else 2
        columns.append(column)
        surplus_bytes.append(surplus)
    return lambda at: at + surplus_bytes[bisect_right(columns, at) - 1]
