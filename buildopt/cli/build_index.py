"""The hit index of `buildopt build` itself: that of the run it came to, and what led to it.

What the choice of a build looks at is noted before the choice, and rather more than less: whatever
changes from then on makes the index one that does not match. A test holds the list of what is noted
against what the choice really looks at.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from glob import glob
from typing import NamedTuple

from buildopt import hit, settings
from buildopt.cache import hit_index
from buildopt.cache.hit_index import Seen
from buildopt.cache.layout import open_cache
from buildopt.cache.memo import RACY, YOUNG, flags_for
from buildopt.errors import BuildoptError
from buildopt.model import StatSignature, signature_of
from buildopt.project.manifests import MAKEFILES, OWN_PYTHON
from buildopt.tasks.managers import LOCKFILES, MANAGERS, repository_of, upwards

MANIFESTS = ("package.json", "pyproject.toml", "Cargo.toml", *MAKEFILES)
PROGRAMS = (*MANAGERS, "python", "python3", "cargo", "make")
MOST_LINKS = 40
"""As many as Linux follows."""


class Begun(NamedTuple):
    """A call whose index may be written when it is over."""

    cache: bytes
    path: bytes
    seen: Seen


class _Unsure(Exception):
    """Something is so that later nobody could tell whether it has changed."""


def begin(
    chosen: settings.Settings, directory: str, environ: Mapping[str, str], started_ns: int
) -> Begun | None:
    """Note what the choice depends on, before it is made; None where that proves nothing later.

    The settings were read since `started_ns`.
    """
    if not hit.is_allowed(os.environb):
        return None
    try:
        layout, _ = open_cache(os.path.abspath(settings.cache_folder(environ)))
        cache = os.fsencode(layout.top)
        path = hit.index_path(cache, sys.argv[1:])
        return Begun(cache, path, _seen(_places(chosen, directory, environ), started_ns))
    except (OSError, BuildoptError, _Unsure):
        return None


def finish(begun: Begun, told: bytes) -> None:
    """Write the index, if the run that the call came to has one; `told` was said before it."""
    try:
        of_run = hit.index_path(begun.cache, sys.argv[1:])
        hit_index.write_beside(begun.path, of_run, begun.seen, told)
    except (OSError, ValueError):
        return


def _places(chosen: settings.Settings, directory: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Every path that the choice may look at; of a link also what it leads to."""
    yield from chosen.consulted
    for folder in upwards(chosen.root, os.path.abspath(os.sep)):
        yield os.path.join(folder, ".git")
    for folder in upwards(directory, repository_of(chosen.root)):
        names = (*MANIFESTS, *(name for name, _ in LOCKFILES), OWN_PYTHON)
        yield from (os.path.join(folder, name) for name in names)
        if os.path.lexists(os.path.join(folder, OWN_PYTHON)):
            yield from _own_builders(os.path.join(folder, ".venv", "lib"))
    for folder in environ.get("PATH", os.defpath).split(os.pathsep):
        if not folder.startswith("/"):
            raise _Unsure(folder)
        yield from (os.path.join(folder, name) for name in PROGRAMS)


def _own_builders(library: str) -> Iterator[str]:
    yield library
    for folder in glob("python*", root_dir=library):
        yield os.path.join(library, folder, "site-packages", "build", "__main__.py")


def _seen(places: Iterator[str], started_ns: int) -> Seen:
    """All of it as it is now; raises _Unsure, OSError."""
    watched: dict[str, StatSignature] = {}
    folders: dict[str, int] = {}
    absent, flags = set[str](), 0
    for place in places:
        for path in _with_targets(place):
            try:
                signature = signature_of(os.lstat(path))
            except FileNotFoundError:
                absent.add(path)
                continue
            if stat.S_ISDIR(signature.mode) and os.path.basename(path) == ".git":
                folders[path] = signature.mode  # git writes into it whatever one asks
                continue
            watched[path] = signature
            flags |= flags_for(path, signature, started_ns)
    if flags & RACY:
        raise _Unsure
    return Seen(watched, absent, folders, is_young=bool(flags & YOUNG))


def _with_targets(path: str) -> Iterator[str]:
    """The path, and while it is a link where that leads."""
    for _ in range(MOST_LINKS):
        yield path
        if not os.path.islink(path):
            return
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise _Unsure(path)
