"""Glob patterns of declared inputs and outputs: `*`, `?`, `[…]` within a name, `**` across folders.

A pattern is relative to the project's root, or absolute. A pattern that names a folder means
everything below it. Hidden names match like any other. There is no `!`: leaving out is what
`--ignore-input` and `--ignore-output` are for.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_MAGIC = re.compile(r"[*?\[]")


class Pattern(NamedTuple):
    """A pattern taken apart: a literal folder or path, and what follows it name by name."""

    base: str
    parts: tuple[str, ...]

    def covers(self, path: str) -> bool:
        """Whether `path` matches, or lies below what matches."""
        if not self.parts:
            return path == self.base or path.startswith(_as_folder(self.base))
        below = _names_below(path, self.base)
        return below is not None and _matches(self.parts, below, prefix=True)

    def leads_to(self, folder: str) -> bool:
        """Whether something below `folder` could match."""
        if self.covers(folder) or _as_folder(self.base).startswith(_as_folder(folder)):
            return True
        below = _names_below(folder, self.base)
        return below is not None and _could_match(self.parts, below)


def parse(pattern: str, root: str) -> Pattern:
    """Take `pattern` apart; `.` and `..` are resolved by name, relative ones start at `root`.

    A pattern that is there by that very name means just this.
    """
    if _MAGIC.search(pattern) and os.path.lexists(path := os.path.join(root, pattern)):
        return Pattern(os.path.normpath(path), ())  # `[id].tsx` is the name of a page in Next.js
    names = pattern.split("/")
    literal = 0
    while literal < len(names) and not _MAGIC.search(names[literal]):
        literal += 1
    base = os.path.normpath(os.path.join(root, "/".join(names[:literal]) or _start(pattern)))
    parts = tuple(name for name in names[literal:] if name not in ("", "."))
    if parts and parts[-1] == "**":
        parts = (*parts, "*")
    return Pattern(base, parts)


def any_covers(patterns: Iterable[Pattern], path: str) -> bool:
    """Whether one of `patterns` covers `path`."""
    return any(pattern.covers(path) for pattern in patterns)


def _start(pattern: str) -> str:
    return "/" if pattern.startswith("/") else ""


def _as_folder(path: str) -> str:
    return path if path.endswith("/") else path + "/"


def _names_below(path: str, base: str) -> tuple[str, ...] | None:
    if path == base:
        return ()
    start = _as_folder(base)
    return tuple(path[len(start) :].split("/")) if path.startswith(start) else None


@lru_cache(maxsize=256)
def _name_matcher(part: str) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(part))


@lru_cache(maxsize=65_536)
def _matches(parts: tuple[str, ...], names: tuple[str, ...], *, prefix: bool) -> bool:
    """Whether `names` match `parts`; with `prefix` also what lies below a match."""
    if not parts:
        return prefix or not names
    if parts[0] == "**":
        return any(_matches(parts[1:], names[i:], prefix=prefix) for i in range(len(names) + 1))
    if not names or not _name_matcher(parts[0]).match(names[0]):
        return False
    return _matches(parts[1:], names[1:], prefix=prefix)


def _could_match(parts: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """Whether `names` with more names behind them could match `parts`."""
    if not parts:
        return True
    if parts[0] == "**" or not names:
        return True
    return bool(_name_matcher(parts[0]).match(names[0])) and _could_match(parts[1:], names[1:])
