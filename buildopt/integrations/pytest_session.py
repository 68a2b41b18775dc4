"""One pytest session: what became of each test, told when it is over.

    buildopt.tests.results    {"root", "tests": {"tests/test_a.py": [["test_b", "p", 0.012], …]}}
    buildopt.tests.finished   {"framework", "root", "exit_code", "duration_s", "counts", "left_out"}

A test is a name, a letter (`OUTCOMES`) and seconds of set-up, call and tear-down; `f` behind them
says that it failed before, in this session, and was run again. Trouble of ours ends the listening
and never a test run.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

FINISHED, RESULTS = "buildopt.tests.finished", "buildopt.tests.results"
OUTCOMES = {
    "p": "passed", "f": "failed", "e": "error", "s": "skipped", "x": "xfailed", "X": "xpassed",
}  # fmt: skip
MOST_TESTS = 10_000
"""Of a session; those that failed first, then the longest."""
PART_BYTES = 40_000
"""Of the JSON of one event, which may have 64 KiB with all around it."""
LONGEST_NAME = 300

Row = list[Any]  # Any: name, letter, seconds, and "f" where it was run again


def _safely(function: Callable[..., None]) -> Callable[..., None]:
    """The hook, which is switched off by any trouble of its own."""

    @wraps(function)
    def guarded(self: Session, *arguments: Any) -> None:  # Any: what pytest gives
        if self.is_listening:
            try:
                function(self, *arguments)
            except Exception:  # noqa: BLE001  # a test run never fails for us
                self.is_listening = False

    return guarded


class Session:
    """Registered as a plugin: its methods are hooks."""

    def __init__(self, path: str, root: str, *, has_groups: bool = False) -> None:
        self.is_listening = True
        self._path = path
        self._root = root
        self._has_groups = has_groups
        self._started_s = time.monotonic()
        self._tests: dict[str, Row] = {}
        """Node id -> letter, seconds, whether it was run again."""

    @_safely
    def pytest_runtest_logreport(self, report: Any) -> None:  # Any: pytest.TestReport
        """Add one phase of one test."""
        name = self._name(report)
        row = self._tests.get(name)
        if row is None:
            row = self._tests[name] = ["p", 0.0, False]
        if report.outcome == "rerun":
            row[:] = ["p", 0.0, True]
            return
        row[1] += report.duration
        letter = _letter(report)
        if letter:
            row[0] = letter

    @_safely
    def pytest_sessionfinish(self, session: Any, exitstatus: Any) -> None:  # Any: as above
        """Tell all of it."""
        took_s = round(time.monotonic() - self._started_s, 3)
        collected_only = session.config.getoption("collectonly", False)
        if collected_only or not self._tests:
            return
        kept = _kept(self._tests)
        counts = Counter(OUTCOMES[row[0]] for row in self._tests.values())
        lines = [_line(RESULTS, {"root": self._root, "tests": part}) for part in _parts(kept)]
        lines.append(_line(FINISHED, {
            "framework": "pytest",
            "root": self._root,
            "exit_code": int(exitstatus),
            "duration_s": took_s,
            "counts": counts,
            "rerun": sum(row[2] for row in self._tests.values()),
            "left_out": len(self._tests) - len(kept),
        }))  # fmt: skip
        self._append(lines)

    def _name(self, report: Any) -> str:  # Any: pytest.TestReport
        """The test's node id, without the `@GROUP` that xdist adds with some versions of pytest."""
        name = str(report.nodeid)
        if not self._has_groups or "xdist_group" not in report.keywords:
            return name
        test, _, group = name.rpartition("@")
        is_group = test and "]" not in group and "::" not in group
        return test if is_group else name

    def _append(self, lines: list[bytes]) -> None:
        file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        try:
            for line in lines:
                os.write(file, line)
        finally:
            os.close(file)


def _letter(report: Any) -> str:  # Any: pytest.TestReport
    """What a phase makes of its test; nothing for one that passed before or behind the call."""
    if report.outcome == "failed":
        return "f" if report.when == "call" else "e"
    if hasattr(report, "wasxfail"):
        return "x" if report.outcome == "skipped" else "X"
    return "s" if report.outcome == "skipped" else ""


def _kept(tests: dict[str, Row]) -> dict[str, Row]:
    """As many as are told."""
    if len(tests) <= MOST_TESTS:
        return tests
    ranked = sorted(tests.items(), key=lambda item: (item[1][0] not in "fe", -item[1][1]))
    return dict(ranked[:MOST_TESTS])


def _parts(tests: dict[str, Row]) -> Iterator[dict[str, list[Row]]]:
    """The tests by file, in as many parts as events have to be."""
    part: dict[str, list[Row]] = {}
    size = 0
    for nodeid, (letter, took_s, was_rerun) in tests.items():
        file, _, name = nodeid[: 2 * LONGEST_NAME].partition("::")
        name = name[:LONGEST_NAME]
        row = [name, letter, round(took_s, 4), *(["f"] if was_rerun else [])]
        # In the event each letter may become six, as JSON of ASCII writes it.
        size += 32 + len(json.dumps(name)) + (0 if file in part else len(json.dumps(file)))
        if size > PART_BYTES and part:
            yield part
            part, size = {}, 32 + len(json.dumps(name)) + len(json.dumps(file))
        part.setdefault(file, []).append(row)
    if part:
        yield part


def _line(kind: str, data: dict[str, Any]) -> bytes:  # Any: JSON
    event = {"type": kind, "time": time.time_ns(), "data": data}
    return json.dumps(event, separators=(",", ":")).encode() + b"\n"
