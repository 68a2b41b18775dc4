"""What came of each edit, one line of JSON a row; and the table that sums them up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sides import Pair

FIRST = "first build"
"""The kind of the row that is no edit, and not counted."""
HEADER = """\
| edit | builds | answered whole | tasks answered | hit ratio | bare | wrapped | time saved \
| CPU saved | wrong |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"""


class Row(NamedTuple):
    """One edit and its two builds."""

    number: int
    kind: str
    what: str
    bare_s: float
    ours_s: float
    bare_cpu_s: float
    ours_cpu_s: float
    """With all processes that were waited for, our own included."""
    outcome: str
    status: int
    tasks: int
    """How many tasks the run has, those included of which it was answered as a whole, or the step
    around them was; of a run that failed, only those that it came to."""
    hits: int
    """All but those that really ran."""
    misses: list[list[Any]]  # Any: JSON
    """Each task that really ran, and up to three reasons for it; the first is the run itself."""
    differences: list[str]


def row_of(number: int, kind: str, what: str, pair: Pair, usual_tasks: int) -> Row:
    """The row of a pair of builds."""
    result = pair.result
    tasks = result.get("tasks", [])
    executed = sum(task["outcome"] == "executed" for task in tasks)
    if result["outcome"] == "executed" and not tasks:
        executed = 1
    count = max(usual_tasks, len(tasks), 1) if pair.bare.status == 0 else len(tasks) or 1
    return Row(
        number=number,
        kind=kind,
        what=what,
        bare_s=round(pair.bare.took_s, 3),
        ours_s=round(pair.ours.took_s, 3),
        bare_cpu_s=round(pair.bare.cpu_s, 3),
        ours_cpu_s=round(pair.ours.cpu_s, 3),
        outcome=result["outcome"],
        status=pair.bare.status,
        tasks=count,
        hits=count - executed,
        misses=[_why(task) for task in (result, *tasks) if task["outcome"] == "executed"],
        differences=pair.differences,
    )


def row_of_tasks(number: int, kind: str, what: str, pairs: Sequence[Pair]) -> Row:
    """The row of several commands that are run one after the other, each of them a task."""
    rows = [row_of(number, kind, what, pair, 1) for pair in pairs]
    are_whole = all(row.outcome != "executed" for row in rows)
    return Row(
        number=number,
        kind=kind,
        what=what,
        bare_s=sum(row.bare_s for row in rows),
        ours_s=sum(row.ours_s for row in rows),
        bare_cpu_s=sum(row.bare_cpu_s for row in rows),
        ours_cpu_s=sum(row.ours_cpu_s for row in rows),
        outcome="restored" if are_whole else "executed",
        status=max(row.status for row in rows),
        tasks=sum(row.tasks for row in rows),
        hits=sum(row.hits for row in rows),
        misses=[miss for row in rows for miss in row.misses],
        differences=[name for row in rows for name in row.differences],
    )


def _why(task: dict[str, Any]) -> list[Any]:  # Any: JSON
    reasons = [[reason["kind"], reason["subject"]] for reason in task.get("miss_reasons", [])[:3]]
    against = [[reason["kind"], reason["subject"]] for reason in task.get("not_stored", [])[:3]]
    return [task["task"], reasons, against]


class Rows:
    """The rows in a file, so that a benchmark that was stopped goes on where it was."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.all = list(_read(path))

    def add(self, row: Row) -> None:
        """Keep a row."""
        self.all.append(row)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row._asdict()) + "\n")

    @property
    def usual_tasks(self) -> int:
        """How many tasks the first build had, in which all of them ran."""
        return self.all[0].tasks if self.all else 1


def _read(path: Path) -> Iterator[Row]:
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            yield Row(**json.loads(line))


def table(rows: Sequence[Row]) -> str:
    """Per kind of edit and over all of them, as Markdown."""
    edits = [row for row in rows if row.kind != FIRST]
    kinds = dict.fromkeys(row.kind for row in sorted(edits, key=lambda row: row.kind))
    lines = [_line(kind, [row for row in edits if row.kind == kind]) for kind in kinds]
    return "\n".join([HEADER, *lines, _line("**all**", edits)])


def _line(name: str, rows: Sequence[Row]) -> str:
    if not rows:
        return f"| {name} | 0 | | | | | | | | |"
    tasks, hits = sum(row.tasks for row in rows), sum(row.hits for row in rows)
    bare_s, ours_s = sum(row.bare_s for row in rows), sum(row.ours_s for row in rows)
    cells = (
        name,
        str(len(rows)),
        str(sum(row.outcome != "executed" for row in rows)),
        f"{hits} of {tasks}",
        f"{hits / tasks:.2f}",
        f"{bare_s:.0f} s",
        f"{ours_s:.0f} s",
        f"{1 - ours_s / bare_s:.0%}",
        f"{1 - sum(row.ours_cpu_s for row in rows) / sum(row.bare_cpu_s for row in rows):.0%}",
        str(sum(bool(row.differences) for row in rows)),
    )
    return f"| {' | '.join(cells)} |"


def reruns(rows: Iterable[Row], most: int = 25) -> str:
    """Which tasks really ran, after which kind of edit, and the first reason for it."""
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in (row for row in rows if row.kind != FIRST):
        for task, reasons, _ in row.misses:
            first = " ".join(reasons[0]) if reasons else "no record"
            counted[row.kind, task, first] += 1
    lines = [
        f"| {kind} | `{task}` | {reason} | {count} |"
        for (kind, task, reason), count in counted.most_common(most)
    ]
    head = "| edit | what ran | first reason | times |\n| --- | --- | --- | --- |"
    return "\n".join([head, *lines])
