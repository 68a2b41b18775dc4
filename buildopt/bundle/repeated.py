"""Modules of packages that several files of a bundle hold: each entry brought its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from buildopt.bundle.matching import without_hash
from buildopt.bundle.model import BundleAnalysis, Finding, Module
from buildopt.quantities import counted

LEAST_BYTES = 2_000
"""Less is not worth a request of its own."""


def repeated_packages(analysis: BundleAnalysis) -> Iterator[Finding]:
    """A finding for each copy of a package that stands in more than one file."""
    spread = {package.instance for package in analysis.packages if len(package.files) > 1}
    homes: dict[tuple[str, str], list[Module]] = defaultdict(list)
    for module in analysis.modules if spread else ():
        if module.instance in spread and not module.file.endswith(".css"):
            homes[module.instance, module.name].append(module)
    again: dict[str, list[list[Module]]] = defaultdict(list)
    for (instance, _), modules in homes.items():
        different = list({_variant(module.file): module for module in modules}.values())
        if len(different) > 1:
            again[instance].append(different)
    for instance, groups in again.items():
        extra = sum(sum(m.bytes for m in group) - max(m.bytes for m in group) for group in groups)
        files = sorted({module.file for group in groups for module in group})
        if extra >= LEAST_BYTES:
            yield Finding(
                kind="repeated",
                subject=instance,
                message=f"{counted(len(groups), 'module')} of it in each of {', '.join(files[:5])}",
                fix="let the files share a chunk: `splitChunks: { chunks: 'all' }` (webpack, "
                "rspack), `--splitting` (esbuild), one build for all entries (Vite, Rollup)",
                bytes=extra,
                modules=tuple(sorted(group[0].name for group in groups)),
            )


def _variant(path: str) -> str:
    """Equal for files of which a visitor loads one: a library's `index.mjs` and `index.cjs`."""
    return without_hash(path).rpartition(".")[0]
