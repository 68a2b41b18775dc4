"""Which folder is the project's root, and which file its settings are in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from buildopt.errors import SettingsError
from buildopt.settings.files import PACKAGE_JSON, PYPROJECT, Part, read_part

PROJECT_FILES = ("buildopt.toml", PYPROJECT, PACKAGE_JSON)
ROOT_FILES = PROJECT_FILES[:1]
"""A folder that holds one of these is a project's root, whatever else is in it."""
USER_FILE = "buildopt/buildopt.toml"
"""Below `XDG_CONFIG_HOME` or `~/.config`."""


class Place(NamedTuple):
    """A project as seen from one of its folders."""

    root: str
    consulted: tuple[str, ...]
    """Every path whose appearance or change could move the root or the settings."""
    part: Part | None = None
    trouble: SettingsError | None = None
    """Why the settings of the root cannot be read, if so."""


def find_root(directory: str) -> tuple[str, tuple[str, ...]]:
    """Project's root for `directory`, and every path whose appearance could move it.

    The nearest folder with settings of ours, else the git root, else `directory` itself.
    """
    place = find_place(directory)
    return place.root, place.consulted


def find_place(directory: str) -> Place:
    """The project of `directory`; its settings may be broken."""
    consulted: list[str] = []
    for folder in _upwards(directory):
        marker = os.path.join(folder, ".git")
        is_git_root = os.path.lexists(marker)
        consulted += [os.path.join(folder, name) for name in PROJECT_FILES]
        if not is_git_root:
            consulted.append(marker)
        try:
            part = part_in(folder, is_here=folder == directory)
        except SettingsError as error:
            return Place(folder, tuple(consulted), trouble=error)
        if part or is_git_root:
            return Place(folder, tuple(consulted), part)
    return Place(directory, tuple(consulted))


def user_file(environ: Mapping[str, str]) -> str:
    """Path of the user's own settings, there or not; empty where the user has no place."""
    base = environ.get("XDG_CONFIG_HOME") or os.path.join(environ.get("HOME", ""), ".config")
    return os.path.join(base, USER_FILE) if base.startswith("/") else ""


def part_in(folder: str, *, is_here: bool) -> Part | None:
    """The settings in one folder; messages call a file of the working directory by its name."""
    for name in PROJECT_FILES:
        path = os.path.join(folder, name)
        if os.path.lexists(path):
            part = read_part(path, shown=name if is_here else path)
            if part:
                return part
    return None


def _upwards(directory: str) -> Iterator[str]:
    while True:
        yield directory
        parent = os.path.dirname(directory)
        if parent == directory:
            return
        directory = parent
