"""Workspaces of npm, pnpm, yarn and bun: package.json and pnpm-workspace.yaml."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, cast

from buildopt.tasks.managers import manager_of, upwards
from buildopt.tasks.manifest_files import Reader, Table, unreadable
from buildopt.tasks.member_folders import members_of_npm, members_of_pnpm
from buildopt.tasks.model import Manager, Package, Workspace
from buildopt.tasks.npm_dependencies import internal
from buildopt.tasks.own_settings import own_settings

MANIFEST = "package.json"
PNPM_FILE = "pnpm-workspace.yaml"
JsManager = Literal["npm", "pnpm", "yarn", "bun"]


def find(directory: str, root: str, top: str, reader: Reader) -> Workspace | None:
    """The workspace of `directory`, else the nearest package of the project at `root` alone.

    A workspace above the project counts only where the project is one of its members.
    """
    nearest = ""
    for folder in upwards(directory, top):
        is_inside = folder == root or folder.startswith(root + "/")
        table = reader.json(os.path.join(folder, MANIFEST))
        if table is not None and is_inside and not nearest:
            nearest = folder
        members = _members(folder, table or {}, reader)
        if members is None or not (is_inside or root in members):
            continue
        if nearest in ("", folder, *members):
            return _workspace(folder, members, top, reader)
    return _workspace(nearest, (), top, reader) if nearest else None


def _members(folder: str, table: Table, reader: Reader) -> tuple[str, ...] | None:
    """Folders of the members; None where `folder` is no workspace."""
    path = os.path.join(folder, PNPM_FILE)
    wanted = (reader.yaml(path) or {}).get("packages")
    if wanted is not None:
        patterns = _texts(wanted, path, "packages")
        return _with_manifest(members_of_pnpm(folder, patterns, reader), reader)
    wanted = table.get("workspaces")
    if isinstance(wanted, dict):
        wanted = wanted.get("packages")
    if wanted is None:
        return None
    patterns = _texts(wanted, os.path.join(folder, MANIFEST), "workspaces")
    return _with_manifest(members_of_npm(folder, patterns, reader), reader)


def _texts(value: object, path: str, key: str) -> list[str]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    raise unreadable(path, f"`{key}` is no list of folders")


def _with_manifest(folders: tuple[str, ...], reader: Reader) -> tuple[str, ...]:
    """Those that are packages, links resolved."""
    found = (f for f in folders if reader.content(f"{f}/{MANIFEST}") is not None)
    return tuple(os.path.realpath(f) if os.path.islink(f) else f for f in found)


def _workspace(root: str, members: tuple[str, ...], top: str, reader: Reader) -> Workspace:
    folders = tuple(folder for folder in members if folder != root)
    tables = {folder: reader.json(f"{folder}/{MANIFEST}") or {} for folder in (root, *folders)}
    names = {folder: _name(folder, root, table) for folder, table in tables.items()}
    versions = {names[folder]: _version(tables[folder]) for folder in folders}
    manager = cast("Manager", manager_of(root, top, reader)[0])  # MANAGERS has no other
    if (reader.yaml(os.path.join(root, PNPM_FILE)) or {}).get("packages") is not None:
        manager = "pnpm"

    def package(folder: str) -> Package:
        depends_on = internal(tables[folder], folder, versions, names)
        return _package(names[folder], folder, tables[folder], depends_on, manager, reader)

    return Workspace(
        root=root,
        manager=manager,
        root_package=package(root) if reader.content(f"{root}/{MANIFEST}") is not None else None,
        packages=tuple(package(folder) for folder in folders),
        consulted=reader.consulted,
    )


def _name(folder: str, root: str, table: Table) -> str:
    """The package's name; one without is called by its folder."""
    name = table.get("name")
    if isinstance(name, str) and name:
        return name
    return os.path.basename(folder) if folder == root else os.path.relpath(folder, root)


def _version(table: Table) -> str:
    version = table.get("version")
    return version if isinstance(version, str) else ""


def _package(
    name: str,
    folder: str,
    table: Table,
    depends_on: tuple[str, ...],
    manager: Manager,
    reader: Reader,
) -> Package:
    own = own_settings(folder, reader)
    return Package(
        name=name,
        folder=folder,
        scripts=_scripts(table),
        depends_on=depends_on,
        manager=manager,
        tasks=own.tasks,
        settings=own.settings,
        settings_file=own.file,
    )


def _scripts(table: Table) -> Mapping[str, str]:
    scripts = table.get("scripts")
    if not isinstance(scripts, dict):
        return {}
    return {name: text for name, text in scripts.items() if isinstance(text, str) and name}
