"""Tests that ran inside of a run, as a test tool told of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from buildopt.events import Event
from buildopt.phrases import printable

MOST_SLOW = 15
MOST_FAILED = 50
LONGEST_NAME = 200
OUTCOMES = {
    "p": "passed", "f": "failed", "e": "error", "s": "skipped", "x": "failed as expected",
    "X": "passed unexpectedly",
}  # fmt: skip
"""By the letters of `buildopt.tests.results`: {"tests": {file: [[name, letter, seconds, …]…]}}."""
GOOD = ("passed", "passed unexpectedly")
BAD = ("failed", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One test; flaky: it failed first and passed in the same run."""

    name: str
    outcome: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tests:
    """All of a run."""

    count: int
    passed: int
    failed: tuple[Test, ...]
    failed_count: int
    flaky: tuple[str, ...]
    slowest: tuple[Test, ...]
    total_s: float


def tests_of(events: Sequence[Event]) -> Tests | None:
    """The tests of a run, oldest first; None where none was told of."""
    told = [row for event in events for row in _rows(event.data)]
    if not told:
        return None
    last = {test.name: test for test, _ in told}
    failed_once = {test.name for test, was_rerun in told if was_rerun or test.outcome in BAD}
    failed = [test for test in last.values() if test.outcome in BAD]
    slowest = sorted(last.values(), key=lambda test: (-test.duration_s, test.name))
    return Tests(
        count=len(last),
        passed=sum(test.outcome in GOOD for test in last.values()),
        failed=tuple(failed[:MOST_FAILED]),
        failed_count=len(failed),
        flaky=tuple(sorted(failed_once - {test.name for test in failed}))[:MOST_FAILED],
        slowest=tuple(slowest[:MOST_SLOW]),
        total_s=sum(test.duration_s for test in last.values()),
    )


def _rows(data: Mapping[str, Any]) -> Iterator[tuple[Test, bool]]:  # Any: JSON
    """Each test of an event, and whether it failed and was run again; other rows are left out."""
    files = data.get("tests")
    for file, rows in files.items() if isinstance(files, Mapping) else ():
        for row in rows if isinstance(rows, list) else ():
            if not isinstance(row, list) or len(row) < 3:
                continue
            name, letter, took_s = row[:3]
            label = f"{file}::{name}" if file and name else str(name or file)
            is_time = isinstance(took_s, int | float) and 0 <= took_s < float("inf")
            test = Test(
                name=printable(label)[:LONGEST_NAME],
                outcome=OUTCOMES.get(str(letter), "unknown"),
                duration_s=float(took_s) if is_time else 0.0,
            )
            yield test, len(row) > 3
