"""Limits that a build must keep, written as `WHAT<=LIMIT`.

total.gzip<=300kB              all files
initial.brotli<=150kB          what each entry loads at once; `initial:index` for one
file:assets/*.js.raw<=500kB    each file that matches
package:moment<=70kB           all copies of a package, bytes by source map
duplicates<=0                  packages with more than one copy
total.gzip<=+5%                against another analysis; `+10kB` too
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from buildopt.bundle.compare import unlike_encodings
from buildopt.bundle.matching import pairs
from buildopt.bundle.model import ENCODINGS, SCHEMA, BundleAnalysis, Sizes, sizes_of
from buildopt.errors import UsageError
from buildopt.quantities import parse_size

FORMS = (
    "`total.gzip<=300kB`, `initial.brotli<=150kB`, `file:assets/*.js.raw<=500kB`, "
    "`package:NAME<=70kB`, `duplicates<=0`, `total.gzip<=+5%`"
)
DEFAULT_ENCODING = "gzip"
_BUDGET = re.compile(
    r"\s*(total|initial|duplicates|initial:.+?|file:.+?|package:.+?)"
    r"(?:\.(raw|gzip|brotli|zstd))?\s*<=\s*(\+?)\s*([^%+]+?)\s*(%?)\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit; `is_relative` ones add to what the other analysis has."""

    text: str
    what: str
    encoding: str
    limit: float
    is_relative: bool
    is_percent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one subject stands to one budget; in bytes, or copies for `duplicates`."""

    budget: str
    subject: str
    actual: int
    limit: int
    before: int | None
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """All verdicts; passed when each budget is kept."""

    schema: int = SCHEMA
    kind: Literal["check"] = "check"
    passed: bool
    budgets: tuple[Verdict, ...]


def parse_budget(text: str) -> Budget:
    """A budget in words; raises UsageError for what is none."""
    found = _BUDGET.fullmatch(text)
    if not found:
        raise _no_budget(text)
    what, encoding, plus, amount, percent = found.groups()
    try:
        limit = float(amount) if percent or what == "duplicates" else float(parse_size(amount))
    except ValueError:
        raise _no_budget(text) from None
    if percent and not plus:
        raise _no_budget(text)
    return Budget(
        text=text,
        what=what,
        encoding=encoding or ("raw" if what.startswith("package:") else DEFAULT_ENCODING),
        limit=limit,
        is_relative=bool(plus),
        is_percent=bool(percent),
    )


def judge(
    budget: Budget, analysis: BundleAnalysis, against: BundleAnalysis | None
) -> tuple[Verdict, ...]:
    """A verdict for each subject of the budget.

    Raises UsageError where it names nothing that is there, or cannot be compared.
    """
    before = dict(_subjects(budget, against)) if against else {}
    if budget.is_relative:
        _check_comparable(budget, analysis, against)
    names = _earlier_names(budget, analysis, against)
    found = [
        _verdict(budget, subject, actual, before.get(names.get(subject, subject)))
        for subject, actual in _subjects(budget, analysis)
    ]
    if not found:
        raise UsageError(
            f"the budget `{budget.text}` names nothing that is there",
            hint="`buildopt bundle` lists entries, files and packages",
            slug="budget",
        )
    return tuple(found)


def _verdict(budget: Budget, subject: str, actual: int, before: int | None) -> Verdict:
    limit = budget.limit
    if budget.is_relative:  # what was not there before may not be there at all
        base = before or 0
        limit = base + (base * budget.limit / 100 if budget.is_percent else budget.limit)
    return Verdict(
        budget=budget.text,
        subject=subject,
        actual=actual,
        limit=int(limit),
        before=before,
        is_kept=actual <= limit,
    )


def _subjects(budget: Budget, analysis: BundleAnalysis) -> Iterator[tuple[str, int]]:
    """Names and figures that the budget is about; one that was not measured is left out."""
    what, _, pattern = budget.what.partition(":")
    if what == "duplicates":
        yield what, len(analysis.duplicates)
    elif what == "total":
        yield from _measured(what, analysis.totals, budget)
    elif what == "initial":
        for entry in analysis.entries:
            if pattern in ("", entry.name):
                yield from _measured(f"initial:{entry.name}", entry.initial_sizes, budget)
    elif what == "file":
        for file in analysis.files:
            if fnmatchcase(file.path, pattern):
                yield from _measured(file.path, sizes_of((file,)), budget)
    else:
        yield pattern, sum(p.bytes for p in analysis.packages if p.name == pattern)


def _measured(subject: str, sizes: Sizes, budget: Budget) -> Iterator[tuple[str, int]]:
    assert budget.encoding in ENCODINGS
    value = getattr(sizes, budget.encoding)
    if isinstance(value, int):
        yield subject, value


def _earlier_names(
    budget: Budget, analysis: BundleAnalysis, against: BundleAnalysis | None
) -> dict[str, str]:
    """Names of files in the other analysis: hashes in them change."""
    is_of_files = budget.what.startswith("file:") and budget.is_relative
    return pairs(against, analysis) if against and is_of_files else {}


def _check_comparable(
    budget: Budget, analysis: BundleAnalysis, against: BundleAnalysis | None
) -> None:
    if against is None:
        raise UsageError(
            f"the budget `{budget.text}` needs something to compare with",
            hint="give an earlier folder or JSON document with --against",
            slug="budget",
        )
    if budget.encoding in unlike_encodings(against.compressors, analysis.compressors):
        raise UsageError(
            f"the budget `{budget.text}` compares sizes that were made in different ways",
            hint="make both analyses with the same version and without --quick",
            slug="budget",
        )


def _no_budget(text: str) -> UsageError:
    return UsageError(f"`{text}` is no budget", hint=f"write {FORMS}", slug="budget")
