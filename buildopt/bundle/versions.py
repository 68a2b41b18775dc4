"""Versions of installed packages: from the path, a lock file, or the package's own file."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from buildopt.bundle.modules import PackageCopy
from buildopt.bundle.reading import TooLarge, read_whole

LARGEST_LOCK_BYTES = 64_000_000
"""Ten times the largest lock file of a monorepo that we know of."""
LARGEST_PACKAGE_FILE_BYTES = 4_000_000

_PNPM_FOLDER = re.compile(r"(?:^|/)\.pnpm/([^/]+)/node_modules/")
_PNPM_KEY = re.compile(r"^ {2}['\"]?/?((?:@[^/@\s]+/)?[^/@\s]+)[@/]([^(_'\":\s]+)", re.MULTILINE)
_YARN_ENTRY = re.compile(
    r"^\"?((?:@[^/@\s]+/)?[^@\s\"]+)@[^\n]*:\n {2}version:? \"?([^\"\s]+)", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What lock files say: by the place of a copy, and by name where only names are locked."""

    by_place: Mapping[str, str]
    by_name: Mapping[str, frozenset[str]]
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

    def _locked_place(self, instance: str) -> str | None:
        if instance in self.by_place:
            return self.by_place[instance]
        end = "/" + instance  # a workspace's own folder stands before
        return _only({v for place, v in self.by_place.items() if place.endswith(end)})


def read_versions(folders: Iterable[str]) -> Versions:
    """The lock files that stand in these folders; the first of each kind counts."""
    by_place: dict[str, str] = {}
    by_name: dict[str, set[str]] = {}
    folders = tuple(folders)
    for folder in folders:
        for name, reader in _READERS.items():
            try:
                text = read_whole(os.path.join(folder, name), LARGEST_LOCK_BYTES).decode()
            except (OSError, TooLarge, UnicodeDecodeError):
                continue
            places, names = reader(text)
            by_place = {**places, **by_place}
            for package, version in names:
                by_name.setdefault(package, set()).add(version)
    named = {name: frozenset(found) for name, found in by_name.items()}
    return Versions(by_place=by_place, by_name=named, folders=folders)


_Locked = tuple[dict[str, str], list[tuple[str, str]]]
"""Versions by place, and pairs of name and version."""


def _npm(text: str) -> _Locked:
    try:
        lock = json.loads(text)
    except (ValueError, RecursionError):
        return {}, []
    packages = lock.get("packages") if isinstance(lock, dict) else None
    if isinstance(packages, dict):
        return {place: found for place in packages if (found := _npm_version(packages, place))}, []
    return dict(_nested_npm(lock, "")) if isinstance(lock, dict) else {}, []


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
    return {}, _PNPM_KEY.findall(packages)


def _yarn(text: str) -> _Locked:
    return {}, _YARN_ENTRY.findall(text)


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


def _only(found: Iterable[str]) -> str | None:
    """The one value, if there is exactly one."""
    values = set(found)
    return values.pop() if len(values) == 1 else None
