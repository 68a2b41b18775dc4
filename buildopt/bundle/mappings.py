"""Decode the `mappings` of a source map: which source owns the text from which column on.

A line's segments are joined by commas, lines by semicolons. A segment is one, four or five
numbers in base 64 digits of five bits, the lowest first and the sign in the lowest bit, each
relative to the number in its place before: generated column (anew in each line), source, and
three that say where in the source. Only the first two matter here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

Run = tuple[int, int]
"""Column where a source's text begins, in UTF-16 units, and the source's number."""

NO_SOURCE = -1
"""The map says of this text that no source made it: code that the bundler wrote."""
UNMAPPED = -2
"""The map says nothing of this text: it lies between the parts of an indexed map."""
PIECE_CHARACTERS = 1 << 18
"""How much of a line is taken apart at once: bounds the memory of a bundle in one line."""

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_ALPHABET = dict.fromkeys(map(ord, _DIGITS + ",;"))
_NUMBER = "[g-z0-9+/]{0,11}[A-Za-f]"  # 60 bits: no number of a real map is longer
_SEGMENT = re.compile(f"({_NUMBER})(?:({_NUMBER})(?:{_NUMBER}){{2,3}})?")
_LEAD_CHARACTERS = 3
"""Beginning of a segment that tells column and source of nine in ten."""
_LEAD_OF_SAME_SOURCE = re.compile(f"({_NUMBER})A.?")
_UNREAD = -1 << 62
"""In place of a step: the beginning does not tell it."""


class MalformedMappings(ValueError):
    """The text is no list of mappings; says in which line it goes wrong."""


def decode(mappings: str) -> Iterator[tuple[int, list[Run]]]:
    """Number of each line that has mappings, and its runs by column.

    A run may name the source of the run before. What follows on the source in a segment is not
    looked at. Raises MalformedMappings.
    """
    strange = mappings.translate(_ALPHABET)
    if strange:
        raise MalformedMappings(f"`{strange[:40]}` is not of the alphabet")
    steps = _Steps()
    source = 0
    for line_number, line in enumerate(mappings.split(";")):
        if line:
            try:
                runs, source = _runs(line, source, steps)
            except MalformedMappings as error:
                raise MalformedMappings(f"line {line_number + 1}: {error}") from None
            yield line_number, runs


class _Steps(dict[str, int]):
    """The beginning of a segment -> how far its column lies behind the one before.

    Most segments have the source of the one before them and a near column, so that few
    beginnings occur, and a look into this table is all that they cost. `_UNREAD` stands where
    the whole segment must be read.
    """

    def __missing__(self, lead: str) -> int:
        found = _LEAD_OF_SAME_SOURCE.fullmatch(lead)
        is_told = found is not None and len(lead) == _LEAD_CHARACTERS
        step = _number(found[1]) if found and is_told else _UNREAD
        self[lead] = step
        return step


def _runs(line: str, source: int, steps: _Steps) -> tuple[list[Run], int]:
    """The runs of a line, and the source to which the next line is relative."""
    runs: list[Run] = []
    column = 0
    reached = source
    for piece in _pieces(line):
        segments = piece.split(",")
        leads = [segment[:_LEAD_CHARACTERS] for segment in segments]
        told = list(map(steps.__getitem__, leads))
        columns, changes, reached = _read_unread(segments, told, reached)
        if min(columns) < 0:
            return _runs_out_of_order(line, source)
        summed = 0
        for index, owner in changes:
            column += sum(columns[summed : index + 1])
            summed = index + 1
            runs.append((column, owner))
        column += sum(columns[summed:])
    return runs, reached


def _read_unread(
    segments: list[str], told: list[int], source: int
) -> tuple[list[int], list[Run], int]:
    """Steps of all segments, indices where an owner's text begins, and the last source."""
    columns = list(told)
    changes = [(0, source)] if columns[0] != _UNREAD else []
    index = -1
    while True:
        try:
            index = columns.index(_UNREAD, index + 1)
        except ValueError:
            return columns, changes, source
        columns[index], source_step = _read(segments[index])
        if source_step is None:
            changes.append((index, NO_SOURCE))
            if index + 1 < len(segments):
                changes.append((index + 1, source))
        else:
            source += source_step
            changes.append((index, source))


def _runs_out_of_order(line: str, source: int) -> tuple[list[Run], int]:
    """The same for a line whose columns do not ascend: rare, and slower."""
    runs: list[Run] = []
    column = 0
    for segment in filter(None, line.split(",")):
        column_step, source_step = _read(segment)
        column += column_step
        source += source_step or 0
        runs.append((max(column, 0), NO_SOURCE if source_step is None else source))
    return sorted(runs, key=lambda run: run[0]), source


def _read(segment: str) -> tuple[int, int | None]:
    """Steps of column and source; of a segment that has no source, None."""
    found = _SEGMENT.fullmatch(segment)
    if not found:
        raise MalformedMappings(f"`{segment[:40]}` is no mapping")
    return _number(found[1]), _number(found[2]) if found[2] else None


@lru_cache(1 << 12)
def _number(digits: str) -> int:
    value = 0
    for place, digit in enumerate(digits):
        value |= (_DIGITS.index(digit) & 31) << (5 * place)
    return -(value >> 1) if value & 1 else value >> 1


def _pieces(line: str) -> Iterator[str]:
    """The line, cut at commas; without segments that are empty."""
    if ",," in line or line[0] == "," or line[-1] == ",":
        line = ",".join(filter(None, line.split(",")))
    begin = 0
    while begin < len(line):
        comma = line.find(",", begin + PIECE_CHARACTERS)
        end = len(line) if comma < 0 else comma
        yield line[begin:end]
        begin = end + 1
