"""A parsed source map: its sources' names, and which of them owns which text."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from buildopt.bundle.mappings import NO_SOURCE, UNMAPPED, MalformedMappings, Run, decode

MOST_NESTED = 8
"""Maps within maps: the format knows one level, and no tool writes more than two."""


class UnreadableMap(ValueError):
    """What stands there is no source map; says why."""


class Offset(msgspec.Struct):
    """Where a part of an indexed map begins."""

    line: int
    column: int


class Section(msgspec.Struct):
    """A part of an indexed map; `map` is None where only an address is given."""

    offset: Offset
    map: MapFields | None = None


class MapFields(msgspec.Struct):
    """The fields that matter; the texts of the sources are passed over."""

    mappings: str = ""
    sources: list[str | None] = []
    sourceRoot: str | None = None  # noqa: N815 (the name in the format)
    sections: list[Section] | None = None


class SourceMap(msgspec.Struct, frozen=True, kw_only=True):
    """`lines` gives the number of a generated line and its runs; to be iterated once."""

    sources: tuple[str | None, ...]
    lines: Iterable[tuple[int, list[Run]]]


def parse(data: bytes) -> SourceMap:
    """The map in these bytes; raises UnreadableMap, and MalformedMappings while iterated."""
    if data.lstrip()[:4].startswith(b")]}'"):
        data = data.lstrip().partition(b"\n")[2]
    try:
        fields = msgspec.json.decode(data, type=MapFields)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableMap(str(error)) from None
    return _from_fields(fields, MOST_NESTED)


def _from_fields(fields: MapFields, levels: int) -> SourceMap:
    if fields.sections is not None:
        return _from_sections(fields.sections, levels)
    return SourceMap(sources=_sources(fields), lines=decode(fields.mappings))


def _sources(fields: MapFields) -> tuple[str | None, ...]:
    root = fields.sourceRoot or ""
    if root and not root.endswith("/"):
        root += "/"
    return tuple(source if source is None else root + source for source in fields.sources)


def _from_sections(sections: list[Section], levels: int) -> SourceMap:
    """The parts at their places, each cut where the next begins."""
    if not levels:
        raise UnreadableMap(f"maps within maps, more than {MOST_NESTED} levels")
    sections = sorted(sections, key=lambda section: (section.offset.line, section.offset.column))
    ends = [(section.offset.line, section.offset.column) for section in sections[1:]]
    sources: list[str | None] = []
    lines: dict[int, list[Run]] = {}
    for section, end in zip(sections, [*ends, None], strict=True):
        begin = (section.offset.line, section.offset.column)
        if min(begin) < 0:
            raise UnreadableMap(f"a section begins at line {begin[0]}, column {begin[1]}")
        lines.setdefault(begin[0], []).append((begin[1], UNMAPPED))
        if section.map is None:
            continue
        part = _from_fields(section.map, levels - 1)
        _place(part, begin, end, first_source=len(sources), lines=lines)
        sources.extend(part.sources)
    return SourceMap(sources=tuple(sources), lines=sorted(lines.items()))


def _place(
    part: SourceMap,
    begin: tuple[int, int],
    end: tuple[int, int] | None,
    *,
    first_source: int,
    lines: dict[int, list[Run]],
) -> None:
    """Add a part's runs to `lines`."""
    known = range(len(part.sources))
    for number, runs in part.lines:
        line = begin[0] + number
        shift = begin[1] if number == 0 else 0
        placed = [
            (column + shift, first_source + source if source in known else min(source, NO_SOURCE))
            for column, source in runs
            if end is None or (line, column + shift) < end
        ]
        if placed:
            lines.setdefault(line, []).extend(placed)


__all__ = ["MalformedMappings", "SourceMap", "UnreadableMap", "parse"]
