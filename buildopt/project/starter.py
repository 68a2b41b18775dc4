"""The text of a first `buildopt.toml`, and a settings file with tasks added at its end.

Nothing of an existing text is changed: in TOML a table may follow at the end, whatever is before
it, so comments and order stay as they are to the last byte.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from buildopt.project.own_tasks import OwnTask

HEAD = """\
# Settings of buildopt. It needs none of them to be right: what a command reads and writes is found
# out by watching it. `buildopt config` shows every value and where it comes from.
# The lines that are commented out show the default, or an example.

# How inputs are found out: auto, seccomp, declared or off.
# observe = "auto"

# Which way the cache is used: read-write, read, write or off.
# cache = "read-write"

# Variables and files that no result depends on; `buildopt explain` tells which one was a miss.
# ignore_env = ["MY_SESSION_*"]
# ignore_input = ["notes/**"]

# A connection to a server outside: uncacheable (the run is not stored), ignore or deny;
# allow_hosts names servers that do not matter.
# network = "uncacheable"
# allow_hosts = ["api.example.com:443"]

# Folders that are a tool's own cache, besides those that are known.
# private = ["build/.tool-cache"]

# The cache is kept within these limits.
# cache_limit = "10 GB"
# cache_max_age_days = 30

# No line of ours after a command.
# quiet = false

# Tasks: `buildopt run NAME` runs one from this folder, whatever folder you are in.
# Where commands cannot be watched, inputs and outputs say what counts.
"""
EXAMPLE = """\
# [tasks.build]
# command = "./build.sh"
# inputs = ["src/**"]
# outputs = ["dist"]
"""
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def new_file(tasks: Sequence[OwnTask], left_out: Sequence[str]) -> str:
    """A commented file: every setting is off, the tasks only give names to commands."""
    text = HEAD
    if left_out:
        names = ", ".join(filter(str.isprintable, left_out))
        text += f"# Left out, since they may stay running or act on something outside: {names}.\n"
    return with_tasks(text, tasks) if tasks else text + "\n" + EXAMPLE


def with_tasks(text: str, tasks: Iterable[OwnTask], tables: tuple[str, ...] = ()) -> str:
    """`text` with the tasks at its end, in the table `tables`.

    Raises ValueError where the TOML has no place for a further table there.
    """
    line_end = "\r\n" if "\r\n" in text else "\n"
    added = [_entry(task, tables) for task in tasks]
    kept = text if not text or text.endswith("\n") else text + line_end
    after = kept + "".join("\n" + entry for entry in added).replace("\n", line_end)
    _require_only_added(text, after, tables, {task.name: task.command for task in tasks})
    return after


def task_names(text: str, tables: tuple[str, ...] = ()) -> frozenset[str]:
    """Names of the tasks in a settings file; raises ValueError for broken TOML."""
    return frozenset(_part(tomllib.loads(text), tables).get("tasks", {}))


def _entry(task: OwnTask, tables: tuple[str, ...]) -> str:
    header = ".".join(_key(name) for name in (*tables, "tasks", task.name))
    return f"# {task.origin}\n[{header}]\ncommand = {_quoted(task.command)}\n"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    """A basic string: its escapes are those of JSON, and DEL needs one too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _require_only_added(
    before: str, after: str, tables: tuple[str, ...], commands: Mapping[str, str]
) -> None:
    """Raise ValueError unless `after` says what `before` does, and the tasks."""
    wanted = tomllib.loads(before)
    tasks = _part(wanted, tables).setdefault("tasks", {})
    tasks.update({name: {"command": command} for name, command in commands.items()})
    if commands and tomllib.loads(after) != wanted:
        raise ValueError("the tasks would not stand where they belong")


def _part(table: dict[str, Any], tables: tuple[str, ...]) -> dict[str, Any]:  # Any: TOML
    for name in tables:
        table = table.setdefault(name, {})
    return table
