"""What tools inside a command tell: events of their own, which come into the run's journal.

`BUILDOPT_EVENTS` names a file of this run. A tool appends one JSON object a line, by one write:

    type      begins with `buildopt.`, and is none of those by which we tell about runs
    data      an object; may be absent, as may what follows
    time      nanoseconds since 1970; else the time at which the command ended
    subject   what it is about
    severity  `info`, `warning` or `error`

Whatever else a line holds is left out; a line that is no event counts as lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, get_args

from buildopt.events import TYPES, Severity
from buildopt.journal import Journal

LIMIT_EVENTS = 10_000
"""As many come from one run, ours included: a test suite has fewer tests."""
LIMIT_BYTES = 64 * 1024 * 1024
"""Behind this nothing is read: so much is no list of events."""
OURS = (*TYPES, "buildopt.alert.", "buildopt.notify.", "buildopt.plugin.", "buildopt.health.")
"""Facts that others act on, and that no tool can know."""
FOLDER = "tool-events"


class Told(NamedTuple):
    """An event as a tool tells it; `time_ns` is 0 where it does not say when."""

    type: str
    data: dict[str, Any]  # Any: JSON
    time_ns: int = 0
    subject: str = ""
    severity: Severity = "info"


@contextmanager
def collected(journal: Journal) -> Iterator[str]:
    """A file for what the tools of one run tell, which is journalled when it is over.

    Its path is empty where there can be none. What has become of it never raises.
    """
    inbox = _open_inbox(journal)
    try:
        yield inbox
    finally:
        for line in _take(inbox):
            _journal(journal, line)


def parse(line: bytes) -> Told | None:
    """The event of one line, or None for what is none, or none of a tool's."""
    try:
        raw = json.loads(line)
    except ValueError:
        return None
    if not isinstance(raw, dict):
        return None
    kind, data = raw.get("type"), raw.get("data", {})
    if not isinstance(kind, str) or not isinstance(data, dict) or not _may_be_told(kind):
        return None
    time_ns, severity = raw.get("time", 0), raw.get("severity", "info")
    return Told(
        type=kind,
        data=data,
        time_ns=time_ns if isinstance(time_ns, int) and time_ns > 0 else 0,
        subject=str(raw.get("subject", "")),
        severity=severity if severity in get_args(Severity) else "info",
    )


def _open_inbox(journal: Journal) -> str:
    if not journal.state:
        return ""
    folder = os.path.join(os.fsdecode(journal.state), FOLDER)
    path = os.path.join(folder, journal.active_id)
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        return ""  # a state folder that cannot be written costs nothing but its events
    return path


def _take(inbox: str) -> list[bytes]:
    """The lines of the file, which is gone from then on."""
    if not inbox:
        return []
    try:
        with open(inbox, "rb") as file:
            lines = file.read(LIMIT_BYTES).splitlines()
        os.unlink(inbox)
    except OSError:
        return []
    return lines


def _journal(journal: Journal, line: bytes) -> None:
    told = parse(line) if journal.counter < LIMIT_EVENTS else None
    if told is None:
        journal.unfit += 1
        return
    journal.emit(
        told.type,
        told.data,
        subject=told.subject,
        severity=told.severity,
        time_ns=told.time_ns,
    )


def _may_be_told(kind: str) -> bool:
    words = kind.split(".")
    is_name = len(words) > 2 and all(word.replace("_", "").isalnum() for word in words)
    return is_name and words[0] == "buildopt" and not kind.startswith(OURS)
