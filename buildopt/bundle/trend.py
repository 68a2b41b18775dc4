"""What is usual of a bundle: medians over the builds that were analysed before."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator

from buildopt.bundle.compare import Usual
from buildopt.bundle.matching import without_hash
from buildopt.bundle.model import Compressor, Sizes
from buildopt.bundle.summary import BundleSummary

BUILDS = 10
"""How many of the newest builds tell what is usual."""
LEAST_BUILDS = 3
"""Fewer make no habit."""


def usual_of(summaries: Iterable[BundleSummary], made: tuple[Compressor, ...]) -> Usual | None:
    """The usual sums, over builds that were measured in the same way; None of too few."""
    alike = [summary.totals for summary in summaries if summary.compressors == made][:BUILDS]
    if len(alike) < LEAST_BUILDS:
        return None
    columns = ([getattr(sizes, name) for sizes in alike] for name in Sizes.__struct_fields__)
    raw, *encoded = (_median(column) for column in columns)
    totals = Sizes(raw=raw or 0, gzip=encoded[0], brotli=encoded[1], zstd=encoded[2])
    return Usual(builds=len(alike), totals=totals)


def usual_figure(
    summaries: Iterable[BundleSummary], made: Compressor | None, subject: str, encoding: str
) -> int | None:
    """The usual figure of a budget's subject; None where too few builds tell it."""
    alike = [s for s in summaries if made is None or made in s.compressors][:BUILDS]
    values = [_figure(summary, subject, encoding) for summary in alike]
    known = [value for value in values if value is not None]
    return int(statistics.median(known)) if len(known) >= LEAST_BUILDS else None


def _figure(summary: BundleSummary, subject: str, encoding: str) -> int | None:
    """The figure of one build; None where it does not tell it."""
    for name, value in _figures(summary, encoding):
        if without_hash(name) == without_hash(subject):
            return value
    return None


def _figures(summary: BundleSummary, encoding: str) -> Iterator[tuple[str, int | None]]:
    yield "duplicates", summary.duplicates
    yield "total", getattr(summary.totals, encoding)
    for entry in summary.entries:
        yield f"initial:{entry.name}", getattr(entry.initial, encoding)
    for file in summary.files:
        yield file.path, getattr(file.sizes, encoding)
    for package in summary.packages:
        yield f"package:{package.name}", package.bytes


def _median(column: list[int | None]) -> int | None:
    known = [value for value in column if value is not None]
    return int(statistics.median(known)) if len(known) == len(column) else None
