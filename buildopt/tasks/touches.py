"""Which recorded input a set of changes touches."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping

from buildopt import globs
from buildopt.model import Observation
from buildopt.tasks.git_changes import Change, Changes

LOCK_FILES: Mapping[str, str] = {
    "package-lock.json": "node_modules",
    "npm-shrinkwrap.json": "node_modules",
    "pnpm-lock.yaml": "node_modules",
    "yarn.lock": "node_modules",
    "bun.lock": "node_modules",
    "bun.lockb": "node_modules",
    "uv.lock": "site-packages",
    "poetry.lock": "site-packages",
    "pdm.lock": "site-packages",
    "Pipfile.lock": "site-packages",
}
"""By name the folder that is installed from it, which git ignores as a rule."""
MANIFESTS = ("buildopt.toml", "pyproject.toml", "package.json", "pnpm-workspace.yaml")
"""What says which tasks there are, and what they run."""
MADE_BY_ITSELF = ("own", "kept")
"""Values of an absence that what the task makes itself does not end."""


class Touches:
    """Changes, made ready to be asked about."""

    def __init__(self, changes: Changes) -> None:
        self._changed = {change.path for change in changes.paths}
        self._came_or_went: dict[str, list[str]] = {}
        """Each path that is there now or was in the base, not both; and the changes that say so."""
        for change in changes.paths:
            for path in _came_or_went(change, changes.base_folders):
                self._came_or_went.setdefault(path, []).append(change.path)
        self._entries: dict[str, list[str]] = {}
        for path in self._came_or_went:
            self._entries.setdefault(os.path.dirname(path), []).append(path)
        self._locks = [
            (os.path.dirname(path).rstrip("/") + "/", f"/{LOCK_FILES[name]}/", path)
            for path in sorted(self._changed)
            if (name := os.path.basename(path)) in LOCK_FILES
        ]
        self._is_below: dict[str, bool] = {"": False, "/": False}
        self._covered: dict[tuple[tuple[str, ...], tuple[str, ...]], str] = {}

    def of_observations(
        self,
        observations: Iterable[Observation],
        own: Container[str],
        before: Container[str],
    ) -> Observation | None:
        """The first one that is touched.

        What a task makes itself (`own`) is none of its inputs; what tasks before it make is as they
        left it, whatever git says of it.
        """
        return next((o for o in observations if self._is_touched(o, own, before)), None)

    def of_lock_files(self, observations: Iterable[Observation]) -> str:
        """A changed lock file from which one of these was installed; empty where there is none."""
        if not self._locks:
            return ""
        for observation in observations:
            subject = observation.subject + "/"
            for folder, installed, path in self._locks:
                if subject.startswith(folder) and installed in subject:
                    return path
        return ""

    def of_manifests(self, directory: str, root: str) -> str:
        """A changed manifest or settings file in `directory` or above it, up to the root."""
        folder = directory
        while folder == root or folder.startswith(root.rstrip("/") + "/"):
            for name in MANIFESTS:
                if (path := os.path.join(folder, name)) in self._changed:
                    return path
            folder = os.path.dirname(folder)
            if folder == "/":
                break
        return ""

    def of_patterns(self, inputs: tuple[str, ...], ignored: tuple[str, ...], root: str) -> str:
        """A changed path that is a declared input; empty where there is none."""
        if not inputs:
            return ""
        asked = (inputs, ignored)
        if asked not in self._covered:
            patterns = [globs.parse(pattern, root) for pattern in inputs]
            left_out = [globs.parse(pattern, root) for pattern in ignored]
            self._covered[asked] = next(
                (
                    path
                    for path in sorted(self._changed)
                    if globs.any_covers(patterns, path) and not globs.any_covers(left_out, path)
                ),
                "",
            )
        return self._covered[asked]

    def _is_touched(
        self, observation: Observation, own: Container[str], before: Container[str]
    ) -> bool:
        kind, subject = observation.kind, observation.subject
        if kind == "environment" or subject in before:
            return False
        if kind == "listing":
            entries = self._entries.get(subject, ())
            return any(not self._is_made(entry, own, before) for entry in entries)
        if subject in self._came_or_went:
            is_own = kind == "absent" and observation.value in MADE_BY_ITSELF
            return not self._is_made(subject, own if is_own else (), before)
        return subject in self._changed or self._is_below_change(os.path.dirname(subject))

    def _is_made(self, path: str, own: Container[str], before: Container[str]) -> bool:
        """Whether a path that came or went did so only by what tasks make."""
        because = self._came_or_went[path]
        return (path in own or path in before) or all(
            each in own or each in before for each in because
        )

    def _is_below_change(self, folder: str) -> bool:
        """Whether it or a folder above it is a changed submodule, or is or was no folder."""
        if folder not in self._is_below:
            above = self._is_below_change(os.path.dirname(folder))
            self._is_below[folder] = above or folder in self._changed
        return self._is_below[folder]


def _came_or_went(change: Change, base_folders: Container[str]) -> Iterator[str]:
    """The path of a change and the folders above it that are not both in the base and here."""
    if change.kind == "changed":
        return
    yield change.path
    folder = os.path.dirname(change.path)
    while folder not in base_folders if change.kind == "added" else not os.path.isdir(folder):
        yield folder
        folder = os.path.dirname(folder)
