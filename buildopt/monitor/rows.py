"""What rows of the index come of an event; whatever its data holds, they can be written.

Rows of runs, tasks and lookups are made of the types and schemas that this version knows. What is
not of the kind a column takes is left out of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from buildopt.events import SCHEMA, CacheLookup, CacheStored, RunFinished, TaskFinished
from buildopt.monitor.records import Envelope

RUN_LOST = "buildopt.run.lost"
RUN_STARTED = "buildopt.run.started"
_BEGIN = frozenset({RUN_STARTED, CacheLookup.type, CacheStored.type, TaskFinished.type})
"""Types of which the run that tells them is one that will end."""
ABOUT_RUNS = _BEGIN | {RunFinished.type, RUN_LOST}
"""All types of which more comes than the row of the event."""
_MOST = 2**63 - 1

Value = str | int | float | None


class Origin(NamedTuple):
    """Who emits, as filters ask: `/host/project/process` taken apart."""

    source: str
    environment: str
    machine: str

    @property
    def host(self) -> str:
        """The machine's name."""
        return self.source.lstrip("/").partition("/")[0]

    @property
    def project(self) -> str:
        """The project, or the name of what measures; may hold slashes."""
        return self.source.lstrip("/").partition("/")[2].rpartition("/")[0]

    @property
    def process_id(self) -> int:
        """The emitting process; 0 where the source does not tell."""
        process = self.source.rpartition("/")[2]
        return int(process) if process.isdecimal() and len(process) < 10 else 0


class Row(NamedTuple):
    """A row and the table that it goes to; a later one of the same key takes its place."""

    table: str
    values: tuple[Value, ...]


def rows_of(told: Envelope, *, event: int, source: int) -> Iterator[Row]:
    """The rows of one event, whose own row has the number `event`."""
    if told.schema > SCHEMA:
        return
    if told.type == RunFinished.type:
        yield _run_row(told, event, source, text(told.data.get("outcome")))
        yield from _task_rows(told, source)
    elif told.type == RUN_LOST:
        yield _run_row(told, event, source, "lost")
    elif told.type == TaskFinished.type:
        yield _task_row(told, told.data, source)
    elif told.type == CacheLookup.type:
        yield _lookup_row(told, event, source)


def begins_run(told: Envelope) -> bool:
    """Whether the run of the event is one that ends by `run.finished`, or is lost."""
    return bool(told.run) and told.type in _BEGIN


def ends_run(told: Envelope) -> bool:
    """Whether this is the last that is heard of its run."""
    return told.type in (RunFinished.type, RUN_LOST)


def text(value: Any) -> str:  # Any: JSON
    """A text; empty where it is none."""
    return value if isinstance(value, str) else ""


def number(value: Any) -> float | None:  # Any: JSON
    """A number that SQLite takes; None where it is none."""
    if not isinstance(value, int | float) or not -_MOST < value < _MOST:
        return None
    return value


def _whole(value: Any) -> int | None:  # Any: JSON
    found = number(value)
    return None if found is None else int(found)


def _run_row(told: Envelope, event: int, source: int, outcome: str) -> Row:
    data = told.data
    values = (
        told.run, event, told.time, source, text(data.get("task")), outcome,
        _whole(data.get("exit_code")), _whole(data.get("signal")), _whole(data.get("stored")),
        number(data.get("duration_s")), number(data.get("time_saved_s")), number(data.get("cpu_s")),
        _whole(data.get("peak_memory_bytes")), number(data.get("hit_ratio")),
        text(data.get("root")),
    )  # fmt: skip
    return Row("runs", values)


def _task_rows(told: Envelope, source: int) -> Iterator[Row]:
    """Those that the run tells of; the run itself where it has none."""
    tasks = told.data.get("tasks")
    rows = tasks if isinstance(tasks, list) and tasks else [told.data]
    yield from (_task_row(told, row, source) for row in rows if isinstance(row, dict))


def _task_row(told: Envelope, data: Mapping[str, Any], source: int) -> Row:  # Any: JSON
    values = (
        told.run, text(data.get("task")), text(data.get("inside")), text(data.get("directory")),
        told.time, source, text(data.get("outcome")), _whole(data.get("exit_code")),
        _whole(data.get("stored")), number(data.get("duration_s")),
        number(data.get("time_saved_s")),
    )  # fmt: skip
    return Row("tasks", values)


def _lookup_row(told: Envelope, event: int, source: int) -> Row:
    reasons = told.data.get("miss_reasons")
    first = reasons[0] if isinstance(reasons, list) and reasons else {}
    first = first if isinstance(first, dict) else {}
    values = (
        event, told.run, told.time, source, text(told.data.get("task")),
        text(told.data.get("result")), text(first.get("kind")), text(first.get("subject")),
    )  # fmt: skip
    return Row("lookups", values)
