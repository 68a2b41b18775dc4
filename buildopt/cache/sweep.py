"""Removes from a cache what eviction chose and what nobody needs any more.

    records      of tasks that nobody uses now; a tombstone says so to the task's next run
    hit indexes  whose record is gone, or that nobody used for long
    entries      to which no record leads
    artifacts    that no entry names
    leftovers    temporaries, what is kept for checkouts that are gone, tasks long forgotten

in this order, so that a kill leaves at most what the next sweep takes. Entries and artifacts
without an owner may be those of a run that is about to refer to them: they go an hour later,
unless this sweep removed their owner. What was written since the sweep began stays. A reader
that still loses a file finds out, because it verifies what it reads: a miss.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from buildopt.cache import checkouts, locks, survey, tombstones
from buildopt.cache.background import MARK
from buildopt.cache.eviction import DAY_S, Limits, Record, choose
from buildopt.cache.layout import Layout
from buildopt.cache.survey import File
from buildopt.cache.task_locks import kept_idle, tasks_in_use
from buildopt.errors import BuildoptError
from buildopt.places import is_temporary

GRACE_S = 3_600
"""A run refers to what it stored within seconds; an hour covers a machine that was asleep."""
LITTER_AGE_S = DAY_S
"""A temporary of this age is nobody's: the longest single write takes minutes."""
FORGOTTEN_AGE_S = 90 * DAY_S
"""How long an eviction is told as the reason of a miss."""


class Sweep(NamedTuple):
    """One sweep: `started_s` is by the file system's own clock."""

    layout: Layout
    limits: Limits
    started_s: float
    dry_run: bool = False


def sweep_now(layout: Layout, limits: Limits, *, dry_run: bool) -> Mapping[str, list[File]]:
    """Sweep when a sweep that is under way has ended; what went, by kind.

    Raises BuildoptError for a cache that cannot be written.
    """
    mark = os.path.join(layout.base, MARK)
    if dry_run or not os.path.isdir(layout.base):
        return sweep(Sweep(layout, limits, time.time(), dry_run=True))
    lock = locks.acquire(mark)
    if lock < 0:
        raise BuildoptError(
            f"cannot prune the cache `{layout.top}`: it cannot be written",
            hint="BUILDOPT_CACHE_DIR or --cache-dir names another one",
            slug="cache-folder",
        )
    try:
        return sweep(Sweep(layout, limits, os.fstat(lock).st_mtime))
    finally:
        locks.release(lock)


def sweep(job: Sweep) -> Mapping[str, list[File]]:
    """Bring the cache within its limits: what went, by kind. A dry run only tells."""
    stock = survey.take_stock(job.layout)
    evicted = choose(stock, job.limits, job.started_s, tasks_in_use(job.layout))
    records = _remove_records(job, evicted)
    gone = {file.path for file in records}
    orphans = {part for record in evicted if record.path in gone for part in record.parts}
    indexes = _remove(job, _stale_indexes(job, gone))
    entries = _remove(job, _lost_entries(job, gone, orphans))
    gone |= {file.path for file in entries}
    artifacts = _remove(job, _lost_artifacts(job, gone, orphans))
    leftovers = _remove(job, _leftovers(job))
    if not job.dry_run:
        _remove_empty_folders(job)
    return {
        "records": records,
        "hit_indexes": indexes,
        "entries": entries,
        "artifacts": artifacts,
        "leftovers": leftovers,
    }


def _remove_records(job: Sweep, evicted: Iterable[Record]) -> list[File]:
    """Remove traces, of one task at a time, while nobody can begin to use it."""
    by_folder: dict[str, list[Record]] = defaultdict(list)
    for record in evicted:
        by_folder[os.path.dirname(record.path)].append(record)
    removed = []
    for folder, records in by_folder.items():
        with kept_idle(job.layout, os.path.basename(folder)) as is_idle:
            unused = _unused_since(records) if is_idle else ()
            removed += (now_gone := _remove(job, unused))
        if now_gone and not job.dry_run:
            tombstones.set_up(folder)
    return removed


def _unused_since(records: Iterable[Record]) -> Iterator[File]:
    """The traces, but for those that a run used since stock was taken."""
    for record in records:
        trace = survey.look_at(record.path)
        if trace and trace.mtime_s <= record.used_s:
            yield trace


def _stale_indexes(job: Sweep, gone: Container[str]) -> Iterator[File]:
    there = {survey.trace_name(t.path) for t in survey.traces(job.layout) if t.path not in gone}
    unused_since_s = job.started_s - job.limits.age_s
    for name, indexes in survey.hit_indexes(job.layout).items():
        yield from (i for i in indexes if name not in there or i.mtime_s < unused_since_s)


def _lost_entries(job: Sweep, gone: Container[str], orphans: Container[str]) -> Iterator[File]:
    needed = {survey.entry_of(t.path) for t in survey.traces(job.layout) if t.path not in gone}
    for entry in survey.entries(job.layout):
        if entry.name not in needed and _may_go(job, entry, is_orphan=entry.name in orphans):
            yield entry


def _lost_artifacts(job: Sweep, gone: Container[str], orphans: Container[str]) -> Iterator[File]:
    needed: set[str] = set()
    for entry in survey.entries(job.layout):
        if entry.path not in gone:
            needed |= survey.read_entry(entry.path).digests
    for digest, file in survey.artifacts(job.layout):
        if digest not in needed and _may_go(job, file, is_orphan=digest in orphans):
            yield file


def _may_go(job: Sweep, file: File, *, is_orphan: bool) -> bool:
    """Whether no run is about to refer to a file: this sweep took its owner, or it is old."""
    return file.mtime_s < job.started_s - (0 if is_orphan else GRACE_S)


def _leftovers(job: Sweep) -> Iterator[File]:
    unused_since_s = job.started_s - job.limits.age_s
    abandoned = set(checkouts.abandoned(job.layout, unused_since_s)) | set(_forgotten_tasks(job))
    for file in survey.walk(job.layout.base):
        if is_temporary(file.name):
            is_left = file.mtime_s < job.started_s - LITTER_AGE_S
        elif file.name.startswith("tracing-"):  # asked anew each boot
            is_left = file.mtime_s < unused_since_s
        else:
            is_left = os.path.dirname(file.path) in abandoned
        if is_left:
            yield file


def _forgotten_tasks(job: Sweep) -> Iterator[str]:
    """Folders of tasks that nobody recorded for long, and of whose records none is left."""
    for folder, _, names in os.walk(os.path.join(job.layout.base, "records")):
        found = [file for name in names if (file := survey.look_at(os.path.join(folder, name)))]
        is_young = any(file.mtime_s >= job.started_s - FORGOTTEN_AGE_S for file in found)
        if found and not is_young and not any(survey.is_trace(file) for file in found):
            yield folder


def _remove(job: Sweep, files: Iterable[File]) -> list[File]:
    """Remove the files that are still as they were looked at; those that went."""
    removed = []
    for file in files:
        if not job.dry_run:
            if survey.look_at(file.path) != file:
                continue  # somebody wrote or used it
            try:
                os.unlink(file.path)
            except OSError:
                continue
        removed.append(file)
    return removed


def _remove_empty_folders(job: Sweep) -> None:
    """Remove folders that hold nothing for some time; a run that needs one makes it."""
    for item in os.scandir(job.layout.base):
        if item.name in ("records", "checkouts"):
            _remove_empty(item.path, job.started_s - GRACE_S)
        elif item.name.startswith("verify-") and not any(survey.walk(item.path)):
            _remove_empty(item.path, job.started_s - LITTER_AGE_S)


def _remove_empty(top: str, unchanged_since_s: float) -> None:
    folders = [survey.look_at(folder) for folder, _, _ in os.walk(top, topdown=False)]
    for folder in folders:
        if folder and folder.mtime_s < unchanged_since_s:
            try:
                os.rmdir(folder.path)
            except OSError:
                pass  # it holds something
