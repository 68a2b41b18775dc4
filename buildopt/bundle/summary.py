"""An analysis in so few figures that they fit an event: for baselines, alerts and trends.

Everything of it that is cut off is counted, so that a reader knows what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from buildopt.bundle.model import (
    SCHEMA,
    ArchiveAnalysis,
    ArchiveSize,
    BundleAnalysis,
    Compressor,
    Finding,
    Sizes,
    sizes_of,
)

MOST_PACKAGES = 100
MOST_ENTRIES = 20
MOST_FILES = 100
"""A row has some 200 bytes; an event has at most 64 KiB."""
LONGEST_NAME = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySummary:
    """What one entry loads at once and later."""

    name: str
    initial: Sizes
    lazy: Sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSummary:
    """All copies of a package together."""

    name: str
    versions: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSummary:
    """One file of the output; `role` as in `bundle --json`, empty where it is not known."""

    path: str
    sizes: Sizes
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSummary:
    """The figures of one analysis; `left_out` counts rows that are not among them."""

    schema: int = SCHEMA
    kind: Literal["bundle"] = "bundle"
    output: str
    compressors: tuple[Compressor, ...]
    totals: Sizes
    entries: tuple[EntrySummary, ...]
    packages: tuple[PackageSummary, ...]
    files: tuple[FileSummary, ...]
    duplicates: int
    findings: dict[str, int]
    """Kind -> how many."""
    unmapped_bytes: int
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSummary:
    """The figures of one archive; `left_out` counts folders that are not among them."""

    schema: int = SCHEMA
    kind: Literal["archive"] = "archive"
    archive: ArchiveSize
    folders: dict[str, int]
    native: int
    unstripped: int
    findings: dict[str, int]
    """Kind -> how many."""
    left_out: int


def archive_summary_of(analysis: ArchiveAnalysis) -> ArchiveSummary:
    """The figures, the largest folders."""
    rows = list(analysis.folders.items())
    return ArchiveSummary(
        archive=analysis.archive,
        folders={_short(name): count for name, count in rows[:MOST_FILES]},
        native=len(analysis.native),
        unstripped=sum(not library.stripped for library in analysis.native),
        findings=_counted(analysis.findings),
        left_out=max(0, len(rows) - MOST_FILES),
    )


def summary_of(analysis: BundleAnalysis) -> BundleSummary:
    """The figures, the largest rows of each kind."""
    packages = _packages(analysis)
    files = sorted(analysis.files, key=lambda file: (-file.raw, file.path))
    entries = [
        EntrySummary(name=_short(e.name), initial=e.initial_sizes, lazy=e.lazy_sizes)
        for e in analysis.entries
    ]
    cut = ((packages, MOST_PACKAGES), (files, MOST_FILES), (entries, MOST_ENTRIES))
    return BundleSummary(
        output=_short(analysis.output),
        compressors=analysis.compressors,
        totals=analysis.totals,
        entries=tuple(entries[:MOST_ENTRIES]),
        packages=tuple(packages[:MOST_PACKAGES]),
        files=tuple(
            FileSummary(path=_short(file.path), sizes=sizes_of((file,)), role=file.role)
            for file in files[:MOST_FILES]
        ),
        duplicates=len(analysis.duplicates),
        findings=_counted(analysis.findings),
        unmapped_bytes=sum(row.unmapped for row in analysis.attribution),
        left_out=sum(max(0, len(rows) - most) for rows, most in cut),
    )


def _counted(findings: Iterable[Finding]) -> dict[str, int]:
    return dict(sorted(Counter(finding.kind for finding in findings).items()))


def _packages(analysis: BundleAnalysis) -> list[PackageSummary]:
    counts: Counter[str] = Counter()
    versions: dict[str, list[str]] = {}
    for package in analysis.packages:
        counts[package.name] += package.bytes
        versions.setdefault(package.name, []).append(package.version or "unknown")
    return [
        PackageSummary(name=_short(name), versions=tuple(versions[name][:10]), bytes=count)
        for name, count in counts.most_common()
    ]


def _short(name: str) -> str:
    """The end of a name that is too long: there it differs from others."""
    return name if len(name) <= LONGEST_NAME else "…" + name[-LONGEST_NAME + 1 :]
