"""The report of a run as a file, made from the journal."""

from __future__ import annotations

import os
from functools import partial

from buildopt import blobs, journal
from buildopt.cache import files
from buildopt.report.html import page_of
from buildopt.report.view import RunView, view_of

DEFAULT_NAME = "buildopt-report.html"


def write_report(state: bytes, run_id: str, path: str) -> str:
    """Write the page of a run to `path`, or to the default name here; the path written.

    Raises ValueError for a run that the journal does not hold, OSError for a path that cannot
    be written.
    """
    return write_view(read_view(state, run_id), path)


def read_view(state: bytes, run_id: str) -> RunView:
    """The view of a run of this journal; raises ValueError for an unknown one."""
    return view_of(journal.read_backwards(state), run_id, partial(blobs.get, state))


def write_view(view: RunView, path: str) -> str:
    """Write the page of a view, all at once; the path written."""
    target = os.path.abspath(path or DEFAULT_NAME)
    files.put(target, page_of(view))
    return target
