"""webpack's and rspack's `stats.json`.

    {"version": "5.1.0", "entrypoints": {"main": {"assets": [{"name": "main.js"}], "chunks": [1]}},
     "chunks": [{"id": 1, "files": ["main.js"], "children": [2], "modules": […]}],
     "modules": [{"name": "./src/a.js", "modules": […], "reasons":
        [{"type": "entry"}, {"type": "import()", "moduleName": "./src/b.js", "active": true}]}],
     "children": [the same for each compiler]}

A name ends with ` + 4 modules` where modules were joined to one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from buildopt.bundle.graph import Closure, Graph, Import, ImportState, reachable
from buildopt.bundle.model import Tool

_JOINED = re.compile(r" \+ \d+ modules?$")
_CONTEXT = "context element"


class _Reason(msgspec.Struct):
    type: str | None = None
    moduleName: str | None = None  # noqa: N815 (the name in the format)
    resolvedModule: str | None = None  # noqa: N815
    active: bool | None = None


class _Module(msgspec.Struct):
    name: str | None = None
    issuerName: str | None = None  # noqa: N815
    reasons: list[_Reason] | None = None
    modules: list["_Module"] | None = None  # noqa: UP037 (itself, not yet defined)


class _Asset(msgspec.Struct):
    name: str = ""


class _Entrypoint(msgspec.Struct):
    assets: list[_Asset | str] | None = None
    chunks: list[int | str | None] | None = None


class _Chunk(msgspec.Struct):
    id: int | str | None = None
    files: list[str] | None = None
    children: list[int | str | None] | None = None
    modules: list[_Module] | None = None


class _Stats(msgspec.Struct):
    version: str | None = None
    rspackVersion: str | None = None  # noqa: N815
    entrypoints: dict[str, _Entrypoint] | None = None
    chunks: list[_Chunk] | None = None
    modules: list[_Module] | None = None
    children: list["_Stats"] | None = None  # noqa: UP037


def sniff(keys: Mapping[str, msgspec.Raw]) -> bool:
    """Whether an object with these keys is webpack's."""
    if "children" in keys and "inputs" not in keys and "tree" not in keys:
        return True
    return "chunks" in keys or ("modules" in keys and bool({"assets", "entrypoints"} & set(keys)))


def parse(data: bytes) -> Graph:
    """Imports and entries of all compilers."""
    stats = msgspec.json.decode(data, type=_Stats)
    compilers = list(_compilers(stats))
    modules = [module for one in compilers for module in _all(_top_modules(one))]
    return Graph(
        tool=_tool(compilers),
        imports=tuple(_imports(modules)),
        entry_modules=tuple(dict.fromkeys(_entry_modules(modules))),
        closures=tuple(closure for one in compilers for closure in _closures(one)),
        context_modules=_contexts(modules),
    )


def _compilers(stats: _Stats) -> Iterator[_Stats]:
    yield stats
    for child in stats.children or ():
        yield from _compilers(child)


def _top_modules(stats: _Stats) -> list[_Module]:
    """The modules, which some settings list below each chunk instead."""
    if stats.modules:
        return stats.modules
    return [module for chunk in stats.chunks or () for module in chunk.modules or ()]


def _all(modules: Iterable[_Module]) -> Iterator[_Module]:
    for module in modules:
        yield module
        yield from _all(module.modules or ())


def _tool(compilers: Iterable[_Stats]) -> Tool | None:
    for one in compilers:
        if one.rspackVersion:
            return Tool(name="rspack", version=one.rspackVersion)
        if one.version:
            return Tool(name="webpack", version=one.version)
    return None


def _plain(name: str) -> str:
    """The name of the module that the joined ones are called after."""
    return _JOINED.sub("", name.partition("|")[0])


def _imports(modules: Iterable[_Module]) -> Iterator[Import]:
    for module in modules:
        imported = _plain(module.name or "")
        for reason in module.reasons or ():
            importers = {_plain(n) for n in (reason.resolvedModule, reason.moduleName) if n}
            for importer in sorted(importers - {imported}):
                state: ImportState = "dropped" if reason.active is False else "kept"
                yield Import(importer=importer, imported=imported, state=state)
        if module.issuerName:  # told even where there are too many reasons to list them all
            yield Import(importer=_plain(module.issuerName), imported=imported, state="first")


def _entry_modules(modules: Iterable[_Module]) -> Iterator[str]:
    for module in modules:
        if any(reason.type == "entry" for reason in module.reasons or ()):
            yield _plain(module.name or "")


def _contexts(modules: Iterable[_Module]) -> dict[str, tuple[str, ...]]:
    """A computed `require` -> the modules that it took."""
    found: dict[str, dict[str, None]] = {}
    for module in modules:
        for reason in module.reasons or ():
            if reason.type == _CONTEXT and reason.moduleName:
                found.setdefault(reason.moduleName, {})[_plain(module.name or "")] = None
    return {name: tuple(taken) for name, taken in found.items()}


def _closures(stats: _Stats) -> Iterator[Closure]:
    """Of each entry the files of its own chunks, and of the chunks that those load later."""
    chunks = {chunk.id: chunk for chunk in stats.chunks or ()}
    following = {
        str(chunk.id): [str(child) for child in chunk.children or ()] for chunk in chunks.values()
    }
    files = {str(chunk.id): chunk.files or [] for chunk in chunks.values()}
    for name, entry in (stats.entrypoints or {}).items():
        own = [str(chunk) for chunk in entry.chunks or ()]
        assets = [asset if isinstance(asset, str) else asset.name for asset in entry.assets or ()]
        initial = dict.fromkeys(
            [*assets, *(file for chunk in own for file in files.get(chunk, ()))]
        )
        later = [found for chunk in own for found in reachable(chunk, following)]
        lazy = dict.fromkeys(file for chunk in later for file in files.get(chunk, ()))
        yield Closure(
            name=name,
            initial=tuple(initial),
            lazy=tuple(file for file in lazy if file not in initial),
        )
