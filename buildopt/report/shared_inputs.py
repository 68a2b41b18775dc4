"""Files that several steps of a run read: an edit of one has each of them run again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buildopt.events import RunFinished, TaskFinished
from buildopt.input_table import Input
from buildopt.phrases import printable
from buildopt.report.inputs import source_of, table_of
from buildopt.report.processes import Blob

MOST_SHARED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedInput:
    """A file of the project, its dependencies included, and how many steps read it."""

    path: str
    steps: int
    bytes: int


def shared_of(
    run: RunFinished, tasks: Iterable[TaskFinished], blob: Blob
) -> tuple[SharedInput, ...]:
    """Those that most of the steps read, as far as these really ran."""
    around = {step.inside for step in run.tasks}
    parts = {step.task for step in run.tasks} - around
    readers: Counter[str] = Counter()
    sizes: dict[str, int] = {}
    for task in tasks:
        if task.task in parts:
            found = {row.subject: row.size_bytes or 0 for row in _files(task, blob)}
            readers.update(found.keys())
            sizes |= found
    shared = [(count, sizes[path], path) for path, count in readers.items() if count > 1]
    shared.sort(key=lambda row: (-row[0], -row[1], row[2]))
    return tuple(
        SharedInput(path=printable(path), steps=count, bytes=size)
        for count, size, path in shared[:MOST_SHARED]
    )


def _files(task: TaskFinished, blob: Blob) -> Iterator[Input]:
    table = table_of((task,), blob)
    for row in table.rows if table else ():
        if row.kind == "file" and source_of(row) in ("own", "dependency"):
            yield row
