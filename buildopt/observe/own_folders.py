"""Which folders of a task hold something of others as a run begins.

An `absent` with the value `own` does not hold of such a folder (`findings.py`): a record that
asked for it would not hold even where it was made.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator


def mixed_folders(own: frozenset[str]) -> frozenset[str]:
    """Those of the `own` paths that are folders with anything else in them, at any depth."""
    mixed: set[str] = set()
    for path in own:
        if any(below not in own for below in _entries(path)):
            mixed.update(_own_folders_up_from(path, own))
    return frozenset(mixed)


def _entries(path: str) -> list[str]:
    """Paths of what is in a folder; nothing where it is none, or cannot be listed."""
    try:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            return []
        return [f"{path}/{name}" for name in os.listdir(path)]
    except OSError:
        return []


def _own_folders_up_from(path: str, own: frozenset[str]) -> Iterator[str]:
    while path in own:
        yield path
        path = os.path.dirname(path)
