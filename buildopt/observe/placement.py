"""Tells how a path counts: the patterns of a policy, compiled once per run.

What a folder is, everything below it is; so the place of a path is that of its folder, which
is remembered, or a matter of its last names.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from buildopt.observe.ignored import PSEUDO_FOLDERS, Place, TracePolicy
from buildopt.places import is_temporary

_MAGIC = re.compile(r"[*?\[]")


class Placement:
    """Where paths stand in one run."""

    __slots__ = (
        "_by_membership", "_folders", "_hidden", "_inside", "_restored", "_state", "_told", "_tops",
    )  # fmt: skip

    def __init__(self, policy: TracePolicy) -> None:
        self._inside = _as_folder(policy.root)
        self._hidden = _Patterns((*policy.private, *policy.ignore), policy.home)
        self._state = _Patterns(policy.state, policy.home)
        self._restored = _Patterns(policy.restored_state, policy.home)
        self._told = frozenset(policy.told_files)
        self._by_membership = frozenset([*_above(policy.root), policy.home, *_above(policy.home)])
        self._tops = _tops(policy)
        self._folders: dict[str, Place] = {}

    def of(self, path: str) -> Place:
        """The place of a resolved path."""
        top = self._tops.get(path)
        if top is not None:
            return top
        folder, _, name = path.rpartition("/")
        inherited = self._folders.get(folder)
        if inherited is None:
            inherited = self._folders[folder] = self.of(folder)
        if inherited in (Place.HIDDEN, Place.STATE):
            return inherited
        if self._hidden.match(path, name) or is_temporary(name):
            return Place.HIDDEN
        if self._state.match(path, name):
            return Place.STATE
        return inherited

    def is_restored(self, path: str) -> bool:
        """Whether a path of state is stored and restored with the outputs."""
        return self._restored.match(path, path.rpartition("/")[2])

    def is_told(self, path: str) -> bool:
        """Whether we write it about the run, once that is over."""
        return path in self._told

    def is_root(self, path: str) -> bool:
        """Whether it is the project's root, which is there while anything runs in it."""
        return _as_folder(path) == self._inside

    def is_inside(self, path: str) -> bool:
        """Whether it lies in the project, or is its root."""
        return _as_folder(path).startswith(self._inside)

    def lists_by_membership(self, folder: str) -> bool:
        """Whether of a listing of `folder` only the names count that the run touched there.

        A literal listing of a folder above the project, or of a home, would never hold twice.
        """
        return folder in self._by_membership and not _as_folder(folder).startswith(self._inside)


@lru_cache(maxsize=8)
def placement_for(policy: TracePolicy) -> Placement:
    """The placement of a policy, made once: to compile its patterns takes longer than a listing."""
    return Placement(policy)


class _Patterns:
    """Finds the paths whose end matches one of some patterns."""

    __slots__ = ("_endings", "_exact", "_globs", "_names")

    def __init__(self, patterns: Iterable[str], home: str) -> None:
        self._endings: dict[str, tuple[str, ...]] = {}
        exact, globs, names = [], [], []
        for pattern in patterns:
            ending = _ending(pattern, home)
            name = ending.rpartition("/")[2]
            if _MAGIC.search(ending):
                globs.append(("^" if pattern[0] in "~/" else "") + _expression(ending))
                names.append(fnmatch.translate(name))
            elif pattern[:1] in ("~", "/"):
                exact.append(ending)
            else:
                self._endings[name] = (*self._endings.get(name, ()), ending)
        self._exact = frozenset(exact) - {""}
        self._names = re.compile("|".join(names) or "(?!)")
        self._globs = re.compile("|".join(globs) or "(?!)", re.DOTALL)

    def match(self, path: str, name: str) -> bool:
        """Whether `path`, whose last name is `name`, ends as one of the patterns says."""
        endings = self._endings.get(name)
        if endings is not None and path.endswith(endings):
            return True
        if path in self._exact:
            return True
        return self._names.match(name) is not None and self._globs.search(path) is not None


def _ending(pattern: str, home: str) -> str:
    """A pattern as the end of a path, with the `/` before its first name."""
    pattern = pattern.removesuffix("/**").rstrip("/")
    if pattern.startswith("~/"):
        return home + pattern[1:] if home else ""
    return pattern if pattern.startswith("/") else "/" + pattern


def _expression(ending: str) -> str:
    """What finds a glob at the end of a path; `*` stays within a name, `**` crosses folders."""
    pieces = []
    for name in ending.split("/")[1:]:
        if name == "**":
            pieces.append("(?:/[^/]*)*")
            continue
        inner = fnmatch.translate(name).removeprefix("(?s:").removesuffix(r")\Z")
        pieces.append("/" + inner.replace(".*", "[^/]*"))
    return "".join(pieces) + r"\Z"


def _tops(policy: TracePolicy) -> dict[str, Place]:
    """Folders at which another place begins; the innermost one holds."""
    tops = dict.fromkeys(PSEUDO_FOLDERS, Place.HIDDEN)
    for path in policy.temporary_folders:
        if not _as_folder(path).startswith(_as_folder(policy.root)):
            tops[path.rstrip("/")] = Place.TEMPORARY
    tops |= dict.fromkeys((path.rstrip("/") for path in policy.ignored_folders), Place.HIDDEN)
    tops[policy.root.rstrip("/")] = Place.PLAIN
    tops[""] = Place.PLAIN
    return tops


def _as_folder(path: str) -> str:
    return path.rstrip("/") + "/"


def _above(path: str) -> Iterator[str]:
    while path and path != "/":
        path = os.path.dirname(path)
        yield path
