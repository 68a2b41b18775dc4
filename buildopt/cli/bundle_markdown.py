"""An analysis or a comparison as short Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from buildopt.bundle.compare import Comparison
from buildopt.bundle.compare_archives import ArchiveComparison
from buildopt.bundle.model import (
    Analysis,
    ArchiveAnalysis,
    ArchiveFolder,
    BundleAnalysis,
    Compressor,
    Finding,
)
from buildopt.bundle.words import change, library_words, made_words, sizes_words
from buildopt.quantities import counted, size
from buildopt.report.gfm import code, sentence, table


def markdown_of(found: Analysis | Comparison | ArchiveComparison) -> str:
    """A heading, the sum, and the tables that matter."""
    if isinstance(found, ArchiveComparison):
        lines = _archive_comparison(found)
    elif isinstance(found, Comparison):
        lines = _comparison(found)
    elif isinstance(found, BundleAnalysis):
        lines = _bundle(found)
    elif isinstance(found, ArchiveFolder):
        lines = (line for archive in found.archives for line in (*_archive(archive), ""))
    else:
        lines = _archive(found)
    return "\n".join(lines).rstrip() + "\n"


def _bundle(analysis: BundleAnalysis) -> Iterator[str]:
    yield f"## {sizes_words(analysis.totals)}"
    yield from table(
        ("entry", "<at once", "later:"),
        [
            (code(e.name), sizes_words(e.initial_sizes), sizes_words(e.lazy_sizes))
            for e in analysis.entries
        ],
    )
    yield from table(
        ("package", "version", "bytes:"),
        [(code(p.name), code(p.version or "unknown"), size(p.bytes)) for p in analysis.packages],
    )
    yield from _findings(analysis.findings)
    yield from _made(analysis.compressors)


def _archive(analysis: ArchiveAnalysis) -> Iterator[str]:
    archive = analysis.archive
    yield f"## {code(archive.path.rpartition('/')[2])}: {size(archive.bytes)}"
    yield ""
    yield f"{size(archive.uncompressed)} unpacked, {counted(archive.entries, 'file')}"
    yield from table(
        ("folder", "bytes:"),
        [(code(name), size(count)) for name, count in analysis.folders.items()],
    )
    yield from _findings(analysis.findings)


def _comparison(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before_totals, comparison.after_totals
    yield f"## {change(before.raw, after.raw)}"
    yield ""
    yield f"{sizes_words(before)} → {sizes_words(after)}"
    if comparison.before_build:
        yield ""
        yield f"Before: the build of {sentence(comparison.before_build)}."
    if comparison.usual:
        usual = comparison.usual
        yield ""
        yield f"Usual, median of {usual.builds} builds: {sizes_words(usual.totals)}."
    yield ""
    yield f"A returning visitor fetches {sizes_words(comparison.refetched)} again."
    yield from table(
        ("package", "bytes:", "change:", "because"),
        [
            (
                code(row.name),
                size(row.after_bytes),
                change(row.before_bytes, row.after_bytes),
                sentence(row.cause),
            )
            for row in comparison.packages
        ],
    )
    yield from table(
        ("module", "bytes:", "change:", "file"),
        [
            (
                code(row.name),
                size(row.after_bytes),
                change(row.before_bytes, row.after_bytes),
                sentence(row.cause),
            )
            for row in comparison.modules
        ],
    )


def _archive_comparison(comparison: ArchiveComparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"## {change(before.bytes, after.bytes)}"
    yield ""
    yield f"{size(before.bytes)} → {size(after.bytes)}, unpacked {size(after.uncompressed)}"
    yield from table(
        ("file", "state", "raw:", "change:"),
        [
            (code(file.path), row.status, size(row.after.raw if row.after else 0),
             change(row.before.raw if row.before else 0, row.after.raw if row.after else 0))
            for row in comparison.files
            if row.status != "same" and (file := row.after or row.before)
        ],
    )  # fmt: skip
    yield from table(
        ("library", "because"),
        [(code(row.path), sentence(library_words(row))) for row in comparison.native],
    )


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    rows = [
        (
            f.kind,
            code(f.subject),
            size(f.bytes),
            f"{sentence(f.message)}. To mend: {sentence(f.fix)}",
        )
        for f in findings
    ]
    yield from table(("finding", "where", "bytes:", "what"), rows)


def _made(compressors: tuple[Compressor, ...]) -> Iterator[str]:
    yield ""
    yield sentence(made_words(compressors))
