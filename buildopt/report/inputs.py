"""What a run depended on, by where it comes from, and what changed since the run before."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from buildopt.events import TaskFinished
from buildopt.input_table import Input, InputTable, decode, is_own
from buildopt.phrases import printable
from buildopt.report.processes import Blob

MOST_CHANGES = 50
MOST_BIG = 20
OWN = ("own", "kept")
"""Values of paths that the task itself made (observe/findings.py)."""
Source = Literal["own", "dependency", "system", "environment"]
WORDS: dict[Source, str] = {
    "own": "The project's own files",
    "dependency": "Dependencies that are installed in it",
    "system": "System and tools, outside of it",
    "environment": "Environment variables",
}
State = Literal["changed", "appeared", "gone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputGroup:
    """How many inputs come from one place; `bytes` are those of the files."""

    source: Source
    words: str
    files: int
    bytes: int
    absent: int
    listings: int
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputChange:
    """An input that is not as it was."""

    subject: str
    kind: str
    state: State
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BigInput:
    """A file that was read."""

    path: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """All of a run; `note` says why there is nothing to compare with."""

    groups: tuple[InputGroup, ...]
    left_out: int
    biggest: tuple[BigInput, ...]
    changes: tuple[InputChange, ...]
    changes_left_out: int
    unchanged: int
    note: str = ""


def inputs_of(
    now: InputTable, before: InputTable | None, made: Container[str], note: str = ""
) -> Inputs:
    """The inputs of a run beside those of the one before, where these are known.

    What one of them had `made` is no input that changed.
    """
    changes = list(_changes(_unmade(now, made), _unmade(before, made))) if before else []
    groups = [
        _group(source, [row for row in now.rows if source_of(row) == source]) for source in WORDS
    ]
    files = [row for row in now.rows if row.kind in ("file", "tool") and row.size_bytes]
    files.sort(key=lambda row: (-(row.size_bytes or 0), row.subject))
    return Inputs(
        groups=tuple(group for group in groups if group is not None),
        left_out=now.left_out,
        biggest=tuple(
            BigInput(path=printable(row.subject), bytes=row.size_bytes or 0)
            for row in files[:MOST_BIG]
        ),
        changes=tuple(changes[:MOST_CHANGES]),
        changes_left_out=max(0, len(changes) - MOST_CHANGES),
        unchanged=len(now.rows) - sum(change.state != "gone" for change in changes),
        note="" if before else note,
    )


def table_of(tasks: Iterable[TaskFinished], blob: Blob) -> InputTable | None:
    """All inputs of the tasks of a run, each once; None where they are not known."""
    digests = dict.fromkeys(digest for task in tasks for digest in task.inputs)
    if not digests:
        return None
    try:
        table = decode(blob(digest) for digest in digests)
    except (OSError, ValueError):
        return None
    once = {(row.kind, row.subject): row for row in table.rows}
    return InputTable(tuple(sorted(once.values(), key=_order)), table.left_out)


def source_of(row: Input) -> Source:
    """Where an input comes from."""
    if row.kind == "environment":
        return "environment"
    if is_own(row):
        return "own"
    return "system" if row.subject.startswith(("/", "$")) else "dependency"


def _order(row: Input) -> tuple[int, str, str]:
    return list(WORDS).index(source_of(row)), row.subject, row.kind


def _group(source: Source, rows: Sequence[Input]) -> InputGroup | None:
    if not rows:
        return None
    files = [row for row in rows if row.kind in ("file", "tool")]
    absent = sum(row.kind == "absent" for row in rows)
    listings = sum(row.kind == "listing" for row in rows)
    return InputGroup(
        source=source,
        words=WORDS[source],
        files=len(files),
        bytes=sum(row.size_bytes or 0 for row in files),
        absent=absent,
        listings=listings,
        others=len(rows) - len(files) - absent - listings,
    )


def _unmade(table: InputTable, made: Container[str]) -> list[Input]:
    return [row for row in table.rows if row.subject not in made and row.value not in OWN]


def _changes(now: Sequence[Input], before: Sequence[Input]) -> Iterable[InputChange]:
    """In the order of the inputs, what is gone last; the same subject by whatever kind."""
    new = {row.subject: row for row in now}
    old = {row.subject: row for row in before}
    for subject, row in new.items():
        was = old.get(subject)
        if was is None:
            yield _change(row, "appeared", "", row.value)
        elif (was.kind, was.value) != (row.kind, row.value):
            yield _change(row, "changed", _told(was), _told(row))
    for subject, row in old.items():
        if subject not in new:
            yield _change(row, "gone", row.value, "")


def _change(row: Input, state: State, before: str, after: str) -> InputChange:
    is_secret = row.kind == "environment"
    return InputChange(
        subject=printable(row.subject),
        kind=row.kind,
        state=state,
        before="" if is_secret else printable(before)[:60],
        after="" if is_secret else printable(after)[:60],
    )


def _told(row: Input) -> str:
    if row.kind == "absent":
        return "not there"
    if row.kind == "listing":
        return f"{row.value.partition(':')[0]} entries"
    return row.value[:12]
