"""Two trees kept in step, and what differs between them after a build."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

NOT_COMPARED = ("node_modules", ".git", ".venv", "__pycache__", ".pytest_cache")
"""Folders that no build is for, by name: what is installed, and tools' own caches."""
STATE = ".tsbuildinfo"
HISTORY = "latestChangedDtsFile"
"""Which file the last build of all changed: with equal outputs it depends on the way to them."""


def write_changes(tree: Path, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """Bring the files of a tree from one state to another; what is the same is not touched."""
    for name in before.keys() - after.keys():
        (tree / name).unlink()
    for name, text in after.items():
        if before.get(name) != text:
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_text(text, encoding="utf-8")


def differences(first: Path, second: Path) -> list[str]:
    """Paths whose kind, mode or content is not the same in both."""
    found, other = dict(_paths(first)), dict(_paths(second))
    return sorted(
        name
        for name in found.keys() | other.keys()
        if found.get(name) != other.get(name)
        or _content(first / name, found[name]) != _content(second / name, found[name])
    )


def _content(path: Path, mode: int) -> bytes:
    if stat.S_ISREG(mode):
        return _without_history(path.read_bytes()) if path.name == STATE else path.read_bytes()
    return os.fsencode(os.readlink(path)) if stat.S_ISLNK(mode) else b""


def _without_history(state: bytes) -> bytes:
    try:
        known = json.loads(state)
        known.pop(HISTORY, None)
    except (ValueError, AttributeError):
        return state
    return json.dumps(known).encode()


def _paths(top: Path) -> Iterator[tuple[str, int]]:
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name not in NOT_COMPARED]
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, top), os.lstat(path).st_mode
