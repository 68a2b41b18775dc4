"""Finds declared inputs that nothing matches: a slip, or another folder than was meant."""

from __future__ import annotations

import os
from typing import NamedTuple

from buildopt.cli.words import tell_note
from buildopt.globs import Pattern, parse
from buildopt.model import Task
from buildopt.phrases import printable


class Unmatched(NamedTuple):
    """Patterns that match nothing, seen from `root`."""

    patterns: tuple[str, ...]
    root: str

    @property
    def words(self) -> str:
        """For the end of the summary line; nothing where all match."""
        if not self.patterns:
            return ""
        more = f" (nor {len(self.patterns) - 1} more)" if self.patterns[1:] else ""
        return f"; nothing matches the input `{printable(self.patterns[0])}`{more}"

    def tell_all(self) -> None:
        """Each of them, and from where it is seen."""
        for pattern in self.patterns:
            tell_note(
                f"nothing matches the input `{pattern}`, seen from `{self.root}`",
                slug="input-matches-nothing",
            )


def unmatched_of(task: Task) -> Unmatched:
    """The declared inputs of a task that match nothing."""
    lost = (pattern for pattern in task.inputs if not _is_matched(parse(pattern, task.root)))
    return Unmatched(tuple(lost), task.root)


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
