"""Analyse what a build wrote: the page to read first.

find_place            what the path means
read_graphs           statistics files: imports, entries
measure_files         each file: size, compressed sizes, whose its bytes are
packages, duplicates, entries, reasons, findings
"""

from __future__ import annotations

from msgspec.structs import replace

from buildopt.bundle.findings import findings_of
from buildopt.bundle.formats.statistics import read_graphs
from buildopt.bundle.graph import Closure, Graph, importers, joined, reasons
from buildopt.bundle.inventory import duplicates_of, packages_of
from buildopt.bundle.loading import closure_of_page, entries_of, graphs_of_output, roles_of
from buildopt.bundle.map_search import generated_file
from buildopt.bundle.measurement import LARGEST_FILE_BYTES, Means, measure_files
from buildopt.bundle.memo import NoMemo
from buildopt.bundle.model import (
    Analysis,
    ArchiveFolder,
    BundleAnalysis,
    Package,
    Why,
    sizes_of,
)
from buildopt.bundle.place import Place, find_place
from buildopt.bundle.reading import TooLarge, read_whole, shown
from buildopt.bundle.sizes import methods
from buildopt.bundle.versions import read_versions
from buildopt.errors import UsageError

DEFAULT_ENCODINGS = ("gzip", "brotli", "zstd")


def plain_means(encodings: tuple[str, ...] = DEFAULT_ENCODINGS) -> Means:
    """All exact, and nothing remembered."""
    return Means(methods=methods(encodings), sizes=NoMemo(), shares=NoMemo())


def analyse(path: str, means: Means, *, measures_savings: bool = False) -> Analysis:
    """What is in the output at `path`; raises UsageError where there is none."""
    place = find_place(path)
    if place.archives:
        from buildopt.bundle.archive import analyse_archive  # with all that reads zip and tar

        archives = tuple(analyse_archive(archive) for archive in place.archives)
        return archives[0] if len(archives) == 1 else ArchiveFolder(archives=archives)
    found = _analyse_bundle(place, means)
    if measures_savings:
        from buildopt.bundle.savings import with_savings

        return with_savings(found, place)
    return found


def graph_of(path: str) -> Graph:
    """Only what the statistics files at `path` tell; raises UsageError for an archive."""
    place = find_place(path)
    if place.archives:
        raise UsageError(
            f"`{path}` is an archive: nothing in it imports",
            hint="name the output folder of a bundler; `buildopt bundle PATH` shows an archive",
            slug="no-statistics",
        )
    return joined(graphs_of_output(read_graphs(_folders(place))[0], place.files))


def _analyse_bundle(place: Place, means: Means) -> BundleAnalysis:
    graphs, problems = read_graphs(_folders(place))
    graph = joined(graphs_of_output(graphs, place.files))
    measured = measure_files(place, means)
    modules = tuple(module for one in measured.owned for module in one.modules)
    who = importers(graph)
    packages = packages_of(modules, read_versions(_folders(place)), who)
    entries = entries_of(graph.closures or _closures_of_pages(place), measured.files)
    roles = roles_of(entries)
    found = BundleAnalysis(
        output=shown(place.output),
        tool=graph.tool,
        compressors=tuple(method.compressor for method in means.methods),
        files=tuple(replace(file, role=roles.get(file.path, "other")) for file in measured.files),
        totals=sizes_of(measured.files),
        entries=entries,
        attribution=tuple(one.attribution for one in measured.owned),
        packages=packages,
        modules=modules,
        duplicates=duplicates_of(packages, who),
        why=_reasons_of(packages, graph),
        findings=(),
        problems=(*place.problems, *problems, *measured.problems),
    )
    return replace(found, findings=findings_of(found, graph, place.project))


def _reasons_of(packages: tuple[Package, ...], graph: Graph) -> tuple[Why, ...]:
    """Why each package is there; without maps, why each may be there."""
    names = {package.name for package in packages}
    return tuple(why for why in reasons(graph) if not names or why.package in names)


def _folders(place: Place) -> list[str]:
    """Folders that may hold lock files and statistics."""
    return [folder for folder in (place.project, place.output) if folder]


def _closures_of_pages(place: Place) -> list[Closure]:
    """Without statistics: what the HTML pages name."""
    closures = []
    for name in place.files:
        if not name.endswith(".html"):
            continue
        try:
            page = read_whole(generated_file(place, name).path, LARGEST_FILE_BYTES)
        except (OSError, TooLarge):
            continue  # named among the problems already
        closures.append(closure_of_page(name, page))
    return closures
