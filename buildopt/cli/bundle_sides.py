"""What is compared or held to budgets: an analysis made now, or read from a document."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeGuard

from buildopt.cli.bundle_asked import Asked, analysis_of
from buildopt.errors import UsageError

if TYPE_CHECKING:
    from buildopt.bundle.model import Analysis, ArchiveAnalysis, ArchiveFolder, BundleAnalysis


def side_of(asked: Asked) -> Analysis:
    """The analysis of a folder, of an archive, or the one that a document holds."""
    from buildopt.bundle.document import load

    is_document = asked.path.endswith(".json") and os.path.isfile(asked.path)
    return load(asked.path) if is_document else analysis_of(asked)


def is_archive(side: Analysis) -> TypeGuard[ArchiveAnalysis | ArchiveFolder]:
    """Whether it is one archive, or a folder of some."""
    return side.kind != "bundle"


def bundle_side(path: str, side: Analysis) -> BundleAnalysis:
    """A side that must be a bundle; raises UsageError."""
    from buildopt.bundle.model import BundleAnalysis

    if isinstance(side, BundleAnalysis):
        return side
    raise UsageError(
        f"`{path}` is an archive, and what it is compared with is a bundle",
        hint="name two archives, or two bundles",
        slug="no-bundle",
    )


def archive_side(path: str, side: Analysis) -> ArchiveAnalysis:
    """A side that must be one archive; raises UsageError."""
    from buildopt.bundle.model import ArchiveAnalysis

    if isinstance(side, ArchiveAnalysis):
        return side
    kind = "several archives" if is_archive(side) else "a bundle"
    raise UsageError(
        f"`{path}` is {kind}, and one archive is needed here",
        hint="name a wheel, sdist, zip or tar",
        slug="no-bundle",
    )
