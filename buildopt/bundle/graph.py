"""Who imports whom, and which files an entry loads, as a bundler's statistics tell it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from buildopt.bundle.model import Tool, Why
from buildopt.bundle.modules import package_copy

ImportState = Literal["kept", "first", "dropped"]
"""The bundler kept the import; it only tells that this one was the first to ask for the module;
it dropped the import because nothing of it was used."""


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """One module imports another."""

    importer: str
    imported: str
    state: ImportState = "kept"


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """Files that an entry loads at once and later, by the names of the statistics."""

    name: str
    initial: tuple[str, ...]
    lazy: tuple[str, ...]


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """What one statistics file tells; module names in its own spelling."""

    tool: Tool | None = None
    imports: tuple[Import, ...] = ()
    entry_modules: tuple[str, ...] = ()
    closures: tuple[Closure, ...] = ()
    context_modules: Mapping[str, tuple[str, ...]] | None = None
    """A `require` of a computed name -> the modules that it took."""


def joined(graphs: Iterable[Graph]) -> Graph:
    """One graph of several: the first that knows a thing tells it."""
    known = list(graphs)
    return Graph(
        tool=next((graph.tool for graph in known if graph.tool), None),
        imports=next((graph.imports for graph in known if graph.imports), ()),
        entry_modules=next((g.entry_modules for g in known if g.imports), ()),
        closures=next((graph.closures for graph in known if graph.closures), ()),
        context_modules=next((g.context_modules for g in known if g.context_modules), None),
    )


_TRUST: tuple[tuple[ImportState, ...], ...] = (
    ("kept",),
    ("kept", "dropped"),
    ("kept", "first"),
    ("kept", "first", "dropped"),
)
"""Which imports a way may go through, the surest first."""


def reasons(graph: Graph) -> tuple[Why, ...]:
    """For each copy of a package the shortest way that leads to it.

    A way through imports that are not kept counts only where there is no other.
    """
    found: dict[str, Why] = {}
    for states in _TRUST:
        edges = [edge for edge in graph.imports if edge.state in states]
        came_from = _breadth_first(graph.entry_modules, edges)
        for module in came_from:
            copy = package_copy(module)
            if copy and copy.instance not in found:
                chain = _way(module, came_from)
                found[copy.instance] = Why(package=copy.name, instance=copy.instance, chain=chain)
    return tuple(found[instance] for instance in sorted(found))


def chain_to(graph: Graph, wanted: str) -> tuple[str, ...]:
    """The way to one module; empty where none leads there."""
    for states in _TRUST:
        edges = [edge for edge in graph.imports if edge.state in states]
        came_from = _breadth_first(graph.entry_modules, edges)
        if wanted in came_from:
            return _way(wanted, came_from)
    return ()


def importers(graph: Graph) -> dict[str, tuple[str, ...]]:
    """Copy of a package -> modules outside of it that import it, sorted; kept imports first."""
    kept: dict[str, set[str]] = defaultdict(set)
    others: dict[str, set[str]] = defaultdict(set)
    for edge in graph.imports:
        instance = _instance(edge.imported)
        if instance and _instance(edge.importer) != instance:
            found = kept if edge.state == "kept" else others
            found[instance].add(edge.importer)
    return {instance: tuple(sorted(names)) for instance, names in (others | kept).items()}


def _instance(module: str) -> str:
    copy = package_copy(module)
    return copy.instance if copy else ""


def _breadth_first(starts: Iterable[str], edges: Iterable[Import]) -> dict[str, str]:
    """Module -> the one before it, nearest first; of a start, the empty name."""
    following: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        following[edge.importer].append(edge.imported)
    came_from = dict.fromkeys(starts, "")
    waiting = deque(came_from)
    while waiting:
        module = waiting.popleft()
        for imported in following.get(module, ()):
            if imported not in came_from:
                came_from[imported] = module
                waiting.append(imported)
    return came_from


def _way(module: str, came_from: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(reversed(list(_back(module, came_from))))


def _back(module: str, came_from: Mapping[str, str]) -> Iterator[str]:
    while module:
        yield module
        module = came_from[module]


def reachable(start: str, following: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """All that can be reached from a file, itself first, nearest first."""
    found = {start: None}
    waiting = deque([start])
    while waiting:
        for name in following.get(waiting.popleft(), ()):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)
