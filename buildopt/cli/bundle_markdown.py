"""An analysis or a comparison as short Markdown, for a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

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
from buildopt.phrases import printable
from buildopt.quantities import counted, size

ROWS = 10
"""Rows of a table; the JSON document has all."""


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
    yield from _table(
        ("entry", "<at once", "<later"),
        [
            (_code(e.name), sizes_words(e.initial_sizes), sizes_words(e.lazy_sizes))
            for e in analysis.entries
        ],
    )
    yield from _table(
        ("package", "version", "<bytes"),
        [(_code(p.name), _code(p.version or "unknown"), size(p.bytes)) for p in analysis.packages],
    )
    yield from _findings(analysis.findings)
    yield from _made(analysis.compressors)


def _archive(analysis: ArchiveAnalysis) -> Iterator[str]:
    archive = analysis.archive
    yield f"## {_code(archive.path.rpartition('/')[2])}: {size(archive.bytes)}"
    yield ""
    yield f"{size(archive.uncompressed)} unpacked, {counted(archive.entries, 'file')}"
    yield from _table(
        ("folder", "<bytes"),
        [(_code(name), size(count)) for name, count in analysis.folders.items()],
    )
    yield from _findings(analysis.findings)


def _comparison(comparison: Comparison) -> Iterator[str]:
    before, after = comparison.before_totals, comparison.after_totals
    yield f"## {change(before.raw, after.raw)}"
    yield ""
    yield f"{sizes_words(before)} → {sizes_words(after)}"
    if comparison.before_build:
        yield ""
        yield f"Before: the build of {_text(comparison.before_build)}."
    if comparison.usual:
        usual = comparison.usual
        yield ""
        yield f"Usual, median of {usual.builds} builds: {sizes_words(usual.totals)}."
    yield ""
    yield f"A returning visitor fetches {sizes_words(comparison.refetched)} again."
    yield from _table(
        ("package", "<bytes", "<change", "because"),
        [
            (
                _code(row.name),
                size(row.after_bytes),
                change(row.before_bytes, row.after_bytes),
                _text(row.cause),
            )
            for row in comparison.packages
        ],
    )
    yield from _table(
        ("module", "<bytes", "<change", "file"),
        [
            (
                _code(row.name),
                size(row.after_bytes),
                change(row.before_bytes, row.after_bytes),
                row.cause,
            )
            for row in comparison.modules
        ],
    )


def _archive_comparison(comparison: ArchiveComparison) -> Iterator[str]:
    before, after = comparison.before, comparison.after
    yield f"## {change(before.bytes, after.bytes)}"
    yield ""
    yield f"{size(before.bytes)} → {size(after.bytes)}, unpacked {size(after.uncompressed)}"
    yield from _table(
        ("file", "state", "<raw", "<change"),
        [
            (_code(file.path), row.status, size(row.after.raw if row.after else 0),
             change(row.before.raw if row.before else 0, row.after.raw if row.after else 0))
            for row in comparison.files
            if row.status != "same" and (file := row.after or row.before)
        ],
    )  # fmt: skip
    yield from _table(
        ("library", "because"),
        [(_code(row.path), _text(library_words(row))) for row in comparison.native],
    )


def _findings(findings: Iterable[Finding]) -> Iterator[str]:
    rows = [
        (f.kind, _code(f.subject), size(f.bytes), f"{_text(f.message)}. To mend: {_text(f.fix)}")
        for f in findings
    ]
    yield from _table(("finding", "where", "<bytes", "what"), rows)


def _made(compressors: tuple[Compressor, ...]) -> Iterator[str]:
    yield ""
    yield _text(made_words(compressors))


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table with an empty line before it; nothing for no rows."""
    if not rows:
        return
    yield ""
    yield f"| {' | '.join(head.lstrip('<') for head in heads)} |"
    yield f"| {' | '.join('---:' if head.startswith('<') else '---' for head in heads)} |"
    for row in rows[:ROWS]:
        yield f"| {' | '.join(row)} |"
    if len(rows) > ROWS:
        rest = [f"and {len(rows) - ROWS:,} more", *("" for _ in heads[1:])]
        yield f"| {' | '.join(rest)} |"


def _code(name: str) -> str:
    """A name that cannot end its own quotes, its cell or its line."""
    shown = printable(name).replace("|", "\\|")
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    space = " " if "`" in shown else ""
    return f"{fence}{space}{shown}{space}{fence}"


def _text(text: str) -> str:
    """Words with names in them; only back ticks keep their meaning."""
    return re.sub(r"([\\*_<>|\[\]#&])", r"\\\1", printable(text))
