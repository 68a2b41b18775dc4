"""Why something is in a bundle: the imports that lead to it, and what it costs."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from buildopt.bundle.analysis import analyse, graph_of, plain_means
from buildopt.bundle.graph import Graph, chain_to, reasons
from buildopt.bundle.model import SCHEMA, BundleAnalysis
from buildopt.bundle.modules import PackageCopy, package_copy, plain_name
from buildopt.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The shortest chain of imports to one copy or module; `bytes` is None without a map."""

    package: str
    instance: str
    version: str | None
    bytes: int | None
    chain: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """All ways to what was asked for, the costliest first."""

    schema: int = SCHEMA
    kind: Literal["why"] = "why"
    name: str
    why: tuple[Way, ...]


def why_is_it_there(name: str, path: str) -> Answer:
    """The ways to a package's copies, or to a module; raises UsageError where there is none."""
    graph = graph_of(path)
    if not graph.imports:
        raise UsageError(
            f"no statistics file in `{path}` tells who imports whom",
            hint="let the bundler write one: `--metafile=` (esbuild), `--json=stats.json` "
            "(webpack, rspack), the raw data of rollup-plugin-visualizer (Rollup, Vite)",
            slug="no-statistics",
        )
    analysis = analyse(path, plain_means(()))
    assert isinstance(analysis, BundleAnalysis)  # a place with a graph is no archive
    ways = _ways_to_package(name, graph, analysis) or _ways_to_module(name, graph, analysis)
    if not ways:
        raise _unknown(name, graph)
    return Answer(name=name, why=tuple(sorted(ways, key=lambda way: -(way.bytes or 0))))


def _ways_to_package(name: str, graph: Graph, analysis: BundleAnalysis) -> list[Way]:
    known = {package.instance: package for package in analysis.packages}
    ways = []
    for why in reasons(graph):
        if why.package != name:
            continue
        package = known.get(why.instance)
        ways.append(
            Way(
                package=why.package,
                instance=why.instance,
                version=package.version if package else None,
                bytes=package.bytes if package else None,
                chain=why.chain,
            )
        )
    return ways


def _ways_to_module(wanted: str, graph: Graph, analysis: BundleAnalysis) -> list[Way]:
    """The module of that name, or else the only ones whose names end so."""
    modules = _modules(graph)
    wanted = plain_name(wanted)
    found = [module for module in modules if plain_name(module) == wanted]
    found = found or [module for module in modules if plain_name(module).endswith("/" + wanted)]
    sizes: dict[str, int] = {}
    for module in analysis.modules:
        sizes[module.name] = sizes.get(module.name, 0) + module.bytes
    ways = []
    for name in found:
        chain = chain_to(graph, name)
        copy = package_copy(name) or PackageCopy(name="", instance="")
        if chain:
            ways.append(
                Way(
                    package=copy.name,
                    instance=copy.instance or name,
                    version=None,
                    bytes=sizes.get(plain_name(name)),
                    chain=chain,
                )
            )
    return ways


def _modules(graph: Graph) -> list[str]:
    names = [name for edge in graph.imports for name in (edge.importer, edge.imported)]
    return list(dict.fromkeys([*graph.entry_modules, *names]))


def _unknown(name: str, graph: Graph) -> UsageError:
    close = difflib.get_close_matches(name, sorted(_packages(_modules(graph))), n=1)
    return UsageError(
        f"nothing of the name `{name}` is imported",
        hint=f"did you mean `{close[0]}`?" if close else "`buildopt bundle` lists the packages",
        slug="not-imported",
    )


def _packages(modules: Iterable[str]) -> set[str]:
    return {copy.name for module in modules if (copy := package_copy(module))}
