"""The files of a folder that say how the project in it is built and tested."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from glob import glob
from typing import Any

from buildopt.errors import UsageError

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
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""In the order in which make looks for them."""
OWN_PYTHON = ".venv/bin/python"
_RULE = re.compile(r"^([A-Za-z0-9][\w.-]*(?: +[A-Za-z0-9][\w.-]*)*) *::?(?!=)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package.json: its scripts, and the package manager that runs them."""

    scripts: Mapping[str, str]
    manager: str
    manager_from: str
    """What says so: a lockfile, `packageManager`, or `no lockfile`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonProject:
    """A pyproject.toml."""

    has_build_system: bool
    has_pytest: bool
    interpreter: str
    """The project's own, else `python` or `python3`, whichever is on `PATH`."""
    builder: str
    """The interpreter that builds: the project's own only where it has the package `build`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifests:
    """What was found in one folder; None and empty for what is not there."""

    folder: str
    package: Package | None = None
    python: PythonProject | None = None
    makefile: str = ""
    make_targets: frozenset[str] = frozenset()
    has_cargo: bool = False

    @property
    def kinds(self) -> tuple[str, ...]:
        """The names of the files that were found."""
        found = (
            ("package.json", self.package),
            ("pyproject.toml", self.python),
            ("Cargo.toml", self.has_cargo),
            (self.makefile, self.makefile),
        )
        return tuple(name for name, is_there in found if is_there)


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


def read_manifests(folder: str, repository: str, environ: Mapping[str, str]) -> Manifests:
    """What stands in `folder`; raises UsageError for a manifest that cannot be read."""
    makefile = next((name for name in MAKEFILES if _is_file(folder, name)), "")
    return Manifests(
        folder=folder,
        package=_package(folder, repository),
        python=_python(folder, environ),
        makefile=makefile,
        make_targets=_targets(folder, makefile),
        has_cargo=_is_file(folder, "Cargo.toml"),
    )


def _package(folder: str, repository: str) -> Package | None:
    if not _is_file(folder, "package.json"):
        return None
    table = _json(os.path.join(folder, "package.json"))
    scripts = table.get("scripts")
    texts = scripts if isinstance(scripts, dict) else {}
    manager, why = _manager(folder, repository)
    return Package(
        scripts={name: text for name, text in texts.items() if isinstance(text, str)},
        manager=manager,
        manager_from=why,
    )


def _manager(folder: str, repository: str) -> tuple[str, str]:
    """The package manager and what says so: the field first, each from the nearest folder."""
    for above in upwards(folder, repository):
        path = os.path.join(above, "package.json")
        field = _json(path).get("packageManager") if os.path.isfile(path) else None
        name = field.partition("@")[0] if isinstance(field, str) else ""
        if name in MANAGERS:
            return name, f"`packageManager` is `{name}`"
    for above in upwards(folder, repository):
        for lockfile, name in LOCKFILES:
            if _is_file(above, lockfile):
                return name, os.path.relpath(os.path.join(above, lockfile), folder)
    return "npm", "no lockfile"


def _python(folder: str, environ: Mapping[str, str]) -> PythonProject | None:
    if not _is_file(folder, "pyproject.toml"):
        return None
    table = _toml(os.path.join(folder, "pyproject.toml"))
    tool = table.get("tool")
    common = "python" if _is_on_path("python", environ) else "python3"
    is_own = os.access(os.path.join(folder, OWN_PYTHON), os.X_OK)
    return PythonProject(
        has_build_system="build-system" in table,
        has_pytest=isinstance(tool, dict) and "pytest" in tool,
        interpreter=OWN_PYTHON if is_own else common,
        builder=OWN_PYTHON if is_own and _has_build(folder) else common,
    )


def _has_build(folder: str) -> bool:
    """Whether the project's own environment has the package `build`, told without starting it."""
    pattern = os.path.join(".venv", "lib", "python*", "site-packages", "build", "__main__.py")
    return bool(glob(pattern, root_dir=folder))


def _targets(folder: str, makefile: str) -> frozenset[str]:
    """Names of the plain rules of a makefile, without those of what it includes."""
    if not makefile:
        return frozenset()
    try:
        with open(os.path.join(folder, makefile), encoding="utf-8", errors="replace") as file:
            rules = _RULE.findall(file.read())
    except OSError:
        return frozenset()  # make will say it better
    return frozenset(" ".join(rules).split())


def _is_file(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))


def _is_on_path(name: str, environ: Mapping[str, str]) -> bool:
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders if folder)


def _json(path: str) -> Mapping[str, Any]:  # Any: JSON
    import json

    try:
        with open(path, encoding="utf-8-sig") as file:
            table = json.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error
    return table if isinstance(table, dict) else {}


def _toml(path: str) -> Mapping[str, Any]:  # Any: TOML
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: str, error: Exception) -> UsageError:
    return UsageError(
        f"cannot read `{path}`: {getattr(error, 'strerror', None) or error}",
        hint="mend it; `buildopt run -- COMMAND` does without it",
        slug="unreadable-manifest",
    )
