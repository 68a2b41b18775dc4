"""Versions of installed packages: from the path, a lock file, or the package's own file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from buildopt.bundle.modules import PackageCopy
from buildopt.bundle.reading import TooLarge, read_whole

LARGEST_LOCK_BYTES = 64_000_000
"""Ten times the largest lock file of a monorepo that we know of."""
LARGEST_PACKAGE_FILE_BYTES = 4_000_000

_PNPM_FOLDER = re.compile(r"(?:^|/)\.pnpm/([^/]+)/node_modules/")
_NPM_KEY = re.compile(r"^\s*\"((?:[^\"\n]*/)?node_modules/[^\"\n]+)\": \{", re.MULTILINE)
_PNPM_KEY = re.compile(r"^ {2}['\"]?/?((?:@[^/@\s]+/)?[^/@\s]+)[@/]([^(_'\":\s]+)", re.MULTILINE)
_YARN_ENTRY = re.compile(
    r"^\"?((?:@[^/@\s]+/)?[^@\s\"]+)@[^\n]*:\n {2}version:? \"?([^\"\s]+)", re.MULTILINE
)


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """What lock files say: by the place of a copy, and by name where only names are locked."""

    by_place: Mapping[str, str]
    by_name: Mapping[str, frozenset[str]]
    lines: Mapping[str, str]
    """Place, or `NAME@VERSION` where only names are locked -> `LOCKFILE:LINE`."""
    folders: tuple[str, ...]
    """Folders under which packages may be installed."""

    def version_of(self, copy: PackageCopy) -> str | None:
        """The version of a copy, or None where nothing tells it for certain."""
        return (
            _version_in_path(copy)
            or self._locked_place(copy.instance)
            or _version_on_disk(copy, self.folders)
            or _only(self.by_name.get(copy.name, frozenset()))
        )

    def line_of(self, copy: PackageCopy, version: str | None) -> str | None:
        """Where a lock file says so: `package-lock.json:88`; None where none does for certain."""
        return _at(self.lines, copy.instance) or self.lines.get(f"{copy.name}@{version}")

    def _locked_place(self, instance: str) -> str | None:
        return _at(self.by_place, instance)


def read_versions(folders: Iterable[str]) -> Versions:
    """The lock files that stand in these folders; the first of each kind counts."""
    by_place: dict[str, str] = {}
    by_name: dict[str, set[str]] = {}
    lines: dict[str, str] = {}
    folders = tuple(folders)
    for folder in folders:
        for name, reader in _READERS.items():
            try:
                text = read_whole(os.path.join(folder, name), LARGEST_LOCK_BYTES).decode()
            except (OSError, TooLarge, UnicodeDecodeError):
                continue
            locked = reader(text)
            by_place = {**locked.places, **by_place}
            for package, version in locked.names:
                by_name.setdefault(package, set()).add(version)
            lines = {**{key: f"{name}:{line}" for key, line in locked.lines.items()}, **lines}
    named = {name: frozenset(found) for name, found in by_name.items()}
    return Versions(by_place=by_place, by_name=named, lines=lines, folders=folders)


class _Locked(NamedTuple):
    """Versions by place, pairs of name and version, and the lines where they stand."""

    places: dict[str, str]
    names: list[tuple[str, str]]
    lines: dict[str, int]


def _npm(text: str) -> _Locked:
    try:
        lock = json.loads(text)
    except (ValueError, RecursionError):
        return _Locked({}, [], {})
    packages = lock.get("packages") if isinstance(lock, dict) else None
    if isinstance(packages, dict):
        places = {place: found for place in packages if (found := _npm_version(packages, place))}
        lines = {found[1]: line for line, found in _numbered(_NPM_KEY, text)}
        return _Locked(places, [], lines)
    return _Locked(dict(_nested_npm(lock, "")) if isinstance(lock, dict) else {}, [], {})


def _numbered(pattern: re.Pattern[str], text: str) -> Iterator[tuple[int, re.Match[str]]]:
    """What is found, each with the number of its line."""
    line, reached = 1, 0
    for found in pattern.finditer(text):
        line += text.count("\n", reached, found.start(1))
        reached = found.start(1)
        yield line, found


def _npm_version(packages: Mapping[str, Any], place: str) -> str:  # Any: JSON
    """The version at a place; of a link, that of what it leads to."""
    entry = packages[place]
    if isinstance(entry, dict) and entry.get("link"):
        entry = packages.get(str(entry.get("resolved")))
    version = entry.get("version") if isinstance(entry, dict) else None
    return version if isinstance(version, str) else ""


def _nested_npm(lock: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:  # Any: JSON
    """The first version of the format: dependencies inside of dependencies."""
    dependencies = lock.get("dependencies")
    for name, entry in dependencies.items() if isinstance(dependencies, dict) else ():
        if isinstance(entry, dict):
            place = f"{prefix}node_modules/{name}"
            if isinstance(entry.get("version"), str):
                yield place, entry["version"]
            yield from _nested_npm(entry, place + "/")


def _pnpm(text: str) -> _Locked:
    _, _, packages = text.partition("\npackages:")
    offset = text.count("\n", 0, len(text) - len(packages))
    return _named(_PNPM_KEY, packages, offset)


def _yarn(text: str) -> _Locked:
    return _named(_YARN_ENTRY, text, 0)


def _named(pattern: re.Pattern[str], text: str, offset: int) -> _Locked:
    """What a lock file tells by names and versions alone."""
    rows = [(found[1], found[2], line + offset) for line, found in _numbered(pattern, text)]
    lines = {f"{name}@{version}": line for name, version, line in reversed(rows)}
    return _Locked({}, [(name, version) for name, version, _ in rows], lines)


_READERS = {
    "package-lock.json": _npm,
    "npm-shrinkwrap.json": _npm,
    "pnpm-lock.yaml": _pnpm,
    "yarn.lock": _yarn,
}


def _version_in_path(copy: PackageCopy) -> str | None:
    """pnpm's folder `.pnpm/@scope+name@1.2.3_peers/` tells it."""
    folders = _PNPM_FOLDER.findall(copy.instance)
    prefix = copy.name.replace("/", "+") + "@"
    if not folders or not folders[-1].startswith(prefix):
        return None
    return re.split(r"[_(]", folders[-1][len(prefix) :], maxsplit=1)[0] or None


def _version_on_disk(copy: PackageCopy, folders: Iterable[str]) -> str | None:
    if ".." in copy.instance.split("/"):
        return None
    for folder in folders:
        path = os.path.join(folder, copy.instance, "package.json")
        try:
            package = json.loads(read_whole(path, LARGEST_PACKAGE_FILE_BYTES))
        except (OSError, ValueError, TooLarge, RecursionError):
            continue
        version = package.get("version") if isinstance(package, dict) else None
        if isinstance(version, str) and package.get("name") == copy.name:
            return version
    return None


def _at(known: Mapping[str, str], instance: str) -> str | None:
    """What is known of a place; a workspace's own folder may stand before it."""
    if instance in known:
        return known[instance]
    end = "/" + instance
    return _only({value for place, value in known.items() if place.endswith(end)})


def _only(found: Iterable[str]) -> str | None:
    """The one value, if there is exactly one."""
    values = set(found)
    return values.pop() if len(values) == 1 else None
