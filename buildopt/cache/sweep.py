"""Removes from a cache what eviction chose and what nobody needs any more.

    records      of tasks that nobody uses now; a tombstone says so to the task's next run
    hit indexes  whose record is gone, or that nobody used for long
    entries      to which no record leads
    artifacts    that no entry names
    leftovers    temporaries, what is kept for checkouts that are gone, tasks long forgotten

in this order, so that a kill leaves at most what the next sweep takes. What was written since the
sweep began stays. A reader that still loses a file finds out, because it verifies what it reads:
a miss.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from buildopt.cache import locks, shelves, survey, tombstones, unneeded
from buildopt.cache.eviction import Limits, Record, choose
from buildopt.cache.layout import Layout
from buildopt.cache.shelves import File
from buildopt.cache.task_locks import kept_idle, tasks_in_use
from buildopt.cache.unneeded import GRACE_S, LITTER_AGE_S, Sweep
from buildopt.errors import BuildoptError
from buildopt.events import CacheEvicted


def sweep_now(layout: Layout, limits: Limits, *, dry_run: bool) -> Mapping[str, list[File]]:
    """Sweep when a sweep that is under way has ended; what went, by kind.

    Raises BuildoptError for a cache that cannot be written.
    """
    if dry_run or not os.path.isdir(layout.base):
        return sweep(Sweep(layout, limits, time.time(), dry_run=True))
    lock = locks.acquire(layout.sweep_mark)
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
    chosen = choose(stock, job.limits, job.started_s, tasks_in_use(job.layout))
    records = _remove_records(job, chosen)
    gone = {file.path for file in records}
    orphans = {part for record in chosen if record.path in gone for part in record.parts}
    indexes = _remove(job, unneeded.stale_indexes(job, gone))
    entries = _remove(job, unneeded.lost_entries(job, gone, orphans))
    gone |= {file.path for file in entries}
    artifacts = _remove(job, unneeded.lost_artifacts(job, gone, orphans))
    leftovers = _remove(job, unneeded.leftovers(job))
    if not job.dry_run:
        _remove_empty_folders(job)
    return {
        "records": records,
        "hit_indexes": indexes,
        "entries": entries,
        "artifacts": artifacts,
        "leftovers": leftovers,
    }


def evicted(removed: Mapping[str, list[File]], limits: Limits) -> CacheEvicted:
    """What a sweep came to, as an event."""
    gone = [file for files in removed.values() for file in files]
    return CacheEvicted(
        records=len(removed["records"]),
        files=len(gone),
        bytes_freed=sum(file.size_bytes for file in gone),
        limit_bytes=limits.size_bytes,
    )


def _remove_records(job: Sweep, chosen: Iterable[Record]) -> list[File]:
    """Remove traces, of one task at a time, while nobody can begin to use it."""
    by_folder: dict[str, list[Record]] = defaultdict(list)
    for record in chosen:
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
        trace = shelves.look_at(record.path)
        if trace and trace.mtime_s <= record.used_s:
            yield trace


def _remove(job: Sweep, files: Iterable[File]) -> list[File]:
    """Remove the files that are still as they were looked at; those that went."""
    removed = []
    for file in files:
        if not job.dry_run:
            if shelves.look_at(file.path) != file:
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
        elif item.name.startswith("verify-") and not any(shelves.walk(item.path)):
            _remove_empty(item.path, job.started_s - LITTER_AGE_S)


def _remove_empty(top: str, unchanged_since_s: float) -> None:
    folders = [shelves.look_at(folder) for folder, _, _ in os.walk(top, topdown=False)]
    for folder in folders:
        if folder and folder.mtime_s < unchanged_since_s:
            try:
                os.rmdir(folder.path)
            except OSError:
                pass  # it holds something
