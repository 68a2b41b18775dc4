"""The raw data that rollup-plugin-visualizer writes for Rollup and Vite.

    {"nodeMetas": {"8a-0": {"id": "/src/a.js", "isEntry": true,
                            "imported": [{"uid": "8a-1", "dynamic": true}]}},
     "env": {"rollup": "4.1.0"}}

Its sizes are those before the code was minified, or lose text; they are not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from buildopt.bundle.graph import Graph, Import
from buildopt.bundle.model import Tool


class _Imported(msgspec.Struct):
    uid: str


class _Meta(msgspec.Struct):
    id: str
    imported: list[_Imported] = []
    isEntry: bool = False  # noqa: N815 (the name in the format)


class _RawData(msgspec.Struct):
    nodeMetas: dict[str, _Meta]  # noqa: N815
    env: dict[str, str] = {}


def sniff(keys: Mapping[str, msgspec.Raw]) -> bool:
    """Whether an object with these keys is the plugin's."""
    return "nodeMetas" in keys


def parse(data: bytes) -> Graph:
    """Imports and entries; which files an entry loads is not told."""
    raw = msgspec.json.decode(data, type=_RawData)
    tools = [Tool(name=name, version=version) for name, version in raw.env.items()]
    return Graph(
        tool=tools[0] if tools else None,
        imports=tuple(_imports(raw.nodeMetas)),
        entry_modules=tuple(meta.id for meta in raw.nodeMetas.values() if meta.isEntry),
    )


def _imports(metas: Mapping[str, _Meta]) -> Iterator[Import]:
    for meta in metas.values():
        for edge in meta.imported:
            if edge.uid in metas:
                yield Import(importer=meta.id, imported=metas[edge.uid].id)
