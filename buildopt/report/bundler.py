"""What a bundler told of itself in a run: modules, phases, chunks with what is most in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from buildopt.events import Event
from buildopt.phrases import printable

MOST_CHUNKS = 20
MOST_MODULES = 5
LONGEST_NAME = 120
PHASES = {
    "modules": "resolve, load, transform, parse",
    "render": "tree-shake, render, minify",
    "write": "write",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the bundler's time; `share` is of all its phases."""

    words: str
    duration_s: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkModule:
    """A module in a chunk, by its length before minification."""

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A file of code that the bundler wrote."""

    file: str
    bytes: int
    is_entry: bool
    modules_total: int
    largest: tuple[ChunkModule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundler:
    """One output of a bundler; `modules_before` is that of the run before, where it told any."""

    name: str
    output: str
    form: str
    modules: int
    modules_before: int | None
    chunks_total: int
    assets_total: int
    phases: tuple[Phase, ...]
    chunks: tuple[Chunk, ...]
    chunks_left_out: int


def bundlers_of(now: Sequence[Event], before: Sequence[Event]) -> Iterator[Bundler]:
    """Each output by folder and form, the last event of it, beside that of the run before."""
    told = {_place(event): event.data for event in now}
    old = {_place(event): event.data for event in before}
    for place in sorted(told):
        yield _bundler(told[place], _count(old[place], "modules") if place in old else None)


def _place(event: Event) -> tuple[str, str]:
    return _text(event.data, "output_folder"), _text(event.data, "format")


def _bundler(data: Mapping[str, Any], before: int | None) -> Bundler:  # Any: JSON, of any tool
    chunks = [_chunk(row) for row in _rows(data, "chunks")]
    chunks.sort(key=lambda chunk: (-chunk.bytes, chunk.file))
    total = max(_count(data, "chunks_total"), len(chunks))
    return Bundler(
        name=f"{_text(data, 'tool')} {_text(data, 'tool_version')}".strip() or "bundler",
        output=_text(data, "output_folder"),
        form=_text(data, "format"),
        modules=_count(data, "modules"),
        modules_before=before,
        chunks_total=total,
        assets_total=_count(data, "assets_total"),
        phases=tuple(_phases(data.get("phases_s"))),
        chunks=tuple(chunks[:MOST_CHUNKS]),
        chunks_left_out=total - len(chunks[:MOST_CHUNKS]),
    )


def _phases(took: Any) -> Iterator[Phase]:  # Any: JSON, of any tool
    if not isinstance(took, Mapping):
        return
    told = {name: _seconds(took.get(name)) for name in PHASES}
    whole_s = sum(told.values())
    for name, seconds in told.items():
        if seconds:
            yield Phase(words=PHASES[name], duration_s=seconds, share=seconds / whole_s)


def _chunk(row: Mapping[str, Any]) -> Chunk:  # Any: JSON, of any tool
    modules = _rows(row, "modules")
    whole = max(
        _count(row, "rendered_characters"),
        sum(_count(each, "rendered_characters") for each in modules),
    )
    largest = [
        ChunkModule(name=_text(each, "module"), share=_count(each, "rendered_characters") / whole)
        for each in modules[:MOST_MODULES]
        if _count(each, "rendered_characters")
    ]
    return Chunk(
        file=_text(row, "file"),
        bytes=_count(row, "bytes"),
        is_entry=row.get("is_entry") is True,
        modules_total=_count(row, "modules_total"),
        largest=tuple(largest),
    )


def _rows(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:  # Any: JSON
    rows = data.get(name)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _text(data: Mapping[str, Any], name: str) -> str:  # Any: JSON
    value = data.get(name)
    return printable(value)[:LONGEST_NAME] if isinstance(value, str) else ""


def _count(data: Mapping[str, Any], name: str) -> int:  # Any: JSON
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _seconds(value: Any) -> float:  # Any: JSON
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isfinite(value) and value > 0 else 0.0
