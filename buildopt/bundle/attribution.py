"""Give every byte of a generated file to exactly one owner.

A mapping owns the text from its column to the next one on its line, the last one to the line's
end. A mapping without a source gives its text to `NO_SOURCE_NAME`: code that the bundler wrote.
Apart from that stand line ends, the comment that names the map, and what no mapping owns:

    mapped + unmapped + line ends + map comment = size of the file
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from buildopt.bundle.generated_text import Line, line_end_bytes, lines_of
from buildopt.bundle.map_comment import MapComment
from buildopt.bundle.mappings import UNMAPPED, Run
from buildopt.bundle.source_map import SourceMap

NO_SOURCE_NAME = "[no source]"

Span = tuple[int, int, str]
"""Bytes of the file from, to, and the source that owns them."""

_COMMENT = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\r\n]*", re.DOTALL)
_LINE_ENDS = re.compile(rb"[\r\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
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
    spans = list(spans_of(content, source_map, comment))
    sources: Counter[str] = Counter()
    for start, end, source in spans:
        sources[source] += end - start
    kinds = _unmapped_kinds(content, spans, comment)
    return _checked(content, sources, kinds, comment)


def share_of_unmapped(content: bytes, comment: MapComment | None) -> Shares:
    """The same for a file that has no map."""
    rest = len(content) - _line_end_bytes(content, comment) - _comment_bytes(comment)
    return _checked(content, {}, {"no map": rest} if rest else {}, comment)


def spans_of(content: bytes, source_map: SourceMap, comment: MapComment | None) -> Iterator[Span]:
    """Non-empty stretches in ascending order, none of which overlap."""
    lines = lines_of(content)
    sources = source_map.sources
    names = {number: name for number, name in enumerate(sources) if name is not None}
    for line_number, runs in source_map.lines:
        if line_number >= len(lines):
            break
        for start, end, source in _line_spans(lines[line_number], runs):
            if source != UNMAPPED:
                yield from _outside(comment, (start, end, names.get(source, NO_SOURCE_NAME)))


def _line_spans(line: Line, runs: list[Run]) -> Iterator[tuple[int, int, int]]:
    """From, to and source of each run, clamped to the line."""
    last = len(runs) - 1
    begin = _place(line, runs[0][0])
    for index, (_, source) in enumerate(runs):
        end = line.length_bytes if index == last else _place(line, runs[index + 1][0])
        if end > begin:
            yield line.start + begin, line.start + end, source
        begin = end


def _place(line: Line, column: int) -> int:
    byte = column if line.byte_at is None else line.byte_at(column)
    return min(byte, line.length_bytes)


def _outside(comment: MapComment | None, span: Span) -> Iterator[Span]:
    """The parts of a span that are not in the comment."""
    start, end, source = span
    if comment is None or end <= comment.start or start >= comment.end:
        yield span
        return
    if start < comment.start:
        yield start, comment.start, source
    if end > comment.end:
        yield comment.end, end, source


def _unmapped_kinds(
    content: bytes, spans: list[Span], comment: MapComment | None
) -> dict[str, int]:
    """What nobody owns: comments, blanks, the wrapper around all code, and glue within it."""
    kinds: Counter[str] = Counter()
    owned = [(start, end) for start, end, _ in spans]
    if comment:
        owned = sorted([*owned, (comment.start, comment.end)])
    first, last = (spans[0][0], spans[-1][1]) if spans else (len(content), len(content))
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
