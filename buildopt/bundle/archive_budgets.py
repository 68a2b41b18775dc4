"""Budgets of a wheel, an sdist or another archive.

archive<=5MB                   the file itself, as it is downloaded
total.raw<=20MB                all that is in it, unpacked
file:*.so.raw<=1MB             each file in it that matches
archive<=+5%                   against another archive
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from buildopt.bundle.budgets import Budget, Verdict, verdict_of
from buildopt.bundle.compare_archives import stable_name
from buildopt.bundle.model import ArchiveAnalysis
from buildopt.errors import UsageError


def judge_archive(
    budget: Budget, archive: ArchiveAnalysis, against: ArchiveAnalysis | None
) -> tuple[Verdict, ...]:
    """A verdict for each subject of the budget; raises UsageError where `against` is missing."""
    if budget.is_trend or (budget.is_relative and against is None):
        raise UsageError(
            f"the budget `{budget.text}` of an archive has nothing to compare with",
            hint="write `archive<=+5%` and name the earlier archive with --against",
            slug="budget",
        )
    known = {stable_name(path): raw for path, raw in _subjects(budget, against)} if against else {}
    absent = 0 if budget.is_relative else None  # a file that is new grew by all of it
    return tuple(
        verdict_of(budget, subject, actual, known.get(stable_name(subject), absent))
        for subject, actual in _subjects(budget, archive)
    )


def _subjects(budget: Budget, archive: ArchiveAnalysis) -> Iterator[tuple[str, int]]:
    what, _, pattern = budget.what.partition(":")
    if what == "archive":
        yield what, archive.archive.bytes
    elif what == "total" and budget.encoding == "raw":
        yield what, archive.archive.uncompressed
    elif what == "file" and budget.encoding == "raw":
        for file in archive.files:
            if fnmatchcase(file.path, pattern):
                yield file.path, file.raw
