"""The command that builds a project, by its manifests."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from buildopt.project.manifests import Manifests

SHELL = ("/bin/sh", "-c")
"""How the settings have the command of a task that only a shell understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBuild:
    """One way to build the project of a folder."""

    words: tuple[str, ...]
    folder: str
    source: str
    """The file that it is taken from."""
    why: str


def builds_of(manifests: Manifests) -> tuple[OwnBuild, ...]:
    """Every way to build that the folder has, the one to be chosen first."""
    return tuple(build for find in _FINDERS if (build := find(manifests)) is not None)


def with_arguments(words: tuple[str, ...], arguments: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a command with further arguments, as npm's scripts take them."""
    if not arguments:
        return words
    if words[:2] == SHELL:
        return (*SHELL, f"{words[2]} {shlex.join(arguments)}")
    # npm alone takes options before a `--` for its own.
    return words + (("--",) if words[:2] == ("npm", "run") else ()) + arguments


def lacking(manifests: Manifests) -> tuple[str, ...]:
    """The manifests that are there and say nothing of a build, in words."""
    found = []
    if manifests.package and _from_package(manifests) is None:
        found.append("package.json has no script `build`")
    if manifests.python and _from_python(manifests) is None:
        found.append("pyproject.toml has no [build-system]")
    return tuple(found)


def _from_package(manifests: Manifests) -> OwnBuild | None:
    package = manifests.package
    if package is None or "build" not in package.scripts:
        return None
    return OwnBuild(
        words=(package.manager, "run", "build"),
        folder=manifests.folder,
        source="package.json",
        why=f"`scripts.build` of package.json, {package.manager} by {package.manager_from}",
    )


def _from_python(manifests: Manifests) -> OwnBuild | None:
    python = manifests.python
    if python is None or not python.has_build_system:
        return None
    return OwnBuild(
        words=(python.builder, "-m", "build", "-n"),
        folder=manifests.folder,
        source="pyproject.toml",
        why="[build-system] of pyproject.toml",
    )


def _from_cargo(manifests: Manifests) -> OwnBuild | None:
    if not manifests.has_cargo:
        return None
    return OwnBuild(
        words=("cargo", "build"), folder=manifests.folder, source="Cargo.toml", why="Cargo.toml"
    )


def _from_makefile(manifests: Manifests) -> OwnBuild | None:
    if not manifests.makefile:
        return None
    has_target = "build" in manifests.make_targets
    target = "the target `build`" if has_target else "the first target"
    return OwnBuild(
        words=("make", "build") if has_target else ("make",),
        folder=manifests.folder,
        source=manifests.makefile,
        why=f"{target} of {manifests.makefile}",
    )


_FINDERS: tuple[Callable[[Manifests], OwnBuild | None], ...] = (
    _from_package,
    _from_python,
    _from_cargo,
    _from_makefile,
)
