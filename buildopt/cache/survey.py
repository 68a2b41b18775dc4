"""Reads what a cache holds, for the sweep: its records with their last use, and their parts.

A record was last used when its trace or a hit index that watches the trace was: a hit by
signatures alone (hit.py) touches nothing but its index. Of a trace only the head is read.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from buildopt.cache import files
from buildopt.cache.artifacts import COMPRESSED_SUFFIX
from buildopt.cache.eviction import Record, Stock
from buildopt.cache.layout import Layout
from buildopt.places import is_temporary

TRACE_HEAD = re.compile(rb'buildopt-trace 1 [0-9a-f]{32}\n\{"entry":"([0-9a-f]{64})"')
"""How a trace begins (records.py); whatever else does is damaged and leads nowhere."""
TRACE_HEAD_BYTES = 256
WATCHED_TRACE = re.compile(rb"/records/([0-9a-f]{32}/[0-9a-f]{32}/[0-9a-f]{12}-[0-9a-f]+[a-z]*)")
"""A trace as a hit index names it, below whatever name the cache folder was called by."""


class File(NamedTuple):
    """A file of the cache, as it was when it was looked at."""

    path: str
    size_bytes: int
    mtime_s: float

    @property
    def name(self) -> str:
        """Its name within its folder."""
        return os.path.basename(self.path)


class Kept(NamedTuple):
    """What an entry keeps: digests of contents; and what it saves."""

    digests: frozenset[str]
    saved_s: float


NOTHING = Kept(frozenset(), 0.0)
"""Of an entry that is missing or damaged: it can answer nobody."""


def take_stock(layout: Layout) -> Stock:
    """All records with their value's factors. Reads every entry and hit index."""
    kept = {file.name: read_entry(file.path) for file in entries(layout)}
    indexes = hit_indexes(layout)
    found = []
    for trace in traces(layout):
        key = entry_of(trace.path)
        digests, saved_s = kept.get(key, NOTHING)
        mine = indexes.get(trace_name(trace.path), ())
        found.append(
            Record(
                path=trace.path,
                task=os.path.basename(os.path.dirname(trace.path)),
                used_s=max([trace.mtime_s, *(index.mtime_s for index in mine)]),
                saved_s=saved_s,
                own_bytes=trace.size_bytes + sum(index.size_bytes for index in mine),
                parts=(key, *sorted(digests)) if key in kept else (),
            )
        )
    return Stock(
        records=tuple(found),
        part_bytes=_part_bytes(layout),
        total_bytes=sum(file.size_bytes for file in walk(layout.base)),
    )


def traces(layout: Layout) -> Iterator[File]:
    """All traces, of all tasks and projects."""
    for file in walk(os.path.join(layout.base, "records")):
        if is_trace(file):
            yield file


def is_trace(file: File) -> bool:
    """Whether a file among the records is one, and not what describes its task."""
    return "-" in file.name and not file.name.startswith(".")


def entries(layout: Layout) -> Iterator[File]:
    """All entries."""
    return _whole(os.path.join(layout.base, "entries"))


def artifacts(layout: Layout) -> Iterator[tuple[str, File]]:
    """All contents, each with its digest; one may be there in two forms."""
    for file in _whole(os.path.join(layout.base, "artifacts")):
        yield file.name.removesuffix(COMPRESSED_SUFFIX), file


def hit_indexes(layout: Layout) -> Mapping[str, list[File]]:
    """Hit indexes by the name of the trace that they watch; an empty one where none is seen."""
    found: dict[str, list[File]] = defaultdict(list)
    for file in _whole(os.path.join(layout.base, "hits")):
        try:
            named = WATCHED_TRACE.search(files.read(file.path))
        except OSError:
            continue
        found[named[1].decode() if named else ""].append(file)
    return found


def trace_name(path: str) -> str:
    """A trace's name below `records`: PROJECT/TASK/NAME."""
    return "/".join(path.split("/")[-3:])


def entry_of(trace_path: str) -> str:
    """Key of the entry that a trace leads to; empty where it leads nowhere."""
    try:
        descriptor = os.open(trace_path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        head = TRACE_HEAD.match(os.read(descriptor, TRACE_HEAD_BYTES))
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return head[1].decode() if head else ""


def read_entry(path: str) -> Kept:
    """What an entry keeps; nothing where it cannot be read."""
    try:
        raw = json.loads(files.read(path).partition(b"\n")[2])
        contents = {digest for kind, _, digest, *_ in raw["outputs"] if kind == "file"}
        return Kept(frozenset({raw["streams"], *contents}), float(raw["usage"][0]))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return NOTHING


def walk(folder: str) -> Iterator[File]:
    """All files below a folder, temporaries too; what vanishes meanwhile is left out."""
    for below, _, names in os.walk(folder):
        for name in names:
            found = look_at(os.path.join(below, name))
            if found:
                yield found


def look_at(path: str) -> File | None:
    """The file as it is now; None where it is gone."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return File(path, status.st_size, status.st_mtime)


def _whole(folder: str) -> Iterator[File]:
    return (file for file in walk(folder) if not is_temporary(file.name))


def _part_bytes(layout: Layout) -> Mapping[str, int]:
    """Sizes of entries by their key and of contents by their digest."""
    found: dict[str, int] = defaultdict(int)
    for file in entries(layout):
        found[file.name] += file.size_bytes
    for digest, file in artifacts(layout):
        found[digest] += file.size_bytes
    return found
