"""The machine, the versions and the settings of a run; of variables the names alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from buildopt.events import Event, RunFinished, TaskFinished
from buildopt.input_table import InputTable
from buildopt.phrases import printable
from buildopt.quantities import size
from buildopt.report.present import SettingShown
from buildopt.report.processes import Blob
from buildopt.report.versions import ToolVersion

NAMES = {
    "system": "System",
    "kernel": "Kernel",
    "architecture": "Architecture",
    "processors": "Processors",
    "memory_bytes": "Memory",
    "file_system": "File system of the project",
    "python": "Python of buildopt",
    "buildopt": "buildopt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a run ran on, as far as advice goes by it."""

    processors: int = 0
    memory_bytes: int = 0
    file_system: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Names and values to copy into an issue, and the variables that counted."""

    facts: tuple[tuple[str, str], ...]
    tools: tuple[ToolVersion, ...]
    settings: tuple[SettingShown, ...]
    variables: tuple[str, ...]
    machine: Machine
    note: str = ""


class Known(NamedTuple):
    """What else is known of a run: its tasks, inputs, tools, and the settings of now."""

    tasks: Sequence[TaskFinished]
    table: InputTable | None
    tools: tuple[ToolVersion, ...]
    settings: tuple[SettingShown, ...]


def surroundings_of(event: Event, run: RunFinished, known: Known, blob: Blob) -> Surroundings:
    """What is known of where a run took place."""
    told = _machine(known.tasks, blob)
    table = known.table
    facts = [(NAMES[name], _shown(name, value)) for name, value in told.items() if name in NAMES]
    facts += [
        (name, printable(value))
        for name, value in (
            ("Environment", event.environment),
            ("Class of machines", event.machine),
            ("Observer", run.observer),
            ("Branch", run.branch or ""),
            ("Commit", run.commit or ""),
        )
        if value
    ]
    variables = (
        sorted(row.subject for row in table.rows if row.kind == "environment") if table else []
    )
    return Surroundings(
        facts=tuple(facts),
        tools=known.tools,
        settings=known.settings,
        variables=tuple(map(printable, variables)),
        machine=Machine(
            processors=_count(told.get("processors")),
            memory_bytes=_count(told.get("memory_bytes")),
            file_system=str(told.get("file_system") or ""),
        ),
        note="" if told else "no data: the machine is noted by runs that really take place",
    )


def _machine(tasks: Iterable[TaskFinished], blob: Blob) -> dict[str, object]:
    """The facts of the last task that told any."""
    digests = [task.machine for task in tasks if task.machine]
    try:
        told = json.loads(blob(digests[-1])) if digests else {}
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _shown(name: str, value: object) -> str:
    return size(_count(value)) if name == "memory_bytes" else printable(str(value))
