"""What to mend in a bundle, each with its bytes and a way to do it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from buildopt.bundle.export_star import unshaken_packages
from buildopt.bundle.graph import Graph
from buildopt.bundle.model import BundleAnalysis, Finding, Module
from buildopt.bundle.modules import package_copy, plain_name
from buildopt.bundle.repeated import repeated_packages
from buildopt.bundle.whole_library import whole_libraries
from buildopt.quantities import counted, size

LEAST_LOCALES = 10
"""Fewer files of languages may all be wanted."""
LEAST_SILENT_SOURCES = 3
"""Fewer may be modules that are empty once they are compiled."""
_NO_MAP = ("none", "missing", "unreadable")
_LOCALE = re.compile(r"/(?:locales?|langs?|i18n)/([a-z]{2,3}(?:[-_][A-Za-z0-9]+)*)(?:/|\.[cm]?js)")


def findings_of(analysis: BundleAnalysis, graph: Graph, project: str = "") -> tuple[Finding, ...]:
    """All findings, the largest first; `project` is where packages are installed."""
    contexts = list(_contexts(analysis, graph))
    taken = {finding.subject for finding in contexts}
    found = [
        *_inline_maps(analysis),
        *_duplicates(analysis),
        *contexts,
        *_locales(analysis, taken),
        *whole_libraries(analysis, project),
        *repeated_packages(analysis),
        *unshaken_packages(analysis, project),
        *_without_map(analysis),
        *_coarse_maps(analysis),
    ]
    return tuple(sorted(found, key=lambda finding: (-finding.bytes, finding.kind, finding.subject)))


def _inline_maps(analysis: BundleAnalysis) -> Iterator[Finding]:
    for row in analysis.attribution:
        if row.map == "inline":
            yield Finding(
                kind="inline-map",
                subject=row.path,
                message=f"source map shipped inline: {size(row.map_comment)} of the file",
                fix="write the map to a file of its own (`sourcemap: true`, `source-map`), or none",
                bytes=row.map_comment,
            )


def _duplicates(analysis: BundleAnalysis) -> Iterator[Finding]:
    for duplicate in analysis.duplicates:
        copies = ", ".join(
            f"{version} by `{who}`" if who else version
            for version, who in zip(duplicate.versions, duplicate.pinned_by.values(), strict=True)
        )
        yield Finding(
            kind="duplicate",
            subject=duplicate.name,
            message=f"{counted(len(duplicate.versions), 'copy', 'copies')}: {copies}",
            fix=f"one version for all: `overrides` (npm, pnpm) or `resolutions` (yarn) "
            f"of `{duplicate.name}`, or an alias in the bundler",
            bytes=duplicate.extra_bytes,
        )


def _contexts(analysis: BundleAnalysis, graph: Graph) -> Iterator[Finding]:
    """Modules that are there only because a name is computed when the code runs."""
    if not graph.context_modules:
        return
    counts: dict[str, int] = defaultdict(int)
    for module in analysis.modules:
        counts[module.name] += module.bytes
    for context, taken in graph.context_modules.items():
        copy = package_copy(context)
        taken_bytes = sum(counts.get(plain_name(name), 0) for name in taken)
        if taken_bytes:
            yield Finding(
                kind="context-require",
                subject=copy.instance if copy else plain_name(context),
                message=f"a `require` of a computed name took {counted(len(taken), 'module')}",
                fix="webpack's ContextReplacementPlugin or IgnorePlugin for the names "
                "that are not needed, or a library without it",
                bytes=taken_bytes,
                modules=tuple(sorted({plain_name(name) for name in taken})),
            )


def _locales(analysis: BundleAnalysis, taken: set[str]) -> Iterator[Finding]:
    """Many languages of one package, in whichever way they came in."""
    languages: dict[str, set[str]] = defaultdict(set)
    counts: dict[str, int] = defaultdict(int)
    found: dict[str, set[str]] = defaultdict(set)
    for module in analysis.modules:
        if not module.instance or module.instance in taken:
            continue
        language = _language(module)
        if language:
            languages[module.instance].add(language)
            counts[module.instance] += module.bytes
            found[module.instance].add(module.name)
    for instance, names in languages.items():
        if len(names) >= LEAST_LOCALES:
            yield Finding(
                kind="all-locales",
                subject=instance,
                message=f"{counted(len(names), 'language')} came in",
                fix="import only the languages that are needed, from a narrower entry",
                bytes=counts[instance],
                modules=tuple(sorted(found[instance])),
            )


def _language(module: Module) -> str:
    """`de` for `node_modules/x/locale/de.js` and `…/locale/de/days.js`; empty for other code."""
    found = _LOCALE.search(module.name)
    return found[1] if found else ""


def _without_map(analysis: BundleAnalysis) -> Iterator[Finding]:
    """Code of which nothing is known; the figures of packages lack it."""
    rows = [row for row in analysis.attribution if row.map in _NO_MAP and _is_script(row.path)]
    if rows:
        first = max(rows, key=lambda row: row.unmapped)
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        yield Finding(
            kind="no-map",
            subject=first.path + more,
            message="without a readable source map nobody knows what is in it",
            fix="let the bundler write maps (they need not be deployed)",
            bytes=sum(row.unmapped for row in rows),
        )


def _coarse_maps(analysis: BundleAnalysis) -> Iterator[Finding]:
    """Maps that name lines but not columns: of minified code they tell next to nothing."""
    told = Counter(module.file for module in analysis.modules)
    for row in analysis.attribution:
        if row.silent_sources >= LEAST_SILENT_SOURCES and row.silent_sources > told[row.path]:
            yield Finding(
                kind="coarse-map",
                subject=row.path,
                message=f"{counted(row.silent_sources, 'source')} of its map own no byte: "
                "whose the code is, is not known",
                fix="let the bundler write a map with columns (`source-map`, not `cheap-…`)",
                bytes=row.mapped,
            )


def _is_script(path: str) -> bool:
    """Styles are left out: some bundlers cannot write maps of them."""
    return not path.endswith(".css")
