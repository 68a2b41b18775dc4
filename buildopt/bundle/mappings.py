"""Decode the `mappings` of a source map: which source owns the text from which column on.

A line's segments are joined by commas, lines by semicolons. A segment is one, four or five
numbers in base 64 digits of five bits, the lowest first and the sign in the lowest bit, each
relative to the number in its place before: generated column (anew in each line), source, and
three that say where in the source. Only the first two matter here.

Nearly all segments are plain: a near column, and the source of the one before. Of these only the
sum of the columns is taken (`plain_segments.py`); each other one is read by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from buildopt.bundle.plain_segments import DIGITS, PlainSegments

Run = tuple[int, int]
"""Column where a source's text begins, in UTF-16 units, and the source's number."""

NO_SOURCE = -1
"""The map says of this text that no source made it: code that the bundler wrote."""
UNMAPPED = -2
"""The map says nothing of this text: it lies between the parts of an indexed map."""
PIECE_BYTES = 1 << 17
"""How much is looked at at once: it fits the processor's cache, and bounds the memory."""

_NUMBER = b"[g-z0-9+/]{0,11}[A-Za-f]"  # 60 bits: no number of a real map is longer
_EMPTY_LINES = re.compile(b";+")
_SEGMENT = re.compile(b"(%b)(?:(%b)(?:%b){2,3})?" % (_NUMBER, _NUMBER, _NUMBER))


class MalformedMappings(ValueError):
    """The text is no list of mappings; says in which line it goes wrong."""


def decode(mappings: str) -> Iterator[tuple[int, list[Run]]]:
    """Number of each line that has mappings, and its runs by column.

    What follows on the source in a segment is not looked at. Raises MalformedMappings.
    """
    data = mappings.encode("ascii", "replace") + b";"
    strange = data.translate(None, DIGITS + b",;")
    if strange:
        line = data.count(b";", 0, data.index(strange[:1])) + 1
        shown = strange[:40].decode()
        raise MalformedMappings(f"line {line}: `{shown}` is not of the alphabet")
    reader = _Reader(data)
    begin = 0
    while begin < len(data):
        end = _end_of_piece(data, begin)
        yield from reader.lines_that_end(begin, end)
        begin = end


def _end_of_piece(data: bytes, begin: int) -> int:
    """Where a piece ends: behind a comma or semicolon."""
    most = begin + PIECE_BYTES
    if most >= len(data):
        return len(data)
    comma, semicolon = data.rfind(b",", begin, most), data.rfind(b";", begin, most)
    return max(comma, semicolon) + 1 or _next_separator(data, most)


def _next_separator(data: bytes, begin: int) -> int:
    comma = data.find(b",", begin)
    semicolon = data.find(b";", begin)
    return (min(comma, semicolon) if comma >= 0 else semicolon) + 1


class _Reader:
    """Reads a piece after the other, and knows where it stands between two."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._line = 0
        self._source = 0
        self._begin_line(0)

    def lines_that_end(self, begin: int, end: int) -> Iterator[tuple[int, list[Run]]]:
        """Number and runs of the lines whose ends lie in a piece, as far as they have any."""
        piece = self._data[begin:end]
        plain = PlainSegments(piece)
        at = 0
        while at < len(piece):
            line_end = piece.find(b";", at)
            stop = line_end if line_end >= 0 else len(piece)
            if stop > at:
                self._read(piece, plain, at, stop)
            if line_end >= 0:
                if runs := self._runs_of_line(begin + line_end):
                    yield self._line, runs
                empty = _EMPTY_LINES.match(piece, line_end + 1)  # all at once: they may be many
                stop += empty.end() - empty.start() if empty else 0
                self._line += 1 + stop - line_end
                self._begin_line(begin + stop + 1)
            at = stop + 1

    def _begin_line(self, begin: int) -> None:
        self._begin, self._first_source = begin, self._source
        self._runs: list[Run] = []
        self._column = 0
        self._owner: int | None = None
        self._is_ascending = True

    def _read(self, piece: bytes, plain: PlainSegments, at: int, end: int) -> None:
        """Add what the segments of one line say, from one place of a piece to another."""
        for start, stop in plain.others(at, end):
            if start > at:
                self._pass_over(plain, at, start)
            step, source_step = self._segment(piece[start:stop])
            self._column += step
            self._source += source_step or 0
            self._is_ascending = self._is_ascending and step >= 0
            owner = NO_SOURCE if source_step is None else self._source
            if owner != self._owner:
                self._runs.append((self._column, owner))
                self._owner = owner
            at = stop + 1
        if at < end:
            self._pass_over(plain, at, end)

    def _pass_over(self, plain: PlainSegments, begin: int, end: int) -> None:
        """Go behind segments that are all plain."""
        if self._owner != self._source and (step := plain.first_column(begin, end)) >= 0:
            self._runs.append((self._column + step, self._source))
            self._owner = self._source
        self._column += plain.columns(begin, end)

    def _runs_of_line(self, end: int) -> list[Run]:
        """The runs of the line; where columns do not ascend, which is rare, one a segment."""
        if self._is_ascending:
            return self._runs
        runs: list[Run] = []
        column, source = 0, self._first_source
        for segment in filter(None, self._data[self._begin : end].split(b",")):
            step, source_step = self._segment(segment)
            column += step
            source += source_step or 0
            runs.append((column, NO_SOURCE if source_step is None else source))
        runs.sort(key=lambda run: run[0])
        return [(max(column, 0), owner) for column, owner in runs]

    def _segment(self, segment: bytes) -> tuple[int, int | None]:
        """Steps of column and source; of a segment that has no source, None."""
        if len(segment) > 3 and segment[0] in _ONE_DIGIT and segment[1] in _ONE_DIGIT:
            return _ONE_DIGIT[segment[0]], _ONE_DIGIT[segment[1]]
        found = _SEGMENT.fullmatch(segment)
        if not found:
            shown = segment[:40].decode()
            raise MalformedMappings(f"line {self._line + 1}: `{shown}` is no mapping")
        return _number(found[1]), _number(found[2]) if found[2] else None


@lru_cache(1 << 12)
def _number(digits: bytes) -> int:
    value = 0
    for place, digit in enumerate(digits):
        value |= (DIGITS.index(digit) & 31) << (5 * place)
    return -(value >> 1) if value & 1 else value >> 1


_ONE_DIGIT = {digit: _number(bytes([digit])) for digit in DIGITS[:32]}
"""The numbers of one digit."""
