"""Reads what a cache holds, for the sweep: its records with their last use, and their parts.

A record was last used when its trace or a hit index that watches the trace was: a hit by
signatures alone (hit.py) touches nothing but its index. Of a trace only the head is read.
"""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from buildopt.cache import files, shelves
from buildopt.cache.eviction import Record, Stock
from buildopt.cache.layout import Layout
from buildopt.cache.shelves import trace_name

TRACE_HEAD = re.compile(rb'buildopt-trace 1 [0-9a-f]{32}\n\{"entry":"([0-9a-f]{64})"')
"""How a trace begins (records.py); whatever else does is damaged and leads nowhere."""
TRACE_HEAD_BYTES = 256


class Kept(NamedTuple):
    """What an entry keeps: digests of contents; what it saves; whether it holds a secret."""

    digests: frozenset[str]
    saved_s: float
    has_secret: bool = False


NOTHING = Kept(frozenset(), 0.0)
"""Of an entry that is missing or damaged: it can answer nobody."""


def take_stock(layout: Layout) -> Stock:
    """All records with their value's factors. Reads every entry and hit index."""
    kept = {file.name: read_entry(file.path) for file in shelves.entries(layout)}
    indexes = shelves.hit_indexes(layout)
    found = []
    for trace in shelves.traces(layout):
        key = entry_of(trace.path)
        digests, saved_s, has_secret = kept.get(key, NOTHING)
        mine = indexes.get(trace_name(trace.path), ())
        found.append(
            Record(
                path=trace.path,
                task=os.path.basename(os.path.dirname(trace.path)),
                used_s=max([trace.mtime_s, *(index.mtime_s for index in mine)]),
                saved_s=saved_s,
                own_bytes=trace.size_bytes + sum(index.size_bytes for index in mine),
                parts=(key, *sorted(digests)) if key in kept else (),
                has_secret=has_secret,
            )
        )
    return Stock(
        records=tuple(found),
        part_bytes=_part_bytes(layout),
        total_bytes=sum(file.size_bytes for file in shelves.walk(layout.base)),
    )


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
        digests = frozenset({raw["streams"], *contents})
        return Kept(digests, float(raw["usage"][0]), bool(raw.get("secrets")))
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return NOTHING


def _part_bytes(layout: Layout) -> Mapping[str, int]:
    """Sizes of entries by their key and of contents by their digest."""
    found: dict[str, int] = defaultdict(int)
    for file in shelves.entries(layout):
        found[file.name] += file.size_bytes
    for digest, file in shelves.artifacts(layout):
        found[digest] += file.size_bytes
    return found
