"""What is kept for checkouts that are gone from the disk.

A checkout's folder is named by a digest of its root, which is nowhere written out; but its memo
names files below the root, and the digest tells which of their folders that is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from buildopt.cache import files
from buildopt.cache.layout import Layout, short_digest
from buildopt.cache.shelves import walk


def abandoned(layout: Layout, unused_since_s: float) -> Iterator[str]:
    """Folders of checkouts whose root is gone and that nobody used since then."""
    try:
        found = [item.path for item in os.scandir(os.path.join(layout.base, "checkouts"))]
    except OSError:
        return
    for folder in found:
        if any(file.mtime_s >= unused_since_s for file in walk(folder)):
            continue
        root = root_of(folder)
        if root and not os.path.lexists(root):
            yield folder


def root_of(folder: str) -> str:
    """The root that a checkout's folder is kept for; empty where its memo does not tell."""
    name = os.path.basename(folder)
    asked: set[str] = set()
    for path in _remembered(folder):
        above = path
        while above not in asked:
            asked.add(above)
            if short_digest(above) == name:
                return above
            above = os.path.dirname(above)
    return ""


def _remembered(folder: str) -> list[str]:
    """Paths in a memo (memo.py), whatever else of it is damaged."""
    try:
        head, _, body = files.read(os.path.join(folder, "memo")).partition(b"\n")
        length = int(head.rpartition(b" ")[2])
    except (OSError, ValueError):
        return []
    return [os.fsdecode(path) for path in body[:length].split(b"\0")]
