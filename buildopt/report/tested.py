"""Tests that ran inside of a run, as a test tool told of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from buildopt.events import Event
from buildopt.phrases import printable

MOST_SLOW = 15
MOST_FAILED = 50
GOOD = ("passed", "skipped", "xfailed")


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
    tests = [_test(event) for event in events]
    if not tests:
        return None
    last = {test.name: test for test in tests}
    failed_once = {test.name for test in tests if test.outcome not in GOOD}
    failed = [test for test in last.values() if test.outcome not in GOOD]
    slowest = sorted(last.values(), key=lambda test: (-test.duration_s, test.name))
    return Tests(
        count=len(last),
        passed=sum(test.outcome == "passed" for test in last.values()),
        failed=tuple(failed[:MOST_FAILED]),
        failed_count=len(failed),
        flaky=tuple(sorted(failed_once - {test.name for test in failed}))[:MOST_FAILED],
        slowest=tuple(slowest[:MOST_SLOW]),
        total_s=sum(test.duration_s for test in last.values()),
    )


def _test(event: Event) -> Test:
    data = event.data
    name = next((data[key] for key in ("test", "name", "nodeid") if data.get(key)), event.subject)
    took = data.get("duration_s")
    return Test(
        name=printable(str(name or "?"))[:200],
        outcome=printable(str(data.get("outcome") or "?"))[:20],
        duration_s=float(took) if isinstance(took, int | float) else 0.0,
    )
