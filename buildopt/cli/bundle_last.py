"""What the last analysed build of a project is, and how what is there now compares with it."""

from __future__ import annotations

import os
import time
from dataclasses import replace

from buildopt import settings
from buildopt.bundle.compare import Comparison, compare
from buildopt.bundle.model import Analysis, BundleAnalysis
from buildopt.bundle.trend import usual_of
from buildopt.cache.layout import Layout
from buildopt.cli.bundle_asked import Asked, analysis_of, usual_path
from buildopt.cli.bundle_history import (
    Place,
    analyses,
    build_before,
    summaries,
    whole_analysis,
)
from buildopt.cli.history import here
from buildopt.errors import UsageError

WAIT_S = 10.0
"""How long an analysis that is under way is waited for."""
LOOK_S = 0.05


def last_of_run() -> Analysis:
    """The last analysis that a run had made here; an estimate of what is there where none has."""
    state, root = here()
    wait_for_pending(Place(state, root))
    for event in analyses(Place(state, root)):
        found = whole_analysis(state, event.data)
        if found is not None:
            return found
    return analysis_of(Asked(usual_path(), is_quick=True))


def compared_with_history(
    now: BundleAnalysis,
) -> tuple[tuple[BundleAnalysis, BundleAnalysis], Comparison]:
    """The last build that was otherwise beside what is there now, and what changed.

    Raises UsageError where no build was analysed.
    """
    wait_for_pending(Place(*here()))
    found = build_before(now)
    if found is None:
        raise UsageError(
            "no earlier build of this output was analysed",
            hint="`buildopt run -- COMMAND` has each build analysed; or name two to compare",
            slug="no-analysis",
        )
    before, words = found
    usual = usual_of(summaries(now), now.compressors)
    comparison = replace(compare(before, now), before_build=words, usual=usual)
    return (before, now), comparison


def wait_for_pending(place: Place) -> None:
    """Wait until the newest analysis that is wanted here is made."""
    folder = Layout(os.path.abspath(settings.cache_folder(os.environ))).checkout(place.root)
    until_s = time.monotonic() + WAIT_S
    while time.monotonic() < until_s and _is_pending(folder):
        time.sleep(LOOK_S)


def _is_pending(folder: str) -> bool:
    """Whether somebody analyses, or waits for it."""
    from buildopt.cache import locks

    try:
        turns = [item.path for item in os.scandir(folder) if item.name.endswith(".bundle")]
    except OSError:
        return False
    for turn in turns:
        lock = locks.try_acquire(turn)
        if lock is None:
            return True
        locks.release(lock)
    return False
