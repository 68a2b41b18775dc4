"""The tasks that a project has already, by its manifests, as entries for the settings."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from buildopt.project.manifests import Manifests
from buildopt.project.own_build import builds_of

COMPUTING = frozenset((
    "build", "bundle", "check", "checks", "compile", "coverage", "doc", "docs", "generate", "lint",
    "test", "tests", "tsc", "type", "typecheck", "types", "typings", "unit",
))  # fmt: skip
"""First words of names of scripts that compute something from files and end."""
ACTING = frozenset((
    "clean", "commit", "debug", "deploy", "dev", "fix", "format", "install", "open", "preview",
    "publish", "push", "release", "serve", "server", "start", "ui", "update", "upload", "watch",
    "write",
))  # fmt: skip
"""Words in the names of scripts that stay running, ask, or change more than their outputs: a
script whose name has one is never taken over, since a hit would leave its doing out."""
STAYING = "--watch"
"""In the text of a script: it stays running, whatever its name is."""
_LONGEST_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTask:
    """A task as it would stand in the settings."""

    name: str
    command: str
    origin: str
    """Where it was found, for the comment above it."""


def tasks_of(manifests: Manifests) -> tuple[OwnTask, ...]:
    """All of them, the builds first; of two with one name the later gets its tool's name too."""
    found: dict[str, OwnTask] = {}
    for task, tool in (*_builds(manifests), *_scripts(manifests), *_others(manifests)):
        if any(known.command == task.command for known in found.values()):
            continue
        name = task.name if task.name not in found else f"{task.name}-{tool}"
        found.setdefault(name, OwnTask(name=name, command=task.command, origin=task.origin))
    return tuple(found.values())


def left_out(manifests: Manifests) -> tuple[str, ...]:
    """Names of the scripts that are no tasks."""
    scripts = manifests.package.scripts if manifests.package else {}
    return tuple(name for name, text in scripts.items() if not _ends(name, text))


def _builds(manifests: Manifests) -> list[tuple[OwnTask, str]]:
    return [
        (
            OwnTask(name="build", command=shlex.join(build.words), origin=_shown(build.why)),
            "python" if build.source == "pyproject.toml" else build.words[0],
        )
        for build in builds_of(manifests)
    ]


def _scripts(manifests: Manifests) -> list[tuple[OwnTask, str]]:
    package = manifests.package
    if package is None:
        return []
    return [
        (
            OwnTask(
                name=name,
                command=shlex.join((package.manager, "run", name)),
                origin=_shown(f"package.json: {text}"),
            ),
            package.manager,
        )
        for name, text in package.scripts.items()
        if _ends(name, text)
    ]


def _others(manifests: Manifests) -> list[tuple[OwnTask, str]]:
    found = []
    if manifests.python and manifests.python.has_pytest:
        command = shlex.join((manifests.python.interpreter, "-m", "pytest"))
        found.append((OwnTask(name="test", command=command, origin="pyproject.toml"), "python"))
    if manifests.has_cargo:
        found.append((OwnTask(name="test", command="cargo test", origin="Cargo.toml"), "cargo"))
    for target in sorted(filter(_computes, manifests.make_targets)):
        task = OwnTask(name=target, command=f"make {target}", origin=manifests.makefile)
        found.append((task, "make"))
    return found


def _ends(name: str, text: str) -> bool:
    return _computes(name) and STAYING not in text


def _computes(name: str) -> bool:
    words = re.split(r"[^a-z]+", name.lower())
    return words[0] in COMPUTING and not ACTING.intersection(words)


def _shown(text: str) -> str:
    """One line of it, which a comment can hold."""
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= _LONGEST_SHOWN else line[: _LONGEST_SHOWN - 1] + "…"
