"""The files of a cache by their kind, as they are when they are looked at.

What vanishes meanwhile is left out: others use the cache, and sweep it.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from buildopt.cache import files
from buildopt.cache.artifacts import COMPRESSED_SUFFIX
from buildopt.cache.layout import Layout
from buildopt.places import is_temporary

WATCHED_TRACE = re.compile(rb"/records/([0-9a-f]{32}/[0-9a-f]{32}/[0-9a-f]{12}-[0-9a-z.]+)")
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


def walk(folder: str) -> Iterator[File]:
    """All files below a folder, temporaries too."""
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
