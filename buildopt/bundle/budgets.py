"""Limits that a build must keep, written as `WHAT<=LIMIT`.

total.gzip<=300kB              all files
initial.brotli<=150kB          what each entry loads at once; `initial:index` for one
file:assets/*.js.raw<=500kB    each file that matches
package:moment<=70kB           all copies of a package, bytes by source map
duplicates<=0                  packages with more than one copy
total.gzip<=+5%                against another analysis; `+10kB` too
total.gzip<=usual+5%           against the median of the last ten builds; `usual+10kB` too
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from buildopt.bundle.compare import unlike_encodings
from buildopt.bundle.matching import pairs
from buildopt.bundle.model import ENCODINGS, SCHEMA, BundleAnalysis, Sizes, sizes_of
from buildopt.bundle.summary import BundleSummary
from buildopt.bundle.trend import usual_figure
from buildopt.errors import UsageError
from buildopt.quantities import parse_size

FORMS = (
    "`total.gzip<=300kB`, `initial.brotli<=150kB`, `file:assets/*.js.raw<=500kB`, "
    "`package:NAME<=70kB`, `duplicates<=0`, `archive<=5MB`, "
    "`total.gzip<=+5%`, `total.gzip<=usual+5%`"
)
DEFAULT_ENCODING = "gzip"
_BUDGET = re.compile(
    r"\s*(total|archive|initial|duplicates|initial:.+?|file:.+?|package:.+?)"
    r"(?:\.(raw|gzip|brotli|zstd))?\s*<=\s*(usual\s*)?(\+?)\s*([^%+]+?)\s*(%?)\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One limit; `is_relative` ones add to what the other analysis has, or to what is usual."""

    text: str
    what: str
    encoding: str
    limit: float
    is_relative: bool
    is_percent: bool
    is_trend: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one subject stands to one budget; in bytes, or copies for `duplicates`.

    Without a `limit` there is too little history to say, and it counts as kept.
    """

    budget: str
    subject: str
    actual: int
    limit: int | None
    before: int | None
    is_kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """All verdicts; passed when each budget is kept."""

    schema: int = SCHEMA
    kind: Literal["check"] = "check"
    passed: bool
    budgets: tuple[Verdict, ...]

    @property
    def lacks_history(self) -> bool:
        """Whether a budget could not be judged."""
        return any(verdict.limit is None for verdict in self.budgets)


def parse_budget(text: str) -> Budget:
    """A budget in words; raises UsageError for what is none."""
    found = _BUDGET.fullmatch(text)
    if not found:
        raise _no_budget(text)
    what, encoding, usual, plus, amount, percent = found.groups()
    try:
        limit = float(amount) if percent or what == "duplicates" else float(parse_size(amount))
    except ValueError:
        raise _no_budget(text) from None
    if (percent or usual) and not plus:
        raise _no_budget(text)
    return Budget(
        text=text,
        what=what,
        encoding=encoding or ("raw" if what.startswith("package:") else DEFAULT_ENCODING),
        limit=limit,
        is_relative=bool(plus),
        is_percent=bool(percent),
        is_trend=bool(usual),
    )


def judge(
    budget: Budget,
    analysis: BundleAnalysis,
    against: BundleAnalysis | None,
    history: tuple[BundleSummary, ...] = (),
) -> tuple[Verdict, ...]:
    """A verdict for each subject of the budget; `history` has earlier builds, the newest first.

    Raises UsageError where it names nothing that is there, or cannot be compared.
    """
    before = _before(budget, analysis, against, history)
    found = [
        verdict_of(budget, subject, actual, before(subject))
        for subject, actual in _subjects(budget, analysis)
    ]
    if not found:
        raise names_nothing(budget)
    return tuple(found)


def names_nothing(budget: Budget) -> UsageError:
    """What is raised for a budget that no subject has."""
    return UsageError(
        f"the budget `{budget.text}` names nothing that is there",
        hint="`buildopt bundle` lists entries, files and packages",
        slug="budget",
    )


Before = Callable[[str], int | None]
"""The figure of a subject with which a relative budget compares; None where nothing tells it."""


def _before(
    budget: Budget,
    analysis: BundleAnalysis,
    against: BundleAnalysis | None,
    history: tuple[BundleSummary, ...],
) -> Before:
    if budget.is_trend:
        made = next((m for m in analysis.compressors if m.encoding == budget.encoding), None)
        prefix = "package:" if budget.what.startswith("package:") else ""
        return lambda subject: usual_figure(history, made, prefix + subject, budget.encoding)
    if against is None:
        return lambda _: None
    if budget.is_relative:
        _check_comparable(budget, analysis, against)
    known = dict(_subjects(budget, against))
    names = _earlier_names(budget, analysis, against)
    # What was not there before may not be there at all.
    absent = 0 if budget.is_relative else None
    return lambda subject: known.get(names.get(subject, subject), absent)


def verdict_of(budget: Budget, subject: str, actual: int, before: int | None) -> Verdict:
    """How a figure stands to a budget; `before` is what a relative one compares with."""
    limit: float | None = budget.limit
    if budget.is_relative:
        limit = None if before is None else before + budget.limit
        if before is not None and budget.is_percent:
            limit = before + before * budget.limit / 100
    return Verdict(
        budget=budget.text,
        subject=subject,
        actual=actual,
        limit=None if limit is None else int(limit),
        before=before,
        is_kept=limit is None or actual <= limit,
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
    elif what == "package":
        yield pattern, sum(p.bytes for p in analysis.packages if p.name == pattern)


def _measured(subject: str, sizes: Sizes, budget: Budget) -> Iterator[tuple[str, int]]:
    assert budget.encoding in ENCODINGS
    value = getattr(sizes, budget.encoding)
    if isinstance(value, int):
        yield subject, value


def _earlier_names(
    budget: Budget, analysis: BundleAnalysis, against: BundleAnalysis
) -> dict[str, str]:
    """Names of files in the other analysis: hashes in them change."""
    is_of_files = budget.what.startswith("file:") and budget.is_relative
    return pairs(against, analysis) if is_of_files else {}


def _check_comparable(budget: Budget, analysis: BundleAnalysis, against: BundleAnalysis) -> None:
    if budget.encoding in unlike_encodings(against.compressors, analysis.compressors):
        raise UsageError(
            f"the budget `{budget.text}` compares sizes that were made in different ways",
            hint="make both analyses with the same version and without --quick",
            slug="budget",
        )


def _no_budget(text: str) -> UsageError:
    return UsageError(f"`{text}` is no budget", hint=f"write {FORMS}", slug="budget")
