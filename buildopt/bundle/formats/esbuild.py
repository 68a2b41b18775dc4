"""esbuild's metafile.

    {"inputs": {"src/a.js": {"bytes": 9, "imports": [{"path": "src/b.js", "kind": "import-statement"}]}},
     "outputs": {"dist/a.js": {"bytes": 9, "entryPoint": "src/a.js", "cssBundle": "dist/a.css",
        "imports": [{"path": "dist/b.js", "kind": "dynamic-import"}]}}}

A module that is imported by `import()` is the entry of its chunk, too, but not one of the build.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from buildopt.bundle.graph import Closure, Graph, Import, reachable
from buildopt.bundle.model import Tool

_LATER = ("dynamic-import", "file-loader")
_STYLE = "css"


class _Import(msgspec.Struct):
    path: str
    kind: str = ""
    external: bool = False


class _Input(msgspec.Struct):
    imports: list[_Import] = []


class _Output(msgspec.Struct):
    imports: list[_Import] = []
    entryPoint: str | None = None  # noqa: N815 (the name in the format)
    cssBundle: str | None = None  # noqa: N815


class _Metafile(msgspec.Struct):
    inputs: dict[str, _Input]
    outputs: dict[str, _Output]


def sniff(keys: Mapping[str, msgspec.Raw]) -> bool:
    """Whether an object with these keys is esbuild's."""
    return "inputs" in keys and "outputs" in keys


def parse(data: bytes) -> Graph:
    """Imports and entries."""
    metafile = msgspec.json.decode(data, type=_Metafile)
    entries = _entry_outputs(metafile)
    return Graph(
        tool=Tool(name="esbuild", version=""),
        imports=tuple(_imports(metafile)),
        entry_modules=tuple(dict.fromkeys(entries.values())),
        closures=tuple(_closures(metafile, entries)),
    )


def _imports(metafile: _Metafile) -> Iterator[Import]:
    for importer, module in metafile.inputs.items():
        for edge in module.imports:
            if not edge.external:
                yield Import(importer=importer, imported=edge.path)


def _entry_outputs(metafile: _Metafile) -> dict[str, str]:
    """Output -> module of the entries; those that only `import()` leads to are left out."""
    entries = {
        path: output.entryPoint
        for path, output in metafile.outputs.items()
        if output.entryPoint is not None
    }
    later = {
        edge.path
        for output in metafile.outputs.values()
        for edge in output.imports
        if edge.kind == "dynamic-import"
    }
    return {path: entry for path, entry in entries.items() if path not in later} or entries


def _closures(metafile: _Metafile, entries: Mapping[str, str]) -> Iterator[Closure]:
    at_once = {
        path: [edge.path for edge in output.imports if edge.kind not in _LATER]
        + ([output.cssBundle] if output.cssBundle else [])
        for path, output in metafile.outputs.items()
    }
    ever = {
        path: [e.path for e in out.imports] + at_once[path]
        for path, out in metafile.outputs.items()
    }
    for path, entry in entries.items():
        initial = reachable(path, at_once)
        own = frozenset(initial)
        lazy = [name for name in reachable(path, ever) if name not in own]
        yield Closure(name=entry, initial=initial, lazy=tuple(lazy))
