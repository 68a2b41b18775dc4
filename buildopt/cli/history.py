"""The runs of a project, as the journal tells them."""

from __future__ import annotations

import os
from collections.abc import Iterator

from buildopt import journal, settings
from buildopt.cli.call import working_directory
from buildopt.errors import UsageError
from buildopt.events import Event, RunFinished, record_of


def here() -> tuple[bytes, str]:
    """State folder and project's root for a command that only looks."""
    root, _ = settings.find_root(working_directory())
    return os.fsencode(settings.state_folder(os.environ)), root


def finished_runs(state: bytes, root: str) -> Iterator[tuple[Event, RunFinished]]:
    """Runs that ended in the checkout `root`, newest first."""
    return _finished(state, root, "")


def _finished(state: bytes, root: str, beginning: str) -> Iterator[tuple[Event, RunFinished]]:
    """Those whose id begins so; records take longer to make than events to read."""
    for event in journal.read_backwards(state, RunFinished.type):
        if event.data.get("root") == root and event.run.startswith(beginning):
            record = record_of(event)
            if isinstance(record, RunFinished):
                yield event, record


def find_run(state: bytes, root: str, wanted: str) -> tuple[Event, RunFinished]:
    """The run of that id or unambiguous beginning of one; `last` is the newest.

    Raises UsageError.
    """
    if wanted == "last":
        found = next(finished_runs(state, root), None)
        if found:
            return found
        raise UsageError(
            f"no run of `{root}` is recorded",
            hint="buildopt run -- COMMAND makes the first one",
            slug="no-runs",
        )
    matches = list(_finished(state, root, wanted))
    if len(matches) != 1:
        what = "more than one run begins with" if matches else "no run"
        raise UsageError(
            f"{what} `{wanted}`", hint="`buildopt runs` lists their ids", slug="no-such-run"
        )
    return matches[0]
