"""Vite's and Rollup's `manifest.json`: which file of which chunk loads which.

{"index.html": {"file": "assets/index-D5.js", "isEntry": true, "css": ["assets/index-D5.css"],
                "imports": ["_store-Yh.js"], "dynamicImports": ["src/home.js"]}}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from buildopt.bundle.graph import Closure, Graph, reachable
from buildopt.bundle.model import Tool


class _Chunk(msgspec.Struct):
    file: str
    isEntry: bool = False  # noqa: N815 (the name in the format)
    imports: list[str] = []
    dynamicImports: list[str] = []  # noqa: N815
    css: list[str] = []
    assets: list[str] = []


def sniff(keys: Mapping[str, msgspec.Raw]) -> bool:
    """Whether the values look like chunks of a manifest."""
    return bool(keys) and all(_is_chunk(bytes(value)) for value in keys.values())


def _is_chunk(value: bytes) -> bool:
    return value.startswith(b"{") and b'"file"' in value


def parse(data: bytes) -> Graph:
    """The files of each entry; a manifest knows no modules."""
    chunks = msgspec.json.decode(data, type=dict[str, _Chunk])
    at_once = {key: chunk.imports for key, chunk in chunks.items()}
    ever = {key: [*chunk.imports, *chunk.dynamicImports] for key, chunk in chunks.items()}
    closures = []
    for key, chunk in chunks.items():
        if chunk.isEntry:
            initial = _files(reachable(key, at_once), chunks)
            later = _files(reachable(key, ever), chunks)
            own = frozenset(initial)
            lazy = tuple(file for file in later if file not in own)
            closures.append(Closure(name=key, initial=initial, lazy=lazy))
    return Graph(tool=Tool(name="vite", version=""), closures=tuple(closures))


def _files(keys: Iterable[str], chunks: Mapping[str, _Chunk]) -> tuple[str, ...]:
    known = [chunks[key] for key in keys if key in chunks]
    return tuple(dict.fromkeys(file for chunk in known for file in (chunk.file, *chunk.css)))
