"""`bundle diff` and `bundle check` of wheels, sdists and other archives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from buildopt.bundle.archive_budgets import judge_archive
from buildopt.bundle.budgets import Budget, Verdict, names_nothing
from buildopt.bundle.compare_archives import ArchiveComparison, compare_archives
from buildopt.bundle.model import Analysis, ArchiveAnalysis, ArchiveFolder
from buildopt.cli.bundle_asked import Asked
from buildopt.cli.bundle_sides import archive_side, side_of
from buildopt.errors import UsageError


def compared(before: Asked, now: tuple[str, Analysis], *, has_page: bool) -> ArchiveComparison:
    """Two archives side by side; raises UsageError for anything else."""
    if not before.path:
        raise UsageError(
            f"`{now[0]}` is an archive; archives are compared with one that is named",
            hint="name both: `buildopt bundle diff OLD.whl NEW.whl`",
            slug="no-analysis",
        )
    if has_page:
        raise UsageError(
            "there is no page of two archives",
            hint="leave --html away, or write --markdown or --json",
            slug="usage",
        )
    return compare_archives(archive_side(before.path, side_of(before)), archive_side(*now))


def judged(
    limits: Iterable[Budget], side: ArchiveAnalysis | ArchiveFolder, against: str | None
) -> tuple[Verdict, ...]:
    """How each archive stands to each budget; of several, subjects bear the archive's name.

    Raises UsageError for a budget that names nothing in any of them.
    """
    if against and isinstance(side, ArchiveFolder):
        raise UsageError(
            "several archives cannot be held against one",
            hint="name the archive to check, and the earlier one of its kind with --against",
            slug="usage",
        )
    earlier = archive_side(against, side_of(Asked(against))) if against else None
    verdicts: list[Verdict] = []
    for limit in limits:
        found = [*_verdicts(limit, side, earlier)]
        if not found:
            raise names_nothing(limit)
        verdicts += found
    return tuple(verdicts)


def _verdicts(
    limit: Budget, side: ArchiveAnalysis | ArchiveFolder, earlier: ArchiveAnalysis | None
) -> Iterator[Verdict]:
    if isinstance(side, ArchiveAnalysis):
        yield from judge_archive(limit, side, earlier)
        return
    for archive in side.archives:
        name = archive.archive.path.rpartition("/")[2]
        for verdict in judge_archive(limit, archive, None):
            yield replace(verdict, subject=f"{name}: {verdict.subject}")
