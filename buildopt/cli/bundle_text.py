"""An analysis for people: the sum, then files, packages, entries and what to mend."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from rich.text import Text

from buildopt.bundle.budgets import Verdict
from buildopt.bundle.compare import Comparison, FileChange, PackageChange
from buildopt.bundle.compare_archives import ArchiveComparison, MemberChange
from buildopt.bundle.model import (
    Analysis,
    ArchiveAnalysis,
    ArchiveFolder,
    Attribution,
    BundleAnalysis,
    Entry,
    Finding,
    OutputFile,
    Package,
    Problem,
    Sizes,
)
from buildopt.bundle.reason import Answer
from buildopt.bundle.words import change, library_words, made_words, sizes_words
from buildopt.cli.bundle_page import Page, name_text
from buildopt.phrases import printable
from buildopt.quantities import counted, duration, size

MOST_ROWS = 20
"""Rows of a table before the rest is summed up: what fits a screen."""


def print_analysis(analysis: Analysis) -> None:
    """Print an analysis on stdout."""
    page = Page()
    if isinstance(analysis, ArchiveFolder):
        for archive in analysis.archives:
            _archive(page, archive)
    elif isinstance(analysis, ArchiveAnalysis):
        _archive(page, analysis)
    else:
        _bundle(page, analysis)


def print_comparison(comparison: Comparison) -> None:
    """Print what changed."""
    page = Page()
    before, after = comparison.before_totals, comparison.after_totals
    page.line(f"{sizes_words(before)}  →  {sizes_words(after)}", style="bold")
    if comparison.before_build:
        page.line(f"before: the build of {comparison.before_build}", style="dim")
    page.line(f"total {change(before.raw, after.raw)}{_encoded_change(before, after)}")
    page.line(f"a returning visitor fetches {sizes_words(comparison.refetched)} again")
    if comparison.usual:
        usual = comparison.usual.totals
        page.line(
            f"usual, median of {comparison.usual.builds} builds: {sizes_words(usual)}; "
            f"now {change(usual.raw, after.raw)}"
        )
    if comparison.not_compared:
        made = ", ".join(comparison.not_compared)
        page.line(f"not compared, because made in different ways: {made}")
    moved = [file for file in comparison.files if file.status != "same"]
    page.table("Packages", ("package", "version", "<bytes", "<change", "because"),
               [_package_change(row) for row in comparison.packages], most=MOST_ROWS)  # fmt: skip
    page.table("Modules outside of packages", ("module", "<bytes", "<change", "file"),
               [(name_text(row.name), size(row.after_bytes),
                 change(row.before_bytes, row.after_bytes), row.cause)
                for row in comparison.modules],
               most=MOST_ROWS)  # fmt: skip
    page.table("Files", ("file", "state", "<raw", "<change"),
               [_file_change(row) for row in moved], most=MOST_ROWS)  # fmt: skip
    page.line("")
    page.line(f"{counted(len(comparison.files) - len(moved), 'file')} unchanged")


def print_archive_comparison(comparison: ArchiveComparison) -> None:
    """Print what changed between two archives."""
    page = Page()
    before, after = comparison.before, comparison.after
    page.line(f"{size(before.bytes)}  →  {size(after.bytes)}", style="bold")
    page.line(
        f"archive {change(before.bytes, after.bytes)}; "
        f"unpacked {change(before.uncompressed, after.uncompressed)}"
    )
    moved = [file for file in comparison.files if file.status != "same"]
    page.table("Files", ("file", "state", "<raw", "<change"),
               [_member_change(row) for row in moved], most=MOST_ROWS)  # fmt: skip
    page.table("Native libraries", ("library", "because"),
               [(name_text(row.path), printable(library_words(row))) for row in comparison.native],
               most=MOST_ROWS)  # fmt: skip
    page.line("")
    page.line(f"{counted(len(comparison.files) - len(moved), 'file')} unchanged")


def print_answer(answer: Answer) -> None:
    """Print the ways to what was asked for."""
    page = Page()
    for way in answer.why:
        known = size(way.bytes) if way.bytes is not None else "size not known"
        title = f"{way.instance} {way.version or ''}".strip()
        page.line("")
        page.line(f"{printable(title)}, {known}", style="bold")
        for depth, name in enumerate(way.chain):
            mark = page.arrow + " " if depth else ""
            page.line(f"{'  ' * depth}  {mark}{printable(name)}")


def print_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Print how each subject stands to its budget."""
    page = Page()
    rows = list(verdicts)
    page.line(_outcome(rows), style="bold")
    for row in sorted(rows, key=lambda row: row.is_kept):
        word, shape, colour = _mark(page, row)
        is_count = row.subject == "duplicates"
        actual = str(row.actual) if is_count else size(row.actual)
        limit = _limit(row.limit, is_count=is_count)
        text = Text(f"{shape} {word}", style=colour)
        text.append(f"  {printable(row.subject)} {actual}, {limit}", style="default")
        text.append(f"  ({row.budget})", style="dim")
        page.text(text, indent=2)


def _outcome(rows: Sequence[Verdict]) -> str:
    broken = sum(not row.is_kept for row in rows)
    unjudged = sum(row.limit is None for row in rows)
    said = f"{counted(broken, 'limit')} exceeded" if broken else ""
    kept = "" if broken else "no limit exceeded" if unjudged else "all budgets kept"
    return said + kept + (f", {unjudged:,} could not be judged" if unjudged else "")


def _mark(page: Page, row: Verdict) -> tuple[str, str, str]:
    """Word, shape and colour."""
    if row.limit is None:
        return "open", page.warning, "yellow"
    return ("kept", page.good, "green") if row.is_kept else ("over", page.bad, "red")


def _limit(limit: int | None, *, is_count: bool) -> str:
    if limit is None:
        return "too few builds were analysed before to say"
    return f"limit {limit if is_count else size(limit)}"


def _encoded_change(before: Sizes, after: Sizes) -> str:
    pairs = (("gzip", before.gzip, after.gzip), ("brotli", before.brotli, after.brotli))
    return "".join(
        f"; {name} {change(left, right)}"
        for name, left, right in pairs
        if left is not None and right is not None
    )


def _bundle(page: Page, analysis: BundleAnalysis) -> None:
    tool = analysis.tool
    made_by = f"  ({tool.name} {tool.version}".rstrip() + ")" if tool else ""
    where = printable(os.path.relpath(analysis.output))
    page.line(f"{where}: {sizes_words(analysis.totals)}{made_by}", style="bold")
    page.line(_identity(analysis.attribution))
    page.line(made_words(analysis.compressors), style="dim")
    files = sorted(analysis.files, key=lambda file: (-file.raw, file.path))
    columns = [made.encoding for made in analysis.compressors]
    page.table("Files", ("file", "<raw", *(f"<{name}" for name in columns), "loaded"),
               [_file(file, columns) for file in files], most=MOST_ROWS)  # fmt: skip
    _entries(page, analysis.entries)
    saves = bool(analysis.saving_compressors)
    saving = ("<saves gzip",) if saves else ()
    page.table("Packages", ("package", "version", "<bytes", "copy", *saving),
               [_package(package, saves=saves) for package in analysis.packages],
               most=MOST_ROWS)  # fmt: skip
    _findings(page, analysis.findings)
    _problems(page, analysis.problems)


def _identity(rows: Iterable[Attribution]) -> str:
    """The sum that every byte of code is part of."""
    known = list(rows)
    kinds: dict[str, int] = {}
    for row in known:
        for kind, count in row.unmapped_kinds.items():
            kinds[kind] = kinds.get(kind, 0) + count
    mapped, unmapped = sum(r.mapped for r in known), sum(r.unmapped for r in known)
    ends, comment = sum(r.line_ends for r in known), sum(r.map_comment for r in known)
    why = ", ".join(f"{kind} {size(count)}" for kind, count in sorted(kinds.items()))
    return (
        f"code: {size(mapped)} mapped + {size(unmapped)} unmapped{f' ({why})' if why else ''} + "
        f"{size(ends)} line ends + {size(comment)} map comments "
        f"= {size(mapped + unmapped + ends + comment)}"
    )


def _file(file: OutputFile, columns: Iterable[str]) -> tuple[Text | str, ...]:
    sizes = {"gzip": file.gzip, "brotli": file.brotli, "zstd": file.zstd}
    encoded = [_known(sizes[name]) for name in columns]
    return (name_text(file.path), size(file.raw), *encoded, file.role)


def _known(count: int | None) -> str:
    return "no data" if count is None else size(count)


def _entries(page: Page, entries: Iterable[Entry]) -> None:
    rows: list[tuple[Text | str, ...]] = []
    for entry in entries:
        waits = ", ".join(f"≈ {duration(s)} on {name}" for name, s in entry.download_s.items())
        later = sizes_words(entry.lazy_sizes) if entry.lazy else "nothing"
        rows.append((name_text(entry.name), sizes_words(entry.initial_sizes), later, waits))
    page.table("Entries", ("entry", "at once", "later", "until it is there"), rows, most=MOST_ROWS)


def _package(package: Package, *, saves: bool) -> tuple[Text | str, ...]:
    saving = package.saving.gzip if package.saving else None
    last = (_known(saving),) if saves else ()
    return (
        name_text(package.name),
        printable(package.version or "unknown"),
        size(package.bytes),
        name_text(package.instance),
        *last,
    )


def _archive(page: Page, analysis: ArchiveAnalysis) -> None:
    archive = analysis.archive
    where = printable(os.path.relpath(archive.path))
    page.line(
        f"{where}: {archive.format}, {size(archive.bytes)}, {size(archive.uncompressed)} unpacked, "
        f"{counted(archive.entries, 'file')}",
        style="bold",
    )
    page.table("Folders", ("folder", "<bytes"),
               [(name_text(name), size(count)) for name, count in analysis.folders.items()],
               most=MOST_ROWS)  # fmt: skip
    largest = sorted(analysis.files, key=lambda file: (-file.raw, file.path))
    page.table("Files", ("file", "<raw", "<compressed"),
               [(name_text(file.path), size(file.raw), _known(file.compressed))
                for file in largest], most=MOST_ROWS)  # fmt: skip
    page.table("Native libraries", ("library", "<code", "symbols", "needs"),
               [(name_text(lib.path), size(lib.sections.get(".text", 0)),
                 "stripped" if lib.stripped else "not stripped",
                 printable(" ".join(lib.needed))) for lib in analysis.native],
               most=MOST_ROWS)  # fmt: skip
    _findings(page, analysis.findings)
    _problems(page, analysis.problems)


def _findings(page: Page, findings: Iterable[Finding]) -> None:
    rows = list(findings)
    if rows:
        page.title(counted(len(rows), "finding"))
    for row in rows:
        text = Text(f"{page.warning} {row.kind}", style="yellow")
        text.append(f"  {printable(row.subject)}, {size(row.bytes)}: ", style="bold")
        text.append(printable(row.message), style="default")
        if row.saving:
            text.append(f"; saves {_saving_words(row.saving)}")
        page.text(text, indent=2)
        page.line(f"to mend: {printable(row.fix)}", indent=6)


def _saving_words(saving: Sizes) -> str:
    compressed = f", {size(saving.gzip)} compressed" if saving.gzip is not None else ""
    return f"{size(saving.raw)}{compressed}"


def _problems(page: Page, problems: Iterable[Problem]) -> None:
    rows = list(problems)
    if rows:
        page.title(counted(len(rows), "problem"))
    for row in rows:
        page.line(f"{page.bad} {printable(row.path)}: {printable(row.message)}", indent=2)


def _package_change(row: PackageChange) -> tuple[Text | str, ...]:
    versions = " ".join(row.after_versions or row.before_versions)
    return (
        name_text(row.name),
        printable(versions),
        size(row.after_bytes),
        change(row.before_bytes, row.after_bytes),
        printable(row.cause),
    )


def _member_change(row: MemberChange) -> tuple[Text | str, ...]:
    before, after = (side.raw if side else 0 for side in (row.before, row.after))
    file = row.after or row.before
    return name_text(file.path if file else ""), row.status, size(after), change(before, after)


def _file_change(row: FileChange) -> tuple[Text | str, ...]:
    before = row.before_sizes.raw if row.before_sizes else 0
    after = row.after_sizes.raw if row.after_sizes else 0
    name = row.after or row.before or ""
    return name_text(name), row.status, size(after), change(before, after)
