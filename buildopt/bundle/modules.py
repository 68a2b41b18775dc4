"""What the name of a source tells: whose it is, and which copy of which package."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from buildopt.bundle.attribution import NO_SOURCE_NAME
from buildopt.bundle.model import ModuleKind

FOLDER = "node_modules/"
_WAY_TO_PROJECT = re.compile(r"(?:[a-zA-Z][a-zA-Z0-9+.-]+://[^/]*/)?(?:\.{0,2}/+)*")
"""Scheme and namespace, then steps up and down that depend on where the output is."""
_WINDOWS = re.compile(r"^[A-Za-z]:\\|^\.{1,2}\\|node_modules\\")
_GENERATED = re.compile(
    r"\0|(?:^|/)(?:webpack/(?:runtime|bootstrap|startup|universalModuleDefinition|container)"
    r"|rolldown/runtime\.js$|commonjsHelpers\.js$|vite/(?:preload-helper|modulepreload-polyfill))"
)

KNOWN_NAMES = 1 << 17
"""How many names keep their answer: more than a large build has modules."""


class PackageCopy(NamedTuple):
    """A package and the place where it is installed: the path from the first folder on."""

    name: str
    instance: str


def plain_name(source: str) -> str:
    """The name without scheme, namespace, loaders, query and the way up: equal in two builds."""
    name = _with_slashes(source)
    if "!" in name:
        name = name.rpartition("!")[2]
    if name[:1].isalnum() and "://" not in name:
        return name
    way = _WAY_TO_PROJECT.match(name)
    return (name[way.end() :] if way else name) or source


@lru_cache(KNOWN_NAMES)
def package_copy(source: str) -> PackageCopy | None:
    """The package that a source belongs to; None for code that is not installed."""
    path = _with_slashes(source)
    if FOLDER not in path:
        return None
    if "!" in path or "?" in path:
        path = path.rpartition("!")[2].partition("?")[0]
    starts = _starts(path)
    if not starts:
        return None
    parts = path[starts[-1] :].split("/", 2)
    name = "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
    if not name or name.endswith("/"):
        return None
    first = starts[0] - len(FOLDER)
    return PackageCopy(name, path[first : starts[-1]] + name)


def _starts(path: str) -> list[int]:
    """Where in the path a name follows on the folder.

    A module that a plugin made of a file has a zero byte before the path.
    """
    starts = []
    at = path.find(FOLDER)
    while at >= 0:
        if at == 0 or path[at - 1] in "/\0":
            starts.append(at + len(FOLDER))
        at = path.find(FOLDER, at + len(FOLDER))
    return starts


def _with_slashes(source: str) -> str:
    """A path of Windows with `/`; elsewhere a backslash is part of a name."""
    if "\\" not in source:
        return source
    return source.replace("\\", "/") if _WINDOWS.search(source) else source


def kind_of(source: str) -> ModuleKind:
    """Whose code it is."""
    if source == NO_SOURCE_NAME:
        return "generated"
    if package_copy(source):
        return "package"
    return "generated" if _GENERATED.search(source.partition("?")[0]) else "app"


def pinned_by(instance: str) -> str:
    """The package in whose own folder a copy is nested; empty for one at the top."""
    outer, _, _ = instance.rpartition("/" + FOLDER)
    copy = package_copy(outer + "/") if outer and not outer.startswith(FOLDER + ".pnpm") else None
    return copy.name if copy else ""
