"""What follows a run: the result file, the report, a sweep where it is due, analyses of bundles."""

from __future__ import annotations

import os
import time

from buildopt import settings
from buildopt.cache.layout import Layout
from buildopt.cli.words import tell
from buildopt.events import RunFinished, data_of
from buildopt.session import Stores

SWEEP_EVERY_S = 3_600
"""A cache grows over its limit within hours, and a sweep reads all that is recorded in it."""


def tell_others(
    stores: Stores,
    result: RunFinished,
    chosen: settings.Settings,
    made: tuple[str, ...],
    *,
    is_watching: bool = False,
) -> None:
    """Write all about a run that was asked for, keep the cache small, and have bundles analysed.

    `made` are the paths that it wrote.
    """
    if chosen.result_file:
        _write_result(chosen.result_file, result)
    if chosen.report:
        _write_report(stores, result, report_path(chosen), is_quiet=chosen.quiet)
    if result.stored:
        _sweep_where_due(stores.layout, chosen)
    if chosen.bundle_analysis and made and result.outcome != "fresh" and not result.exit_code:
        from buildopt.cli import bundle_after

        bundle_after.start(stores, result, made, is_quick=is_watching)


def _write_result(path: str, result: RunFinished) -> None:
    import json

    from buildopt.cache import files

    try:
        files.put(os.path.abspath(path), json.dumps(data_of(result)).encode() + b"\n")
    except OSError as error:
        tell(f"buildopt: cannot write the result file `{path}`: {error.strerror}")


def report_path(chosen: settings.Settings) -> str:
    """Where the report goes: a file's path is seen from the project, a call's from here."""
    if chosen.report is True:
        from buildopt.report.write import DEFAULT_NAME  # with all of a report

        return DEFAULT_NAME
    path = str(chosen.report)
    return path if "report" in chosen.overrides else os.path.join(chosen.root, path)


def _write_report(stores: Stores, result: RunFinished, path: str, *, is_quiet: bool) -> None:
    from buildopt.cli.report_present import present_of
    from buildopt.report.write import write_report

    try:
        present = present_of(result.root, stores.journal.state)
        written = write_report(stores.journal.state, result.run_id, path, present)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        tell(f"buildopt: cannot write the report `{path}`: {why}")
        return
    if not is_quiet:
        tell(f"buildopt: report in {written}")


def _sweep_where_due(layout: Layout, chosen: settings.Settings) -> None:
    """Start what keeps the cache within its limits, once an hour; a look at one file tells."""
    try:
        age_s = time.time() - os.stat(layout.sweep_mark).st_mtime
    except OSError:
        age_s = SWEEP_EVERY_S
    if abs(age_s) < SWEEP_EVERY_S:  # a clock may have been set back
        return
    from buildopt.cache import background
    from buildopt.cache.eviction import DAY_S, Limits

    limits = Limits(chosen.cache_limit_bytes, chosen.cache_max_age_days * DAY_S)
    background.start(layout, limits)
