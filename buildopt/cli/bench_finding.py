"""What a finding of the baselines is about: both commits, and the command that was run."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from buildopt import journal
from buildopt.errors import UsageError
from buildopt.events import Event, RunFinished

TOLD = ("buildopt.baseline.suspected", "buildopt.baseline.confirmed")


class Suspect(NamedTuple):
    """A finding that can be settled; `directory` is relative to the project's root.

    `before` is the last commit that surely had the old level, `after` the first that surely has
    the new one: between them may lie several, and each of them may be the cause.
    """

    finding: str
    name: str
    before: str
    after: str
    command: tuple[str, ...]
    directory: str
    is_many: bool
    """The command is names of tasks."""


def suspect_of(state: bytes, wanted: str) -> Suspect:
    """The finding of that id, or a beginning of one; raises UsageError."""
    event = next(
        (e for kind in TOLD for e in journal.read_backwards(state, kind) if _is(e, wanted)), None
    )
    if event is None:
        raise UsageError(
            f"no finding `{wanted}` is recorded",
            hint="`buildopt baseline list` and `buildopt check` show their ids",
            slug="unknown-finding",
        )
    commits = event.data.get("cause", {}).get("commits") or {}
    run = _run_of(state, str(event.data.get("since_run", "")))
    if not commits.get("before") or not commits.get("after") or run is None:
        raise UsageError(
            f"finding `{event.data['finding']}` does not know both commits and the command",
            hint="name them: buildopt bench --before REV --after REV -- COMMAND",
            slug="unknown-finding",
        )
    return Suspect(
        finding=event.data["finding"],
        name=str(event.data.get("name", "")),
        before=commits["before"],
        after=(commits.get("may_be") or [commits["after"]])[-1],
        command=tuple(run["command"]),
        directory=os.path.relpath(run["directory"], run["root"]),
        is_many=run["task"] == " ".join(run["command"]) and bool(run.get("tasks")),
    )


def _is(event: Event, wanted: str) -> bool:
    return str(event.data.get("finding", "")).startswith(wanted)


def _run_of(state: bytes, run_id: str) -> Any:  # Any: JSON
    runs = journal.read_backwards(state, RunFinished.type)
    return next((event.data for event in runs if event.data.get("run_id") == run_id), None)
