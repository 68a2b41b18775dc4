"""`buildopt init`: a commented settings file from what the project is."""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from buildopt import settings
from buildopt.cache import files
from buildopt.cli.call import working_directory
from buildopt.cli.words import tell
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.project.manifests import Manifests, read_manifests
from buildopt.project.own_tasks import OwnTask, left_out, tasks_of
from buildopt.project.starter import new_file, task_names, with_tasks
from buildopt.quantities import counted
from buildopt.tasks.managers import repository_of

EPILOG = """\b
Examples:
  buildopt init                  write buildopt.toml, or add the tasks that it lacks
  buildopt init --dry-run        show what would be written
  buildopt init --force          begin buildopt.toml anew
"""
OWN_FILE = "buildopt.toml"
TABLES: Mapping[str, tuple[str, ...]] = {OWN_FILE: (), "pyproject.toml": ("tool", "buildopt")}
"""Settings files that can be edited -> the table in them that is ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A settings file as it is and as it will be."""

    path: str
    before: str
    after: str
    added: tuple[OwnTask, ...]
    kinds: tuple[str, ...]
    """The manifests that were seen."""


@click.command("init", epilog=EPILOG)
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--force", is_flag=True, help="Write buildopt.toml anew over one that is there.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
def command(dry_run: bool, force: bool, as_json: bool) -> None:
    """Write a commented buildopt.toml at the project's root, with the project's own tasks.

    Nothing changes by it: every setting is commented out, and a task only gives a name to a
    command. Scripts that stay running or act on something outside are left out. Where the
    project has a buildopt.toml or a [tool.buildopt] already, the tasks that it lacks are added at
    its end and all the rest stays as it is; a second call changes nothing.
    """
    plan = _plan(working_directory(), os.environ, force=force)
    if not dry_run and plan.after != plan.before:
        _write(plan)
    if as_json:
        click.echo(json.dumps(_object(plan, dry_run=dry_run)))
        return
    if dry_run:
        click.echo(_difference(plan), nl=False)
    for line in _told(plan, dry_run=dry_run):
        tell(line)


def _plan(directory: str, environ: Mapping[str, str], *, force: bool) -> Plan:
    root, _ = settings.find_root(directory)
    is_anew = force and os.path.exists(os.path.join(root, OWN_FILE))
    chosen = None if is_anew else settings.load(directory, environ)
    name = _settings_file(root, chosen.file if chosen else "")
    path = os.path.join(root, name)
    seen = read_manifests(root, repository_of(root), environ)
    before = _text(path)
    if is_anew or not before:
        added = tasks_of(seen)
        after = new_file(added, left_out(seen))
        return Plan(path=path, before=before, after=after, added=added, kinds=seen.kinds)
    added = _missing(seen, before, TABLES[name], chosen)
    try:
        after = with_tasks(before, added, TABLES[name])
    except ValueError as error:
        raise UsageError(
            f"cannot add tasks to `{path}`: its tasks stand in an inline table",
            hint="write each task as a table of its own, [tasks.NAME]",
            slug="settings-not-edited",
        ) from error
    return Plan(path=path, before=before, after=after, added=added, kinds=seen.kinds)


def _settings_file(root: str, loaded: str) -> str:
    """The name of the file at `root` to write; raises UsageError where settings are elsewhere."""
    if os.path.lexists(os.path.join(root, OWN_FILE)):
        return OWN_FILE
    is_the_projects = os.path.dirname(loaded) == root
    name = os.path.basename(loaded) if is_the_projects else OWN_FILE
    if name not in TABLES:
        raise UsageError(
            f"cannot edit the settings in `{loaded}`: it cannot hold comments",
            hint=f"move what stands under `buildopt` there to `{OWN_FILE}`",
            slug="settings-not-edited",
        )
    return name


def _missing(
    seen: Manifests, text: str, tables: tuple[str, ...], chosen: settings.Settings | None
) -> tuple[OwnTask, ...]:
    """The project's tasks whose name and command the settings do not have yet."""
    names = task_names(text, tables)
    commands = {task.command for task in chosen.tasks} if chosen else set()
    return tuple(
        task
        for task in tasks_of(seen)
        if task.name not in names and tuple(shlex.split(task.command)) not in commands
    )


def _text(path: str) -> str:
    try:
        return files.read(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _trouble("read", path, error) from error


def _write(plan: Plan) -> None:
    """Write the file whole; a link stays, and so does the mode."""
    path = os.path.realpath(plan.path)
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode) if plan.before else 0o644
        files.publish(path, plan.after.encode(), mode)
    except OSError as error:
        raise _trouble("write", plan.path, error) from error


def _trouble(what: str, path: str, error: OSError) -> UsageError:
    return UsageError(
        f"cannot {what} `{path}`: {error.strerror}",
        hint="`buildopt init --dry-run` shows what belongs there",
        slug="settings-not-edited",
    )


def _object(plan: Plan, *, dry_run: bool) -> dict[str, Any]:  # Any: JSON
    return {
        "schema": SCHEMA,
        "file": plan.path,
        "changed": plan.after != plan.before,
        "created": not plan.before,
        "dry_run": dry_run,
        "manifests": plan.kinds,
        "added": [{"task": task.name, "command": task.command} for task in plan.added],
    }


def _difference(plan: Plan) -> str:
    import difflib

    lines = difflib.unified_diff(
        plan.before.splitlines(keepends=True),
        plan.after.splitlines(keepends=True),
        plan.path if plan.before else os.devnull,
        plan.path,
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def _told(plan: Plan, *, dry_run: bool) -> list[str]:
    if plan.after == plan.before:
        return [f"buildopt: `{plan.path}` lacks nothing; it stays as it is"]
    done = "would be written" if dry_run else "written"
    tasks = counted(len(plan.added), "task")
    seen = f" from {', '.join(plan.kinds)}" if plan.kinds else ": no manifest was found here"
    told = [f"buildopt: `{plan.path}` {done}, with {tasks}{seen}"]
    if plan.added and not dry_run:
        told.append(f"hint: `buildopt run {plan.added[0].name}` runs `{plan.added[0].command}`")
    return told
