"""The files of a folder that say how the project in it is built and tested."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from glob import glob

from buildopt.tasks.managers import manager_of
from buildopt.tasks.manifest_files import Reader

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


def read_manifests(folder: str, repository: str, environ: Mapping[str, str]) -> Manifests:
    """What stands in `folder`; raises UsageError for a manifest that cannot be read."""
    reader = Reader()
    makefile = next((name for name in MAKEFILES if _is_file(folder, name)), "")
    return Manifests(
        folder=folder,
        package=_package(folder, repository, reader),
        python=_python(folder, environ, reader),
        makefile=makefile,
        make_targets=_targets(folder, makefile),
        has_cargo=_is_file(folder, "Cargo.toml"),
    )


def _package(folder: str, repository: str, reader: Reader) -> Package | None:
    table = reader.json(os.path.join(folder, "package.json"))
    if table is None:
        return None
    scripts = table.get("scripts")
    texts = scripts if isinstance(scripts, dict) else {}
    manager, why = manager_of(folder, repository, reader)
    return Package(
        scripts={name: text for name, text in texts.items() if isinstance(text, str)},
        manager=manager,
        manager_from=why,
    )


def _python(folder: str, environ: Mapping[str, str], reader: Reader) -> PythonProject | None:
    table = reader.toml(os.path.join(folder, "pyproject.toml"))
    if table is None:
        return None
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
