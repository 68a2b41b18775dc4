"""Tells what of a cache nobody needs any more, once it is chosen which records go.

Entries and artifacts without an owner may be those of a run that is about to refer to them: they
count as needed for an hour, unless this sweep removed their owner, and always when they were
written or adopted since the sweep began. `gone` are paths that this sweep removed, `orphans` the
names of entries and contents that it left without an owner.
"""

from __future__ import annotations

import os
from collections.abc import Container, Iterator
from typing import NamedTuple

from buildopt.cache import checkouts, shelves, survey
from buildopt.cache.eviction import DAY_S, Limits
from buildopt.cache.layout import Layout
from buildopt.cache.shelves import File
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


def stale_indexes(job: Sweep, gone: Container[str]) -> Iterator[File]:
    """Hit indexes whose record is gone, or that nobody used for long."""
    there = {shelves.trace_name(t.path) for t in shelves.traces(job.layout) if t.path not in gone}
    unused_since_s = job.started_s - job.limits.age_s
    for name, indexes in shelves.hit_indexes(job.layout).items():
        yield from (i for i in indexes if name not in there or i.mtime_s < unused_since_s)


def lost_entries(job: Sweep, gone: Container[str], orphans: Container[str]) -> Iterator[File]:
    """Entries to which no record leads."""
    needed = {survey.entry_of(t.path) for t in shelves.traces(job.layout) if t.path not in gone}
    for entry in shelves.entries(job.layout):
        if entry.name not in needed and _may_go(job, entry, is_orphan=entry.name in orphans):
            yield entry


def lost_artifacts(job: Sweep, gone: Container[str], orphans: Container[str]) -> Iterator[File]:
    """Contents that no entry names."""
    needed: set[str] = set()
    for entry in shelves.entries(job.layout):
        if entry.path not in gone:
            needed |= survey.read_entry(entry.path).digests
    for digest, file in shelves.artifacts(job.layout):
        if digest not in needed and _may_go(job, file, is_orphan=digest in orphans):
            yield file


def _may_go(job: Sweep, file: File, *, is_orphan: bool) -> bool:
    """Whether no run is about to refer to a file: this sweep took its owner, or it is old."""
    return file.mtime_s < job.started_s - (0 if is_orphan else GRACE_S)


def leftovers(job: Sweep) -> Iterator[File]:
    """Temporaries, what is kept for checkouts that are gone, tasks long forgotten."""
    unused_since_s = job.started_s - job.limits.age_s
    abandoned = set(checkouts.abandoned(job.layout, unused_since_s)) | set(_forgotten_tasks(job))
    for file in shelves.walk(job.layout.base):
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
        found = [file for name in names if (file := shelves.look_at(os.path.join(folder, name)))]
        is_young = any(file.mtime_s >= job.started_s - FORGOTTEN_AGE_S for file in found)
        if found and not is_young and not any(shelves.is_trace(file) for file in found):
            yield folder
