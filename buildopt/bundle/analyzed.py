"""The event `buildopt.bundle.analyzed`: what one analysis found, for baselines, alerts and trends.

task, project, root    of the run that made it
output                 the output folder or archive, relative to the root
is_estimate            made in haste, while watching: never to be compared with exact ones
document               digest of the blob that has the whole analysis (`bundle --json`)
duration_s             what the analysis took
…                      the figures: `summary.py`
"""

from __future__ import annotations

from typing import Any

import msgspec

from buildopt.bundle.model import Analysis, ArchiveFolder, BundleAnalysis
from buildopt.bundle.summary import ArchiveSummary, BundleSummary, archive_summary_of, summary_of

TYPE = "buildopt.bundle.analyzed"


def figures_of(analysis: Analysis) -> dict[str, Any]:  # Any: JSON
    """The figures of an analysis as data of an event."""
    assert not isinstance(analysis, ArchiveFolder)  # each archive is a place of its own
    summary: BundleSummary | ArchiveSummary
    if isinstance(analysis, BundleAnalysis):
        summary = summary_of(analysis)
    else:
        summary = archive_summary_of(analysis)
    figures: dict[str, Any] = msgspec.to_builtins(summary)  # Any: as above
    return figures


def is_estimate(analysis: Analysis) -> bool:
    """Whether one of its columns was made in haste."""
    made = analysis.compressors if isinstance(analysis, BundleAnalysis) else ()
    return any(compressor.is_estimate for compressor in made)
