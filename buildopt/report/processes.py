"""The processes of a run, read from the blobs that its events name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from buildopt.events import RunFinished, TaskFinished
from buildopt.phrases import printable
from buildopt.report.steps import word_of

Blob = Callable[[str], bytes]
"""The content of a blob by its digest; raises OSError or ValueError where it cannot be had."""
INTERPRETERS = ("node", "python", "sh", "bash", "dash", "ruby", "perl", "deno", "bun", "tsx")
"""Programs that are told by what they run."""
LONGEST_NAME = 80
OURS = "buildopt"
"""A process of our own: it waits until a step has been looked up, run and recorded."""


class Process(NamedTuple):
    """One process; times are seconds since the run began."""

    pid: int
    parent_pid: int
    command: tuple[str, ...]
    start_s: float
    end_s: float
    cpu_s: float = 0.0
    peak_memory_bytes: int = 0
    exit_code: int | None = None

    @property
    def duration_s(self) -> float:
        """From start to end."""
        return max(0.0, self.end_s - self.start_s)


def processes_of(
    run: RunFinished, tasks: Iterable[TaskFinished], blob: Blob
) -> tuple[tuple[Process, ...], str]:
    """All processes in order of start, and why there is none, if so.

    A step tells of some that its run tells of too. The tasks of a call with many have clocks of
    their own, which begin when they do.
    """
    begins = {task.task: task.started_s for task in run.tasks if not task.inside}
    outer = {task.task: task.inside or task.task for task in run.tasks}
    is_many = word_of(run) == "task"
    found: dict[tuple[int, int, float], Process] = {}
    trouble = "no data: no processes are noted where a command is not watched"
    for task in tasks:
        if not task.processes:
            continue
        offset_s = begins.get(outer.get(task.task, ""), 0.0) if is_many else 0.0
        try:
            rows = _rows(blob(task.processes), offset_s)
        except (OSError, ValueError):
            trouble = "no data: the list of its processes is kept no longer"
            continue
        for row in rows:
            found.setdefault((row.pid, row.parent_pid, round(row.start_s, 3)), row)
    ordered = sorted(found.values(), key=lambda row: (row.start_s, row.pid))
    return tuple(ordered), "" if ordered else trouble


def program_of(command: Sequence[str]) -> str:
    """What a process is called: its program, or the script that an interpreter runs."""
    if not command:
        return "?"
    program = os.path.basename(command[0]) or command[0]
    if OURS in (program, *map(os.path.basename, command[1:2])):
        return OURS
    if program.rstrip("0123456789.") not in INTERPRETERS:
        return printable(program)[:LONGEST_NAME]
    for place, word in enumerate(command[1:], 1):
        if word in ("-c", "-e", "--eval", "-p", "-m") and len(command) > place + 1:
            return printable(f"{program} {word} {command[place + 1]}")[:LONGEST_NAME]
        if not word.startswith("-"):
            return printable(f"{program} {os.path.basename(word) or word}")[:LONGEST_NAME]
    return printable(program)[:LONGEST_NAME]


def short_of(command: Sequence[str]) -> str:
    """The command on one line: names of programs and scripts without their folders."""
    words = [os.path.basename(word) if word.startswith("/") else word for word in command[:8]]
    if OURS in words[:2]:
        words = words[words.index(OURS) :]
    shown = printable(" ".join(words)) or "?"
    return shown if len(shown) <= LONGEST_NAME else shown[: LONGEST_NAME - 1] + "…"


def _rows(content: bytes, offset_s: float) -> list[Process]:
    listed = json.loads(content)
    if not isinstance(listed, list):
        raise ValueError("no list of processes")
    return [_process(row, offset_s) for row in listed]


def _process(row: Mapping[str, Any], offset_s: float) -> Process:  # Any: JSON
    try:
        start_s = float(row["start_s"])
        return Process(
            pid=int(row["pid"]),
            parent_pid=int(row["parent_pid"]),
            command=tuple(map(str, row["command"])),
            start_s=start_s + offset_s,
            end_s=max(start_s, float(row["end_s"])) + offset_s,
            cpu_s=float(row.get("cpu_s") or 0.0),
            peak_memory_bytes=int(row.get("peak_memory_bytes") or 0),
            exit_code=row.get("exit_code"),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no process") from error
