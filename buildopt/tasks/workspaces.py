"""Finds the workspace of a folder, or its single package, by the manifests that are there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from buildopt import settings
from buildopt.errors import UsageError
from buildopt.tasks import npm_workspace, uv_workspace
from buildopt.tasks.managers import repository_of
from buildopt.tasks.manifest_files import Reader
from buildopt.tasks.model import Package, Workspace

ROOT_NAME = "//"
"""What a root's package is called where a member has its name."""


def load_project(
    directory: str, environ: Mapping[str, str]
) -> tuple[settings.Settings, Workspace | None]:
    """What a plan for a call from `directory` is made of: the settings are those of the whole
    workspace, also where the folder's own package has some; these are in the package.
    """
    chosen = settings.load(directory, environ)
    workspace = find_workspace(directory, chosen.root)
    if workspace and len(workspace.root) < len(os.path.realpath(chosen.root)):
        chosen = settings.load(workspace.root, environ)
    return chosen, workspace


def is_member(root: str) -> bool:
    """Whether the project at `root` is a member of a workspace above it, so that even a task of
    its settings that names no dependency comes after those of other members.
    """
    if os.path.lexists(os.path.join(root, ".git")):
        return False  # nothing above it is looked at
    found = find_workspace(root, root)
    return found is not None and found.root != os.path.realpath(root)


def find_workspace(directory: str, root: str) -> Workspace | None:
    """Packages that are seen from `directory` in the project at `root`; None without a manifest.

    A package.json alone is a workspace without members. Where the project is itself a member,
    the workspace is above it (see `load_project`).
    Raises UsageError and SettingsError for manifests and settings that make no sense.
    """
    reader = Reader()
    directory, root = os.path.realpath(directory), os.path.realpath(root)
    top = repository_of(root)
    for folder in (directory, *_between(directory, top)):
        reader.consult(os.path.join(folder, ".git"))
    ours = npm_workspace.find(directory, root, top, reader)
    python = uv_workspace.find(directory, root, top, reader)
    found = _chosen(ours, python)
    if found is None:
        return None
    found = _with_own_root_name(found)
    _require_single_names(found)
    return found._replace(consulted=reader.consulted)


def _between(directory: str, top: str) -> list[str]:
    """The folders above `directory` up to `top`, which bounds the search."""
    found = []
    while directory not in (top, os.path.dirname(directory)):
        directory = os.path.dirname(directory)
        found.append(directory)
    return found


def _chosen(ours: Workspace | None, python: Workspace | None) -> Workspace | None:
    """One with members before one without, then the nearer one; scripts of uv's root are kept."""
    if python is None or (ours and ours.packages and len(ours.root) >= len(python.root)):
        return ours
    if ours is None or ours.packages or ours.root != python.root or not ours.root_package:
        return python
    depends_on = python.root_package.depends_on if python.root_package else ()
    return python._replace(root_package=ours.root_package._replace(depends_on=depends_on))


def _with_own_root_name(found: Workspace) -> Workspace:
    root = found.root_package
    if root is None or all(package.name != root.name for package in found.packages):
        return found
    return found._replace(root_package=root._replace(name=ROOT_NAME))


def _require_single_names(found: Workspace) -> None:
    folders: dict[str, Package] = {}
    for package in found.packages:
        other = folders.setdefault(package.name, package)
        if other is not package:
            places = " and ".join(
                f"`{os.path.relpath(each.folder, found.root)}`" for each in (other, package)
            )
            raise UsageError(
                f"two packages are called `{package.name}`: {places}",
                hint="give one of them another name, or leave it out of the workspace",
                slug="duplicate-package",
            )
