"""What changed between two builds, because of what, and what visitors fetch again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from buildopt.bundle.matching import pairs
from buildopt.bundle.model import (
    SCHEMA,
    BundleAnalysis,
    Compressor,
    OutputFile,
    Package,
    Sizes,
    Why,
    sizes_of,
)
from buildopt.bundle.modules import package_copy

UNKNOWN = "unknown"
"""Stands for the version of a package of which no lock file tells."""
Status = Literal["same", "renamed", "changed", "new", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file in both builds, matched by content; a side where it is not is None."""

    status: Status
    before: str | None
    after: str | None
    before_sizes: Sizes | None
    after_sizes: Sizes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageChange:
    """A package of which bytes or versions changed, all copies together."""

    name: str
    before_versions: tuple[str, ...]
    after_versions: tuple[str, ...]
    before_bytes: int
    after_bytes: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleChange:
    """A module of the project itself, over all files."""

    name: str
    before_bytes: int
    after_bytes: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """What is usual: the median of so many builds that were analysed before."""

    builds: int
    totals: Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two builds side by side."""

    schema: int = SCHEMA
    kind: Literal["diff"] = "diff"
    before_totals: Sizes
    after_totals: Sizes
    files: tuple[FileChange, ...]
    packages: tuple[PackageChange, ...]
    modules: tuple[ModuleChange, ...]
    refetched: Sizes
    """Files of the second build that a visitor of the first has not got."""
    not_compared: tuple[str, ...]
    """Encodings that were made in different ways, and so left out."""
    before_build: str = ""
    """Which build of the history stands before, where none was named."""
    usual: Usual | None = None
    """What builds of the history come to, where none was named."""


def compare(before: BundleAnalysis, after: BundleAnalysis) -> Comparison:
    """All differences, the largest first."""
    unlike = unlike_encodings(before.compressors, after.compressors)
    changes = tuple(_file_changes(before, after, unlike))
    fetched = {
        change.after
        for change in changes
        if change.after and (change.status != "same" or change.after != change.before)
    }
    again = tuple(file for file in after.files if file.path in fetched)
    return Comparison(
        before_totals=_without(before.totals, unlike),
        after_totals=_without(after.totals, unlike),
        files=changes,
        packages=tuple(_package_changes(before, after)),
        modules=tuple(_module_changes(before, after)),
        refetched=_without(sizes_of(again), unlike),
        not_compared=tuple(sorted(unlike)),
    )


def unlike_encodings(before: Iterable[Compressor], after: Iterable[Compressor]) -> frozenset[str]:
    """Encodings whose library, level or exactness differ: their sizes say nothing together."""
    made_before = {made.encoding: made for made in before}
    made_after = {made.encoding: made for made in after}
    encodings = set(made_before) | set(made_after)
    return frozenset(e for e in encodings if made_before.get(e) != made_after.get(e))


def _without(sizes: Sizes, unlike: frozenset[str]) -> Sizes:
    return Sizes(
        raw=sizes.raw,
        gzip=None if "gzip" in unlike else sizes.gzip,
        brotli=None if "brotli" in unlike else sizes.brotli,
        zstd=None if "zstd" in unlike else sizes.zstd,
    )


def _file_changes(
    before: BundleAnalysis, after: BundleAnalysis, unlike: frozenset[str]
) -> Iterator[FileChange]:
    old = {file.path: file for file in before.files}
    matched = pairs(before, after)
    rows = [(old.get(matched.get(file.path, "")), file) for file in after.files]
    gone = [(file, None) for file in before.files if file.path not in matched.values()]
    for left, right in [*rows, *gone]:
        yield FileChange(
            status=_status(left, right),
            before=left.path if left else None,
            after=right.path if right else None,
            before_sizes=_without(sizes_of((left,)), unlike) if left else None,
            after_sizes=_without(sizes_of((right,)), unlike) if right else None,
        )


def _status(before: OutputFile | None, after: OutputFile | None) -> Status:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    if before.sha256 != after.sha256:
        return "changed"
    return "same" if before.path == after.path else "renamed"


def _package_changes(before: BundleAnalysis, after: BundleAnalysis) -> Iterator[PackageChange]:
    old, new = _by_name(before.packages), _by_name(after.packages)
    changes = []
    for name in set(old) | set(new):
        left, right = old.get(name, []), new.get(name, [])
        change = PackageChange(
            name=name,
            before_versions=_versions(left),
            after_versions=_versions(right),
            before_bytes=sum(package.bytes for package in left),
            after_bytes=sum(package.bytes for package in right),
            cause=_cause(name, (left, right), (before, after)),
        )
        if change.before_bytes != change.after_bytes or _has_other_versions(left, right):
            changes.append(change)
    yield from sorted(changes, key=lambda c: (-abs(c.after_bytes - c.before_bytes), c.name))


def _by_name(packages: Iterable[Package]) -> dict[str, list[Package]]:
    found: dict[str, list[Package]] = defaultdict(list)
    for package in packages:
        found[package.name].append(package)
    return found


def _versions(packages: Iterable[Package]) -> tuple[str, ...]:
    return tuple(sorted(package.version or UNKNOWN for package in packages))


def _has_other_versions(before: Iterable[Package], after: Iterable[Package]) -> bool:
    """Whether versions differ; one that is not known on either side does not tell."""
    left, right = _versions(before), _versions(after)
    return left != right and UNKNOWN not in (*left, *right)


def _cause(
    name: str,
    packages: tuple[list[Package], list[Package]],
    analyses: tuple[BundleAnalysis, BundleAnalysis],
) -> str:
    """Why a package's bytes changed, as far as the two analyses tell."""
    left, right = packages
    if not right:
        return "no longer in the bundle"
    if not left:
        return f"new, {_brought_by(right[0].instance, analyses[1].why)}"
    if len(right) > len(left):
        known = {package.instance for package in left}
        added = next((p for p in right if p.instance not in known), right[-1])
        return f"one more copy, {_brought_by(added.instance, analyses[1].why)}"
    if len(right) < len(left):
        return f"fewer copies: {', '.join(_versions(left))} → {', '.join(_versions(right))}"
    if _has_other_versions(left, right):
        old = _versions(left)
        bumped = next((package for package in right if package.version not in old), right[0])
        where = f" ({bumped.locked_at})" if bumped.locked_at else ""
        return f"version {', '.join(old)} → {', '.join(_versions(right))}{where}"
    return _module_cause(name, analyses) + _new_importers(left, right)


def _new_importers(left: Iterable[Package], right: Iterable[Package]) -> str:
    """The imports that are new, of a package that was there before."""
    known, now = ({n for package in side for n in package.imported_by} for side in (left, right))
    new = sorted(now - known) if known else []
    return f", now imported by {', '.join(f'`{name}`' for name in new[:3])} too" if new else ""


def _brought_by(instance: str, chains: Iterable[Why]) -> str:
    """The import that leads into a copy."""
    for why in chains:
        if why.instance == instance:
            outside = [name for name in why.chain if _instance(name) != instance]
            return f"imported by `{outside[-1]}`" if outside else "an entry itself"
    return "brought by an import that no statistics file tells"


def _module_cause(name: str, analyses: tuple[BundleAnalysis, BundleAnalysis]) -> str:
    """The modules of a package that are new or gone, at the same version."""
    old, new = (_module_names(analysis, name) for analysis in analyses)
    added, removed = sorted(new - old), sorted(old - new)
    if added:
        more = f" and {len(added) - 1} more" if len(added) > 1 else ""
        return f"more of it is imported: `{added[0]}`{more}"
    if removed:
        more = f" and {len(removed) - 1} more" if len(removed) > 1 else ""
        return f"less of it is imported: without `{removed[0]}`{more}"
    return "the same modules, compiled to other text"


def _module_names(analysis: BundleAnalysis, package: str) -> set[str]:
    instances = {p.instance for p in analysis.packages if p.name == package}
    return {module.name for module in analysis.modules if module.instance in instances}


def _module_changes(before: BundleAnalysis, after: BundleAnalysis) -> Iterator[ModuleChange]:
    old, new = _own_modules(before), _own_modules(after)
    changes = [
        ModuleChange(
            name=name,
            before_bytes=old.get(name, 0),
            after_bytes=new.get(name, 0),
            cause="changed" if name in old and name in new else "new" if name in new else "gone",
        )
        for name in set(old) | set(new)
        if old.get(name, 0) != new.get(name, 0)
    ]
    yield from sorted(changes, key=lambda c: (-abs(c.after_bytes - c.before_bytes), c.name))


def _own_modules(analysis: BundleAnalysis) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for module in analysis.modules:
        if module.kind != "package":
            counts[module.name] += module.bytes
    return counts


def _instance(module: str) -> str:
    copy = package_copy(module)
    return copy.instance if copy else ""
