"""Reports as files, made from the journal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

from buildopt import blobs, journal
from buildopt.cache import files
from buildopt.report.gathered import Gathered, gather, gather_each
from buildopt.report.html import page_of
from buildopt.report.present import NOBODY, Present
from buildopt.report.processes import Blob
from buildopt.report.view import RunView, view_from

DEFAULT_NAME = "buildopt-report.html"


def write_report(state: bytes, run_id: str, path: str, present: Present = NOBODY) -> str:
    """Write the page of a run to `path`, or to the default name here; the path written.

    Raises ValueError for a run that the journal does not hold, OSError for a path that cannot
    be written.
    """
    return write_page(page_of(read_view(state, run_id, present)), path)


def read_view(state: bytes, run_id: str, present: Present = NOBODY) -> RunView:
    """The view of a run of this journal; raises ValueError for an unknown one."""
    return view_from(read_run(state, run_id), blobs_of(state), present)


def read_run(state: bytes, run_id: str) -> Gathered:
    """What the journal says of a run; raises ValueError for an unknown one."""
    return gather(journal.read_backwards(state), run_id)


def read_runs(state: bytes, run_ids: Sequence[str]) -> tuple[Gathered, ...]:
    """The same of several; the journal is read once."""
    return gather_each(journal.read_backwards(state), run_ids)


def blobs_of(state: bytes) -> Blob:
    """What gives the blobs that events of this journal name."""
    return partial(blobs.get, state)


def write_page(page: bytes, path: str) -> str:
    """Write a page, all at once; the path written."""
    target = os.path.abspath(path or DEFAULT_NAME)
    files.put(target, page)
    return target
