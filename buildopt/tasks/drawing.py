"""A plan as text for a terminal, as JSON, and as DOT for graphviz."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from buildopt.phrases import printable
from buildopt.tasks.model import GraphTask, Plan

SCHEMA = 1
LONGEST_COMMAND = 48
"""Characters of a command in the text: enough to know it again."""
MOST_NAMED = 4
"""Dependencies that a line of the text names; JSON and DOT have all of them."""


def as_text(plan: Plan) -> str:
    """One line a task, under the number of its level: what is on one level can run at once."""
    levels = _levels(plan.tasks)
    at = {task.id: place for place, task in enumerate(plan.tasks)}
    tasks = sorted(plan.tasks, key=lambda task: (levels[task.id], at[task.id]))
    rows, level = [], 0
    for task in tasks:
        number = str(levels[task.id]) if levels[task.id] != level else ""
        level = levels[task.id]
        folder = _below(plan.root, task.settings.directory)
        cells = (number, task.id, folder, _command(task), _remark(task))
        rows.append(tuple(map(printable, cells)))
    return "".join(f"{line}\n" for line in _aligned(rows))


def as_json(plan: Plan) -> str:
    """One object: `schema`, `root`, `requested`, and `tasks` in the order of the plan.

    `directory` is relative to the root; `depends_on` has the ids of all that come before.
    """
    import json

    tasks = [
        {
            "id": task.id,
            "name": task.name,
            "package": task.package,
            "command": list(task.settings.command),
            "directory": _below(plan.root, task.settings.directory),
            "depends_on": list(task.depends_on),
            "persistent": task.is_persistent,
        }
        for task in plan.tasks
    ]
    found = {"schema": SCHEMA, "root": plan.root, "requested": list(plan.requested)}
    return json.dumps(found | {"tasks": tasks}) + "\n"


def as_dot(plan: Plan) -> str:
    """A directed graph whose arrows lead from a task to what it depends on."""
    lines = ["digraph buildopt {", "  rankdir=RL;", "  node [shape=box];"]
    for task in plan.tasks:
        style = " [style=dashed]" if task.is_persistent else ""
        lines.append(f"  {_quoted(task.id)}{style};")
    for task in plan.tasks:
        lines += (f"  {_quoted(task.id)} -> {_quoted(before)};" for before in task.depends_on)
    return "\n".join([*lines, "}"]) + "\n"


FORMS: Mapping[str, Callable[[Plan], str]] = {"text": as_text, "json": as_json, "dot": as_dot}
"""What `--graph=FORM` prints."""


def _levels(tasks: Iterable[GraphTask]) -> dict[str, int]:
    """For each task one more than the highest of those that it depends on."""
    levels: dict[str, int] = {}
    for task in tasks:
        levels[task.id] = 1 + max((levels[before] for before in task.depends_on), default=0)
    return levels


def _aligned(rows: list[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def _command(task: GraphTask) -> str:
    """The command on one line; that of a shell without the shell."""
    import shlex

    words = task.settings.command
    text = words[2] if words[:2] == ("/bin/sh", "-c") and len(words) == 3 else shlex.join(words)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_COMMAND else text[: LONGEST_COMMAND - 1] + "…"


def _remark(task: GraphTask) -> str:
    before = list(task.depends_on)
    if len(before) > MOST_NAMED:
        before[MOST_NAMED - 1 :] = [f"{len(before) - MOST_NAMED + 1} more"]
    remarks = ["stays running"] if task.is_persistent else []
    return ", ".join([*remarks, *([f"after {', '.join(before)}"] if before else [])])


def _below(root: str, directory: str) -> str:
    return os.path.relpath(directory, root)


def _quoted(name: str) -> str:
    """A name as DOT quotes it: nothing but the quote itself and the backslash is special.

    What is no text is written out, since a DOT file is UTF-8.
    """
    return '"' + printable(name).replace("\\", "\\\\").replace('"', '\\"') + '"'
