"""Which package manager a folder's package belongs to."""

from __future__ import annotations

import os
from collections.abc import Iterator

from buildopt.tasks.manifest_files import Reader

LOCKFILES = (
    ("bun.lock", "bun"),
    ("bun.lockb", "bun"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("package-lock.json", "npm"),
    ("npm-shrinkwrap.json", "npm"),
)
"""Lockfile -> the manager that writes it. Where there are several the first counts: npm's is the
one that is left behind when a project moves to another manager."""
MANAGERS = ("npm", "pnpm", "yarn", "bun")


def upwards(directory: str, top: str) -> Iterator[str]:
    """`directory` and the folders above it, up to `top`."""
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if directory == top or parent == directory:
            return
        directory = parent


def repository_of(root: str) -> str:
    """The folder that bounds the search for lockfiles: that of `.git`, else `root`.

    Not the file system's own root: a lockfile left behind in a home folder is nobody's.
    """
    for folder in upwards(root, os.path.abspath(os.sep)):
        if os.path.lexists(os.path.join(folder, ".git")):
            return folder
    return root


def manager_of(folder: str, repository: str, reader: Reader) -> tuple[str, str]:
    """The package manager and what says so: the field first, each from the nearest folder."""
    for above in upwards(folder, repository):
        table = reader.json(os.path.join(above, "package.json")) or {}
        field = table.get("packageManager")
        name = field.partition("@")[0] if isinstance(field, str) else ""
        if name in MANAGERS:
            return name, f"`packageManager` is `{name}`"
    for above in upwards(folder, repository):
        for lockfile, name in LOCKFILES:
            path = os.path.join(above, lockfile)
            if reader.consult(path) and os.path.isfile(path):
                return name, os.path.relpath(path, folder)
    return "npm", "no lockfile"
