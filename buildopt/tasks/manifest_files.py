"""Reads the manifests of packages, each file once, and remembers every path it was asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from buildopt.errors import UsageError
from buildopt.settings.files import content_of

Table = Mapping[str, Any]  # Any: JSON, TOML or YAML
SKIPPED_FOLDERS = ("node_modules", "bower_components")
"""No package manager looks for members in these."""


class Reader:
    """Files and folders as they are now; what cannot be read raises UsageError."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes | None] = {}
        self._tables: dict[str, Table] = {}
        self._folders: dict[str, tuple[str, ...]] = {}

    @property
    def consulted(self) -> tuple[str, ...]:
        """Every path whose appearance or change could change what was read."""
        return (*self._contents, *self._folders)

    def consult(self, path: str) -> bool:
        """Whether something is at `path`, which counts from now on."""
        self._contents.setdefault(path, None)
        return os.path.lexists(path)

    def content(self, path: str) -> bytes | None:
        """All bytes of a regular file, None where there is none."""
        if self._contents.get(path) is None:
            self._contents[path] = _content(path)
        return self._contents[path]

    def json(self, path: str) -> Table | None:
        """The object in a JSON file; None where there is no file."""
        return self._parsed(path, _parse_json)

    def toml(self, path: str) -> Table | None:
        """The tables of a TOML file; None where there is no file."""
        return self._parsed(path, _parse_toml)

    def parsed(self, path: str) -> Table | None:
        """What a file holds, if it was asked for before."""
        return self._tables.get(path)

    def yaml(self, path: str) -> Table | None:
        """The mapping of a YAML file, its scalars as texts; None where there is no file."""
        return self._parsed(path, _parse_yaml)

    def _parsed(self, path: str, parse: Callable[[bytes, str], object]) -> Table | None:
        if path in self._tables:
            return self._tables[path]
        content = self.content(path)
        if content is None:
            return None
        root = parse(content, path)
        self._tables[path] = root if isinstance(root, dict) else {}
        return self._tables[path]

    def folders_in(self, folder: str) -> tuple[str, ...]:
        """Names of the folders in `folder`, sorted, links to folders among them."""
        if folder not in self._folders:
            self._folders[folder] = tuple(sorted(_folders_in(folder)))
        return self._folders[folder]


def unreadable(path: str, why: str) -> UsageError:
    """A manifest that is there and says nothing that can be understood."""
    return UsageError(
        f"cannot read `{path}`: {why}",
        hint="mend it; `buildopt run -- COMMAND` does without it",
        slug="unreadable-manifest",
    )


def _content(path: str) -> bytes | None:
    try:
        return content_of(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise unreadable(path, error.strerror or "it cannot be read") from error


def _parse_json(content: bytes, path: str) -> object:
    import json

    try:
        return json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _broken(path, content, error) from error


def _parse_toml(content: bytes, path: str) -> object:
    import tomllib

    try:
        return tomllib.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise _broken(path, content, error) from error


def _parse_yaml(content: bytes, path: str) -> object:
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        return yaml.load(content.decode("utf-8-sig"), Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise unreadable(path, f"{line}{error.problem}") from error
    except yaml.YAMLError as error:
        raise unreadable(path, str(error).partition("\n")[0]) from error
    except (ValueError, RecursionError) as error:
        raise _broken(path, content, error) from error


def _broken(path: str, content: bytes, error: Exception) -> UsageError:
    from buildopt.settings.mistakes import why_broken

    return unreadable(path, why_broken(content, error))


def _folders_in(folder: str) -> Iterator[str]:
    try:
        entries = os.scandir(folder)
    except OSError:  # gone, or not ours to see: no package manager finds a member there
        return
    with entries:
        for entry in entries:
            name = entry.name
            if not name.startswith(".") and name not in SKIPPED_FOLDERS and entry.is_dir():
                yield name
