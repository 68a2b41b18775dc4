"""Which build `buildopt build` runs, and how it says so."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from buildopt import settings
from buildopt.errors import CommandNotFound, UsageError
from buildopt.execute.program import candidates
from buildopt.project.manifests import read_manifests
from buildopt.project.own_build import OwnBuild, builds_of, lacking, with_arguments
from buildopt.tasks.managers import MANAGERS, repository_of, upwards

TASK = "build"
"""The task of the settings that comes before whatever the manifests say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What will be run, and how to say so."""

    run_words: tuple[str, ...]
    """What stands behind the options of `buildopt run`."""
    folder: str
    told: tuple[str, ...]


def choose(
    chosen: settings.Settings,
    directory: str,
    arguments: tuple[str, ...],
    environ: Mapping[str, str],
) -> Choice:
    """The task `build`, else what the manifests say; raises BuildoptError where there is none."""
    if any(task.name == TASK for task in chosen.tasks):
        return _the_task(chosen, arguments)
    first, *others = _own_builds(chosen.root, directory, environ)
    build = with_arguments(first.words, arguments)
    _require_program(first, environ)
    place = os.path.relpath(first.folder, directory)
    where = "" if place == "." else f" in `{place}`"
    told = [f"buildopt: the build is `{shlex.join(build)}`{where}: {first.why}"]
    if others:
        other = shlex.join(others[0].words)
        named = " and ".join(f"`{shlex.join(other.words)}` ({other.why})" for other in others)
        told.append(
            f"hint: there is {named} too. `buildopt run -- {other}` runs that, and `command = "
            f'"{other}"` under [tasks.build] in buildopt.toml makes it the build'
        )
    return Choice(run_words=("--", *build), folder=first.folder, told=tuple(told))


def _the_task(chosen: settings.Settings, arguments: tuple[str, ...]) -> Choice:
    task = settings.task_named(chosen, TASK)
    words = with_arguments(task.command, arguments)
    if arguments and task != settings.TaskSettings(name=TASK, command=task.command):
        raise UsageError(
            f"the task `{TASK}` takes no arguments, since it says more than its command",
            hint=f"with them it is another one: buildopt run -- {shlex.join(words)}",
            slug="task-arguments",
        )
    return Choice(
        run_words=("--", *words) if arguments else (TASK,),
        folder=chosen.root,
        told=(f"buildopt: the build is `{shlex.join(words)}`: [tasks.{TASK}] of the settings",),
    )


def _own_builds(root: str, directory: str, environ: Mapping[str, str]) -> tuple[OwnBuild, ...]:
    """The builds of the nearest folder that has one; raises UsageError where none has."""
    repository = repository_of(root)
    seen: list[str] = []
    for folder in upwards(directory, root):
        manifests = read_manifests(folder, repository, environ)
        if found := builds_of(manifests):
            return found
        seen += lacking(manifests)
    raise UsageError(
        f"no build found in `{directory}`" + (f": {'; '.join(seen)}" if seen else ""),
        hint="looked for [tasks.build] in the settings, `scripts.build` in package.json, "
        "[build-system] in pyproject.toml, Cargo.toml and a makefile, here and up to "
        f"`{root}`; `buildopt run -- COMMAND` runs any command",
        slug="no-build",
    )


def _require_program(build: OwnBuild, environ: Mapping[str, str]) -> None:
    """Say what is missing better than `run` can, which knows but the name."""
    name = build.words[0]
    paths = candidates(name, environ)
    if any(os.path.exists(os.path.join(build.folder, path)) for path in paths):
        return
    hint = f"install `{name}`, or put its folder on `PATH`"
    if name in MANAGERS and name != "npm":
        hint += "; or build with another one: buildopt run -- npm run build"
    raise CommandNotFound(
        f"cannot find `{name}`, which builds this project ({build.why})",
        hint=hint,
        slug="command-not-found",
    )
