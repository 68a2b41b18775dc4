"""What the page says: records of words and rows, which the template only sets."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from buildopt.bundle.compare import Comparison
from buildopt.bundle.model import (
    Analysis,
    ArchiveAnalysis,
    BundleAnalysis,
    Finding,
    Problem,
    Sizes,
)
from buildopt.bundle.words import change, made_words
from buildopt.phrases import printable
from buildopt.quantities import counted, duration, exact_bytes, size
from buildopt.report.bundle.amounts import encodings_in_both, exact_change, known_sizes
from buildopt.report.bundle.growing import tree_of_archives, tree_of_bundle, tree_of_comparison
from buildopt.report.bundle.tables import (
    Table,
    tables_of_archives,
    tables_of_bundle,
    tables_of_comparison,
)
from buildopt.report.bundle.tree import BUNDLER_CODE, NOT_MAPPED, OTHER_FILES, Forest
from buildopt.report.bundle.treemap import Cell, cells_of

HUES = 6
"""Colours that can be told apart; what is beyond them is grey and has its name."""
_HUELESS = (BUNDLER_CODE, NOT_MAPPED, OTHER_FILES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of the top, with what it is."""

    name: str
    shown: str
    exact: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A finding in words."""

    kind: str
    subject: str
    shown: str
    exact: str
    message: str
    fix: str
    saving: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleView:
    """The whole page."""

    kind: str
    title: str
    origin: str
    headline: str
    answer: str
    figures: tuple[Figure, ...]
    forest: Forest
    hues: dict[str, int]
    """Name of an owner -> its colour."""
    cells: tuple[Cell, ...]
    advice: tuple[Advice, ...]
    tables: tuple[Table, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    facts: dict[str, object]
    """What the script knows beside the tree."""

    @property
    def has_duplicates(self) -> bool:
        """Whether a package is there in several copies."""
        return any(owner.is_duplicate for owner in self.forest.owners)


def view_of(analysis: Analysis) -> BundleView:
    """The page of one analysis."""
    if isinstance(analysis, BundleAnalysis):
        return _bundle(analysis)
    if isinstance(analysis, ArchiveAnalysis):
        return _archives((analysis,))
    return _archives(analysis.archives)


def view_of_comparison(
    before: BundleAnalysis, after: BundleAnalysis, found: Comparison
) -> BundleView:
    """The page of two builds."""
    old, new = found.before_totals, found.after_totals
    forest = tree_of_comparison(before, after)
    word = "Grew" if new.raw > old.raw else "Shrank" if new.raw < old.raw else "As large as before"
    moved = f" by {size(abs(new.raw - old.raw))}" if new.raw != old.raw else ""
    places = " → ".join(dict.fromkeys((_place(before.output), _place(after.output))))
    not_compared = ", ".join(found.not_compared)
    return BundleView(
        kind="diff",
        title=f"{word}{moved}: {places}",
        origin=f"{places}{_made_by(after)}",
        headline=f"{word}{moved}: {size(old.raw)} → {size(new.raw)}",
        answer=_cause(found),
        figures=(
            *(
                Figure(name=name, shown=change(left, right), exact=exact_change(left, right),
                       note=f"{size(left)} → {size(right)}")
                for name, left, right in encodings_in_both(old, new)
            ),
            Figure(name="To fetch again", shown=size(_smallest(found.refetched)[1]),
                   exact=exact_bytes(_smallest(found.refetched)[1]),
                   note=f"{_smallest(found.refetched)[0]}, by a visitor who has the first build"),
        ),
        forest=forest,
        hues=_hues(forest),
        cells=tuple(cells_of(forest.root)),
        advice=tuple(map(_advice, after.findings)),
        tables=tuple(tables_of_comparison(found)),
        problems=_printable((*before.problems, *after.problems)),
        notes=(
            *((f"Not compared, because made in different ways: {not_compared}.",)
              if not_compared else ()),
            f"{made_words(after.compressors).capitalize()}.",
        ),
        facts={"kind": "diff", "scales": {}},
    )  # fmt: skip


def _bundle(analysis: BundleAnalysis) -> BundleView:
    forest = tree_of_bundle(analysis)
    totals = analysis.totals
    place = _place(analysis.output)
    return BundleView(
        kind="bundle",
        title=f"{size(totals.raw)} in {place}",
        origin=f"{place}, {counted(len(analysis.files), 'file')}{_made_by(analysis)}",
        headline=f"{size(totals.raw)}" + _smallest_words(totals),
        answer=_verdict(analysis.findings, analysis.problems),
        figures=tuple(_figures(analysis)),
        forest=forest,
        hues=_hues(forest),
        cells=tuple(cells_of(forest.root)),
        advice=tuple(map(_advice, analysis.findings)),
        tables=tuple(tables_of_bundle(analysis)),
        problems=_printable(analysis.problems),
        notes=(f"{made_words(analysis.compressors).capitalize()}.", _identity(analysis)),
        facts={
            "kind": "bundle",
            "scales": _scales(analysis),
        },
    )


def _archives(archives: Sequence[ArchiveAnalysis]) -> BundleView:
    forest = tree_of_archives(archives)
    sizes = [one.archive for one in archives]
    findings = tuple(finding for one in archives for finding in one.findings)
    problems = tuple(problem for one in archives for problem in one.problems)
    name = _base(sizes[0].path) if len(sizes) == 1 else counted(len(sizes), "archive")
    packed, whole = sum(one.bytes for one in sizes), sum(one.uncompressed for one in sizes)
    files = sum(one.entries for one in sizes)
    return BundleView(
        kind="archive",
        title=f"{size(packed)}: {name}",
        origin=f"{name}, {counted(files, 'file')}, {', '.join(sorted({s.format for s in sizes}))}",
        headline=f"{size(packed)}, {size(whole)} unpacked",
        answer=_verdict(findings, problems),
        figures=(
            Figure(name="Archive", shown=size(packed), exact=exact_bytes(packed)),
            Figure(name="Unpacked", shown=size(whole), exact=exact_bytes(whole)),
            Figure(name="Files", shown=f"{files:,}"),
            Figure(name="Native libraries", shown=f"{sum(len(one.native) for one in archives):,}"),
        ),
        forest=forest,
        hues=_hues(forest),
        cells=tuple(cells_of(forest.root)),
        advice=tuple(map(_advice, findings)),
        tables=tuple(tables_of_archives(archives, forest)),
        problems=_printable(problems),
        notes=(),
        facts={"kind": "archive", "scales": {}},
    )


def _figures(analysis: BundleAnalysis) -> Iterable[Figure]:
    for name, count in known_sizes(analysis.totals):
        yield Figure(name=name, shown=size(count), exact=exact_bytes(count))
    for entry in analysis.entries[:1]:
        encoding, count = _smallest(entry.initial_sizes)
        waits = ", ".join(f"≈ {duration(s)} on {name}" for name, s in entry.download_s.items())
        yield Figure(name="At once", shown=f"{size(count)} {encoding}", exact=exact_bytes(count),
                     note=f"{printable(entry.name)}: {waits}")  # fmt: skip
    if analysis.duplicates:
        extra = sum(row.extra_bytes for row in analysis.duplicates)
        yield Figure(name="Duplicates", shown=size(extra), exact=exact_bytes(extra),
                     note=counted(len(analysis.duplicates), "package"))  # fmt: skip


def _smallest(sizes: Sizes) -> tuple[str, int]:
    return min(known_sizes(sizes), key=lambda pair: pair[1])


def _smallest_words(sizes: Sizes) -> str:
    encoding, count = _smallest(sizes)
    return f", {size(count)} as {encoding}" if encoding != "raw" else ""


def _verdict(findings: Sequence[Finding], problems: Sequence[Problem]) -> str:
    failed = f"✕ {counted(len(problems), 'problem')}: not all could be read. " if problems else ""
    if not findings:
        return f"{failed}● Nothing to mend was found."
    first = findings[0]
    return (
        f"{failed}▲ {counted(len(findings), 'finding')}; the largest is {size(first.bytes)} "
        f"of `{printable(first.subject)}`: {printable(first.message)}."
    )


def _cause(found: Comparison) -> str:
    if found.packages:
        row = found.packages[0]
        amount = change(row.before_bytes, row.after_bytes)
        return f"The largest change is `{printable(row.name)}`, {amount}: {printable(row.cause)}."
    if found.modules:
        module = found.modules[0]
        amount = change(module.before_bytes, module.after_bytes)
        return f"The largest change is `{printable(module.name)}`, {amount}."
    return "No package and no module changed its size."


def _hues(forest: Forest) -> dict[str, int]:
    """The largest packages, and the project's own code if it is among them."""
    bytes_of: dict[str, int] = defaultdict(int)
    for node in forest.root.preorder():
        if node.owner is not None:
            bytes_of[forest.owners[node.owner].name] += max(node.figures)
    ranked = sorted(
        (name for name in bytes_of if name not in _HUELESS), key=lambda n: (-bytes_of[n], n)
    )
    return {name: place for place, name in enumerate(ranked[:HUES], 1)}


def _scales(analysis: BundleAnalysis) -> dict[str, dict[str, float]]:
    """Encoding -> file -> its compressed size; the script shares it out by bytes, as estimate."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for file in analysis.files:
        for name, count in (("gzip", file.gzip), ("brotli", file.brotli), ("zstd", file.zstd)):
            if count is not None:
                found[name][printable(file.path)] = count
    return dict(found)


def _identity(analysis: BundleAnalysis) -> str:
    """The sum that every byte of code is part of."""
    rows = analysis.attribution
    parts = [sum(getattr(row, name) for row in rows)
             for name in ("mapped", "unmapped", "line_ends", "map_comment")]  # fmt: skip
    mapped, unmapped, ends, comment = (f"{count:,}" for count in parts)
    return (
        f"Code: {mapped} mapped + {unmapped} not mapped + {ends} line ends + {comment} map "
        f"comments = {sum(parts):,} bytes, checked for each file."
    )


def _advice(finding: Finding) -> Advice:
    saving = finding.saving
    words = "" if saving is None else f"saves {size(saving.raw)}"
    if saving is not None and saving.gzip is not None:
        words += f", {size(saving.gzip)} compressed; measured"
    return Advice(
        kind=finding.kind,
        subject=printable(finding.subject),
        shown=size(finding.bytes),
        exact=exact_bytes(finding.bytes),
        message=printable(finding.message),
        fix=printable(finding.fix),
        saving=words,
    )


def _printable(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(
        Problem(path=printable(row.path), message=printable(row.message)) for row in problems
    )


def _made_by(analysis: BundleAnalysis) -> str:
    tool = analysis.tool
    return f", made by {printable(f'{tool.name} {tool.version}'.rstrip())}" if tool else ""


def _place(output: str) -> str:
    return printable(os.path.relpath(output))


def _base(path: str) -> str:
    return printable(path.rpartition("/")[2])
