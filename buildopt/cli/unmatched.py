"""Tells of declared inputs that nothing matches: a slip, or another folder than was meant."""

from __future__ import annotations

import os

from buildopt.cli.words import tell_note
from buildopt.globs import Pattern, parse
from buildopt.model import Task


def tell_unmatched(task: Task) -> None:
    """One line about the inputs of a task that match nothing, if there are such."""
    lost = [pattern for pattern in task.inputs if not _is_matched(parse(pattern, task.root))]
    if not lost:
        return
    more = f" (nor {len(lost) - 1} more)" if lost[1:] else ""
    tell_note(
        f"nothing matches the input `{lost[0]}`{more}, seen from `{task.root}`",
        slug="input-matches-nothing",
    )


def _is_matched(pattern: Pattern) -> bool:
    """Whether anything is there that the pattern covers; looks no further than the first."""
    if not pattern.parts:
        return os.path.lexists(pattern.base)
    folders, visited = [pattern.base], set[str]()
    while folders:
        folder = folders.pop()
        real = os.path.realpath(folder)
        if real in visited:  # by another link, or round and round
            continue
        visited.add(real)
        for path, is_folder in _entries(folder):
            if pattern.covers(path):
                return True
            if is_folder and pattern.leads_to(path):
                folders.append(path)
    return False


def _entries(folder: str) -> list[tuple[str, bool]]:
    """Paths of what lies in a folder, and which of them are folders, through links too."""
    try:
        with os.scandir(folder) as items:
            return [(item.path, item.is_dir()) for item in items]
    except OSError:
        return []
