"""Workspaces of uv: `[tool.uv.workspace]`; the tasks of a member are in its own settings."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import Any

from buildopt.tasks.managers import upwards
from buildopt.tasks.manifest_files import Reader, Table, unreadable
from buildopt.tasks.member_folders import members_of_uv
from buildopt.tasks.model import Package, Workspace
from buildopt.tasks.own_settings import own_settings

MANIFEST = "pyproject.toml"
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
"""What a requirement begins with."""


def find(directory: str, root: str, top: str, reader: Reader) -> Workspace | None:
    """The workspace of `directory`; one above the project at `root` counts only where the project
    is one of its members.
    """
    nearest = ""
    for folder in upwards(directory, top):
        is_inside = folder == root or folder.startswith(root + "/")
        content = reader.content(os.path.join(folder, MANIFEST))
        if content is None:
            continue
        if is_inside and not nearest:
            nearest = folder
        members = _members(folder, reader) if b"workspace" in content else None
        if members is None or not (is_inside or root in members):
            continue
        if nearest in ("", folder, *members):
            return _workspace(folder, members, reader)
    return None


@lru_cache(maxsize=4096)
def normalized(name: str) -> str:
    """The name under which PEP 503 takes two for one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _members(folder: str, reader: Reader) -> tuple[str, ...] | None:
    """Folders of the members; None where `folder` is no workspace."""
    path = os.path.join(folder, MANIFEST)
    workspace = _at(reader.toml(path) or {}, "tool", "uv").get("workspace")
    if not isinstance(workspace, dict):
        return None
    members = _texts(workspace.get("members", []), path, "members")
    excluded = _texts(workspace.get("exclude", []), path, "exclude")
    found = members_of_uv(folder, members, excluded, reader)
    packages = (f for f in found if reader.content(f"{f}/{MANIFEST}") is not None)
    return tuple(os.path.realpath(f) if os.path.islink(f) else f for f in packages)


def _workspace(root: str, members: tuple[str, ...], reader: Reader) -> Workspace:
    folders = tuple(folder for folder in members if folder != root)
    tables = {folder: reader.toml(f"{folder}/{MANIFEST}") or {} for folder in (root, *folders)}
    names = {folder: _name(folder, root, table) for folder, table in tables.items()}
    members_by_name = {normalized(names[folder]): names[folder] for folder in folders}

    folders_known = frozenset(folders)
    of_root = _from_workspace(tables[root], root, folders_known)

    def package(folder: str) -> Package:
        sources = of_root | _from_workspace(tables[folder], folder, folders_known)
        own = own_settings(folder, reader)
        return Package(
            name=names[folder],
            folder=folder,
            scripts={},
            depends_on=_internal(tables[folder], sources, names[folder], members_by_name),
            manager="uv",
            tasks=own.tasks,
            settings=own.settings,
            settings_file=own.file,
        )

    return Workspace(
        root=root,
        manager="uv",
        root_package=package(root) if "project" in tables[root] else None,
        packages=tuple(package(folder) for folder in folders),
        consulted=reader.consulted,
    )


def _internal(
    table: Table, sources: Mapping[str, bool], own: str, members: Mapping[str, str]
) -> tuple[str, ...]:
    """Names of members that are required and come from the workspace."""
    wanted = (normalized(name) for name in _required(table))
    found = (members[name] for name in wanted if sources.get(name) and name in members)
    return tuple(dict.fromkeys(name for name in found if name != own))


def _from_workspace(table: Table, folder: str, members: Container[str]) -> dict[str, bool]:
    """For each source that the manifest in `folder` names whether it is of the workspace."""
    sources = _at(table, "tool", "uv", "sources")
    return {
        normalized(name): _is_workspace(source, folder, members) for name, source in sources.items()
    }


def _is_workspace(source: object, folder: str, members: Container[str]) -> bool:
    """Whether a source, or one of several for different platforms, is a member."""
    sources = source if isinstance(source, list) else [source]
    tables = [one for one in sources if isinstance(one, dict)]
    paths = [str(one["path"]) for one in tables if "path" in one]
    return any(one.get("workspace") is True for one in tables) or any(
        os.path.normpath(os.path.join(folder, path)) in members for path in paths
    )


def _required(table: Table) -> Iterator[str]:
    """Names that a pyproject.toml requires, to run, as an extra, to develop or to build."""
    project = _at(table, "project")
    groups = [
        project.get("dependencies"),
        *_at(project, "optional-dependencies").values(),
        *_at(table, "dependency-groups").values(),
        _at(table, "build-system").get("requires"),
    ]
    for group in groups:
        for requirement in group if isinstance(group, list) else ():
            found = _NAME.match(requirement) if isinstance(requirement, str) else None
            if found:
                yield found[1]


def _name(folder: str, root: str, table: Table) -> str:
    """The project's name; one without is called by its folder."""
    name = _at(table, "project").get("name")
    if isinstance(name, str) and name:
        return name
    return os.path.basename(folder) if folder == root else os.path.relpath(folder, root)


def _texts(value: object, path: str, key: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise unreadable(path, f"`tool.uv.workspace.{key}` is no list of folders")


def _at(table: Table, *keys: str) -> dict[str, Any]:  # Any: TOML
    """The table at the end of a path of keys, empty where there is none."""
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return dict(table) if isinstance(table, dict) else {}
