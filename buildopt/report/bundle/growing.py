"""The trees of an output folder, of two of them side by side, and of archives."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from buildopt.bundle.attribution import NO_SOURCE_NAME
from buildopt.bundle.matching import pairs
from buildopt.bundle.model import (
    ArchiveAnalysis,
    Attribution,
    BundleAnalysis,
    Module,
)
from buildopt.bundle.modules import pinned_by
from buildopt.phrases import printable
from buildopt.report.bundle.tree import (
    BUNDLER_CODE,
    NOT_MAPPED,
    OTHER_FILES,
    OWN_CODE,
    Forest,
    Leaf,
    Owner,
    grow,
)

RAW, BEFORE, COMPRESSED = "raw", "before", "compressed"
DOMINANT_SHARE = 0.8
"""A folder that holds this much of an archive says little: its own folders are the owners."""
DEEPEST = 40
"""Folders of a path that are told apart: more than any build has, and few enough to walk."""
_NO_PACKAGE = (OWN_CODE, BUNDLER_CODE, NOT_MAPPED, OTHER_FILES)
_BY_KIND = {"app": OWN_CODE, "generated": BUNDLER_CODE}

Place = tuple[str, str, tuple[str, ...]]
"""File, owner (the copy of a package, or a word of `_NO_PACKAGE`), and the way within it."""


def tree_of_bundle(analysis: BundleAnalysis) -> Forest:
    """All files of one output; the bytes of each add up to its size."""
    owners = _Owners(analysis)
    leaves = [
        Leaf(path=(file, owners.label(owner), *way), owner=owners.at(owner), figures=(count,))
        for (file, owner, way), count in _counted(analysis)
    ]
    return grow("all files", map(_shortened, leaves), (RAW,), owners.rows, owner_depth=2)


def tree_of_comparison(before: BundleAnalysis, after: BundleAnalysis) -> Forest:
    """Both outputs in one tree: the files of the first stand under the names of the second."""
    renamed = {old: new for new, old in pairs(before, after).items()}
    figures: dict[Place, list[int]] = defaultdict(lambda: [0, 0])
    for place, count in _counted(after):
        figures[place][0] += count
    for (file, owner, way), count in _counted(before):
        figures[renamed.get(file, file), owner, way][1] += count
    owners = _Owners(after, before)
    leaves = [
        Leaf(path=(file, owners.label(owner), *way), owner=owners.at(owner), figures=(new, old))
        for (file, owner, way), (new, old) in figures.items()
    ]
    return grow("all files", map(_shortened, leaves), (RAW, BEFORE), owners.rows, owner_depth=2)


def tree_of_archives(archives: Iterable[ArchiveAnalysis]) -> Forest:
    """The files of one archive or several; their folders are the owners, or the kinds of files."""
    known = list(archives)
    has_all = all(file.compressed is not None for one in known for file in one.files)
    columns = (RAW, COMPRESSED) if has_all else (RAW,)
    ways = [
        ((*_front(one, known), *_parts(file.path)), (file.raw, file.compressed or 0))
        for one in known
        for file in one.files
    ]
    depth = len(known) > 1 or _has_dominant(ways)
    names = sorted({_owner_name(way, int(depth)) for way, _ in ways})
    places = {name: place for place, name in enumerate(names)}
    leaves = (
        Leaf(path=way, owner=places[_owner_name(way, int(depth))], figures=sizes[: len(columns)])
        for way, sizes in ways
    )
    owners = tuple(Owner(name=printable(name)) for name in names)
    return grow("all files", leaves, columns, owners, owner_depth=int(depth) + 1)


def _front(archive: ArchiveAnalysis, all_of_them: list[ArchiveAnalysis]) -> tuple[str, ...]:
    return (archive.archive.path.rpartition("/")[2],) if len(all_of_them) > 1 else ()


def _has_dominant(ways: list[tuple[tuple[str, ...], tuple[int, int]]]) -> bool:
    totals: dict[str, int] = defaultdict(int)
    for way, (raw, _) in ways:
        totals[way[0]] += raw
    return max(totals.values(), default=0) > DOMINANT_SHARE * sum(totals.values())


def _owner_name(way: tuple[str, ...], depth: int) -> str:
    """The folder at this depth; of a file that lies above one, its kind."""
    if len(way) > depth + 1:
        return way[depth]
    ending = posixpath.splitext(way[-1])[1]
    return f"*{ending}" if ending else OTHER_FILES


def _parts(path: str) -> tuple[str, ...]:
    """The names of a path; what lies too deep stays one name."""
    parts = [part for part in path.split("/") if part]
    if len(parts) > DEEPEST:
        parts[DEEPEST - 1 :] = ["/".join(parts[DEEPEST - 1 :])]
    return tuple(parts) or (path,)


class _Owners:
    """The copies of packages in a build or two, and the owners that are none."""

    def __init__(self, *analyses: BundleAnalysis) -> None:
        doubled = {copy for one in analyses[:1] for row in one.duplicates for copy in row.instances}
        chains = {why.instance: why.chain for one in reversed(analyses) for why in one.why}
        packages = {p.instance: p for one in reversed(analyses) for p in one.packages}
        self.rows = (
            *(Owner(name=name) for name in _NO_PACKAGE),
            *(
                Owner(
                    name=printable(package.name),
                    version=printable(package.version or ""),
                    instance=printable(instance),
                    is_duplicate=instance in doubled,
                    chain=tuple(map(printable, chains.get(instance, ()))),
                )
                for instance, package in packages.items()
            ),
        )
        keys = (*_NO_PACKAGE, *packages)
        self._places = {key: place for place, key in enumerate(keys)}
        self._labels = _labels(dict(zip(keys, self.rows, strict=True)))

    def at(self, key: str) -> int:
        """Where an owner stands among the rows."""
        return self._places[key]

    def label(self, key: str) -> str:
        """Name of the node at which it begins."""
        return self._labels[key]


def _labels(owners: Mapping[str, Owner]) -> dict[str, str]:
    """Each its own: of copies the package that they are nested in, or else the place."""
    found = {
        key: f"{row.label} in {outer}" if (outer := pinned_by(key)) else row.label
        for key, row in owners.items()
    }
    counts = Counter(found.values())
    return {
        key: label if counts[label] == 1 else f"{owners[key].label} ({key})"
        for key, label in found.items()
    }


def _counted(analysis: BundleAnalysis) -> Iterator[tuple[Place, int]]:
    """Every byte of every file, once."""
    attributed = {row.path for row in analysis.attribution}
    for module in analysis.modules:
        owner = module.instance or _BY_KIND.get(module.kind, OWN_CODE)
        yield (module.file, owner, _way(module)), module.bytes
    for row in analysis.attribution:
        for name, count in _rest(row).items():
            if count:
                yield (row.path, NOT_MAPPED, (name,)), count
    for file in analysis.files:
        if file.path not in attributed:
            yield (file.path, OTHER_FILES, ()), file.raw


def _rest(row: Attribution) -> dict[str, int]:
    ends = {"line ends": row.line_ends, "map comment": row.map_comment}
    return dict(row.unmapped_kinds) | ends


def _way(module: Module) -> tuple[str, ...]:
    if module.name == NO_SOURCE_NAME:
        return (module.name,)
    _, mark, rest = module.name.rpartition(module.instance + "/") if module.instance else ("",) * 3
    return _parts(rest if mark else module.name)


def _shortened(leaf: Leaf) -> Leaf:
    """A file that is nobody's in parts is a leaf itself."""
    if len(leaf.path) == 2 and leaf.path[1] == OTHER_FILES:
        return Leaf(path=leaf.path[:1], owner=leaf.owner, figures=leaf.figures)
    return leaf
