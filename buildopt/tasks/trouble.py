"""What is told of a task that could not be started, or whose process was killed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from buildopt.errors import EXIT_NOT_STARTED
from buildopt.events import RunFinished
from buildopt.execute.process import SIGNAL_EXIT_BASE
from buildopt.execute.streams import STDERR
from buildopt.journal import Journal
from buildopt.model import NotStored, Task
from buildopt.results import result_of, tell_task
from buildopt.tasks.spool import Piece

Told = Mapping[str, Any]  # Any: what marshal takes
"""The last word of a worker, empty where it had none."""


def result_without(
    task: Task, journal: Journal, told: Told, wait_status: int, took_s: float
) -> RunFinished:
    """The result of a task of which there is none; it is journalled too."""
    number = os.WTERMSIG(wait_status) if os.WIFSIGNALED(wait_status) else 0
    code = SIGNAL_EXIT_BASE + number if number else EXIT_NOT_STARTED
    code = told["error"][3] if "error" in told else code
    why = NotStored(kind="signal", subject=str(number))
    result = result_of(
        task,
        journal,
        "executed",
        exit_code=code,
        signal=number or None,
        not_stored=(why if number else NotStored(kind="failed", subject=str(code)),),
        observer="off",
        duration_s=took_s,
    )
    tell_task(journal, result)
    return result


def error_lines(told: Told) -> list[Piece]:
    """What happened and what to do, as it is told of a command that cannot be started."""
    if "error" not in told:
        return []
    message, hint, slug, _ = told["error"]
    end = "" if hint.endswith("?") else "."
    lines = f"buildopt: {message}\nhint: {hint}{end} See docs/messages.md#{slug}\n"
    return [(STDERR, lines.encode("utf-8", "backslashreplace"))]
