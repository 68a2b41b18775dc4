"""Give every byte of a generated file to exactly one owner.

A mapping owns the text from its column to the next one on its line, the last one to the line's
end. A mapping without a source gives its text to `NO_SOURCE_NAME`: code that the bundler wrote.
Apart from that stand line ends, the comment that names the map, and what no mapping owns:

    mapped + unmapped + line ends + map comment = size of the file
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

import msgspec

from buildopt.bundle.generated_text import Line, line_end_bytes, lines_of
from buildopt.bundle.map_comment import MapComment
from buildopt.bundle.mappings import UNMAPPED, Run
from buildopt.bundle.source_map import SourceMap

NO_SOURCE_NAME = "[no source]"

Span = tuple[int, int, str]
"""Bytes of the file from, to, and the source that owns them."""

_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\r\n]*", re.DOTALL)
_LINE_ENDS = re.compile(rb"[\r\n]+")


class Shares(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one file by owner; `unmapped_kinds` adds up to `unmapped`."""

    sources: Mapping[str, int]
    unmapped: int
    unmapped_kinds: Mapping[str, int]
    line_ends: int
    map_comment: int

    @property
    def mapped(self) -> int:
        """Bytes that some mapping owns."""
        return sum(self.sources.values())

    @property
    def total(self) -> int:
        """The size of the file, if the identity holds."""
        return self.mapped + self.unmapped + self.line_ends + self.map_comment


def share_out(content: bytes, source_map: SourceMap, comment: MapComment | None) -> Shares:
    """The bytes of a file by source; raises MalformedMappings."""
    counts: dict[int, int] = {}
    owned: list[tuple[int, int]] = []
    for spans in _numbered_spans(content, source_map, comment):
        for start, end, number in spans:
            counts[number] = counts.get(number, 0) + end - start
            if owned and owned[-1][1] == start:
                owned[-1] = (owned[-1][0], end)
            else:
                owned.append((start, end))
    name_of = _names(source_map)
    sources: Counter[str] = Counter()
    for number, count in counts.items():
        sources[name_of(number)] += count
    kinds = _unmapped_kinds(content, owned, comment)
    return _checked(content, sources, kinds, comment)


def share_of_unmapped(content: bytes, comment: MapComment | None) -> Shares:
    """The same for a file that has no map."""
    rest = len(content) - _line_end_bytes(content, comment) - _comment_bytes(comment)
    return _checked(content, {}, {"no map": rest} if rest else {}, comment)


def spans_of(content: bytes, source_map: SourceMap, comment: MapComment | None) -> Iterator[Span]:
    """Non-empty stretches in ascending order, none of which overlap."""
    name_of = _names(source_map)
    for spans in _numbered_spans(content, source_map, comment):
        for start, end, number in spans:
            yield start, end, name_of(number)


def _names(source_map: SourceMap) -> Callable[[int], str]:
    """What gives the name of a source's number."""
    names = {number: name for number, name in enumerate(source_map.sources) if name is not None}
    return lambda number: names.get(number, NO_SOURCE_NAME)


_Numbered = tuple[int, int, int]
"""As `Span`, with the source's number in the map."""


def _numbered_spans(
    content: bytes, source_map: SourceMap, comment: MapComment | None
) -> Iterator[list[_Numbered]]:
    """The stretches, line by line."""
    lines = lines_of(content)
    for line_number, runs in source_map.lines:
        if line_number >= len(lines):
            break
        line = lines[line_number]
        spans = _line_spans(line, runs)
        if comment and comment.start < line.start + line.length_bytes and line.start < comment.end:
            spans = [part for span in spans for part in _outside(comment, span)]
        yield spans


def _line_spans(line: Line, runs: list[Run]) -> list[_Numbered]:
    """From, to and source of each run, clamped to the line."""
    length, start = line.length_bytes, line.start
    places = [column for column, _ in runs]
    if line.byte_at is not None:
        places = list(map(line.byte_at, places))
    places.append(length)
    spans = []
    begin = min(places[0], length)
    for index, (_, source) in enumerate(runs, 1):
        end = places[index]
        if end > length:
            end = length
        if end > begin and source != UNMAPPED:
            spans.append((start + begin, start + end, source))
        begin = end
    return spans


def _outside(comment: MapComment, span: _Numbered) -> Iterator[_Numbered]:
    """The parts of a span that are not in the comment."""
    start, end, source = span
    if end <= comment.start or start >= comment.end:
        yield span
        return
    if start < comment.start:
        yield start, comment.start, source
    if end > comment.end:
        yield comment.end, end, source


def _unmapped_kinds(
    content: bytes, owned: list[tuple[int, int]], comment: MapComment | None
) -> dict[str, int]:
    """What nobody owns: comments, blanks, the wrapper around all code, and glue within it."""
    kinds: Counter[str] = Counter()
    first, last = (owned[0][0], owned[-1][1]) if owned else (len(content), len(content))
    if comment:
        owned = sorted([*owned, (comment.start, comment.end)])
    reached = 0
    for start, end in [*owned, (len(content), len(content))]:
        if start > reached:
            is_inside = first <= reached < last
            _count_gap(content[reached:start], "glue" if is_inside else "wrapper", kinds)
        reached = max(reached, end)
    return {kind: count for kind, count in sorted(kinds.items()) if count}


def _count_gap(gap: bytes, kind: str, kinds: Counter[str]) -> None:
    text = b"".join(_COMMENT.split(gap))
    code = _LINE_ENDS.sub(b"", text)
    blanks = len(code) if code.isspace() else 0
    kinds["comment"] += len(_LINE_ENDS.sub(b"", gap)) - len(code)
    kinds["blanks"] += blanks
    kinds[kind] += len(code) - blanks


def _comment_bytes(comment: MapComment | None) -> int:
    return comment.end - comment.start if comment else 0


def _line_end_bytes(content: bytes, comment: MapComment | None) -> int:
    """Bytes of line ends; those in a block comment are counted with the comment."""
    inside = line_end_bytes(content[comment.start : comment.end]) if comment else 0
    return line_end_bytes(content) - inside


def _checked(
    content: bytes,
    sources: Mapping[str, int],
    kinds: Mapping[str, int],
    comment: MapComment | None,
) -> Shares:
    """The shares; what is unmapped is what remains, and must be what was found unmapped."""
    ends = _line_end_bytes(content, comment)
    unmapped = len(content) - sum(sources.values()) - ends - _comment_bytes(comment)
    assert unmapped == sum(kinds.values()), "bytes do not add up"
    return Shares(
        sources=dict(sources),
        unmapped=unmapped,
        unmapped_kinds=dict(kinds),
        line_ends=ends,
        map_comment=_comment_bytes(comment),
    )
