"""Which folders are watched: where the recorded inputs are, and the project's own."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.model import Observation
from buildopt.watch.ignores import Ignores, is_editor_name


class Inputs(NamedTuple):
    """What a run looked at, below the project's root."""

    subjects: frozenset[str] = frozenset()
    """Files, links and paths where nothing was."""
    listed: frozenset[str] = frozenset()
    """Folders whose names count."""
    folders: frozenset[str] = frozenset()
    """Where changes of all these are seen, with every folder above them up to the root.

    Also those that are not there yet: a path that was looked for in vain may come with them.
    """
    outside: frozenset[str] = frozenset()
    """Subjects that are not below the root, which no watch covers."""


def inputs_of(observations: Iterable[Observation], root: str) -> Inputs:
    """What to watch for; looks at the disk where a path is a link."""
    subjects: set[str] = set()
    listed: set[str] = set()
    folders: set[str] = set()
    outside: set[str] = set()
    prefix = root.rstrip("/") + "/"
    for kind, subject, *_ in observations:
        if kind == "environment":
            continue
        if subject != root and not subject.startswith(prefix):
            outside.add(subject)
            continue
        if kind == "listing":
            listed.add(subject)
            folders.add(subject)
        else:
            subjects.add(subject)
            folders.add(os.path.dirname(subject))
        if kind == "link":
            folders.add(os.path.realpath(subject))
    return Inputs(
        subjects=frozenset(subjects),
        listed=frozenset(listed),
        folders=frozenset(_with_those_above(folders, root)),
        outside=frozenset(outside),
    )


class Wanted:
    """Says of each folder whether it is watched, and of each path whether it may matter."""

    def __init__(self, root: str, ignores: Ignores, inputs: Inputs) -> None:
        self.root = root
        self.ignores = ignores
        self.inputs = inputs

    def is_wanted(self, folder: str) -> bool:
        """Whether a folder below the root is to be watched."""
        return folder in self.inputs.folders or not self.ignores.is_ignored(folder)

    def may_matter(self, path: str) -> bool:
        """Whether a change of `path` is worth a check. It decides nothing else."""
        inputs = self.inputs
        if path in inputs.subjects or path in inputs.folders:
            return True
        above, name = os.path.split(path)
        if above in inputs.listed:
            return not is_editor_name(name)
        return not self.ignores.is_ignored_file(path)


def own_paths(root: str, ignores: Ignores) -> Iterator[str]:
    """All files and folders of a project that nobody ignores."""
    for folder, names, files in os.walk(root):
        yield folder
        names[:] = [name for name in names if not ignores.is_ignored(os.path.join(folder, name))]
        for name in files:
            path = os.path.join(folder, name)
            if not ignores.is_ignored_file(path):
                yield path


def _with_those_above(folders: Iterable[str], root: str) -> Iterator[str]:
    prefix = root.rstrip("/") + "/"
    seen: set[str] = set()
    for folder in folders:
        while folder not in seen and (folder == root or folder.startswith(prefix)):
            seen.add(folder)
            yield folder
            folder = os.path.dirname(folder)
