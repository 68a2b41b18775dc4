"""From bytes by source to modules, packages and duplicates."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from buildopt.bundle.attribution import NO_SOURCE_NAME, Shares
from buildopt.bundle.model import Attribution, Duplicate, MapState, Module, Package
from buildopt.bundle.modules import (
    FOLDER,
    PackageCopy,
    kind_of,
    package_copy,
    pinned_by,
    plain_name,
)
from buildopt.bundle.versions import Versions

MOST_IMPORTERS = 20
"""Of a package: enough to see that one has come."""


def attribution_of(path: str, state: MapState, shares: Shares) -> Attribution:
    """The row of one file."""
    return Attribution(
        path=path,
        map=state,
        mapped=shares.mapped,
        unmapped=shares.unmapped,
        line_ends=shares.line_ends,
        map_comment=shares.map_comment,
        no_source=shares.sources.get(NO_SOURCE_NAME, 0),
        unmapped_kinds=dict(shares.unmapped_kinds),
    )


def modules_of(path: str, sources: Mapping[str, int]) -> tuple[Module, ...]:
    """What each source contributes to one file, the largest first."""
    found: dict[str, Module] = {}
    for source, count in sources.items():
        copy = package_copy(source)
        name = plain_name(source)
        before = found[name].bytes if name in found else 0
        found[name] = Module(
            file=path,
            name=name,
            kind=kind_of(source),
            instance=copy.instance if copy else "",
            bytes=before + count,
        )
    return tuple(sorted(found.values(), key=lambda module: (-module.bytes, module.name)))


def packages_of(
    modules: Iterable[Module], versions: Versions, who: Mapping[str, tuple[str, ...]]
) -> tuple[Package, ...]:
    """The installed copies, the largest first."""
    counts: dict[str, dict[str, int]] = defaultdict(dict)
    for module in modules:
        if module.instance:
            files = counts[module.instance]
            files[module.file] = files.get(module.file, 0) + module.bytes
    packages = [
        _package(instance, files, versions, who.get(instance, ()))
        for instance, files in counts.items()
    ]
    return tuple(sorted(packages, key=lambda package: (-package.bytes, package.instance)))


def _package(
    instance: str, files: dict[str, int], versions: Versions, importing: tuple[str, ...]
) -> Package:
    copy = PackageCopy(name=instance.rpartition(FOLDER)[2], instance=instance)
    version = versions.version_of(copy)
    return Package(
        name=copy.name,
        version=version,
        locked_at=versions.line_of(copy, version),
        imported_by=tuple(sorted(map(plain_name, importing)))[:MOST_IMPORTERS],
        instance=instance,
        bytes=sum(files.values()),
        files=files,
    )


def duplicates_of(
    packages: Iterable[Package], who: Mapping[str, tuple[str, ...]]
) -> tuple[Duplicate, ...]:
    """Packages of which more than one copy is there, the costliest first."""
    copies: dict[str, list[Package]] = defaultdict(list)
    for package in packages:
        copies[package.name].append(package)
    groups = {name: group for name, group in copies.items() if len(group) > 1}
    found = [_duplicate(name, group, who) for name, group in groups.items()]
    return tuple(sorted(found, key=lambda duplicate: (-duplicate.extra_bytes, duplicate.name)))


def _duplicate(name: str, group: list[Package], who: Mapping[str, tuple[str, ...]]) -> Duplicate:
    return Duplicate(
        name=name,
        versions=tuple(package.version or "unknown" for package in group),
        instances=tuple(package.instance for package in group),
        extra_bytes=sum(package.bytes for package in group) - max(p.bytes for p in group),
        pinned_by={package.instance: _bringer(package.instance, who) for package in group},
    )


def _bringer(instance: str, who: Mapping[str, tuple[str, ...]]) -> str:
    """Who brings a copy: the package around it, or the first module that imports it."""
    return pinned_by(instance) or next(iter(who.get(instance, ())), "")
