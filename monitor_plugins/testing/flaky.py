"""Tests that fail and pass at the same inputs: what is remembered of each, and what follows.

    (nothing) ──a flip at the same inputs──▶ suspected ──a second one──▶ confirmed
        └──run again in one session and passed, or a flip at one commit in CI──▶ confirmed
    suspected, confirmed ──passed 20 times in a row, or not run for 30 days──▶ closed
        └──somebody accepts it──▶ closed, until it happens again

test    the last result of each test, and the inputs that it had
flaky   findings that are not over
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, counted, fact
from monitor_plugins.testing.inputs import digest
from monitor_plugins.testing.sessions import FAILED, PASSED, Result

PREFIX = "buildopt.finding."
PASSES_TO_CLOSE = 20
"""At a failure in seven runs that is one false close in twenty."""
FLIPS_TO_CONFIRM = 2
MOST_TESTS = 50_000
"""The one that was not run for longest goes first: some 10 MB."""

TABLES = (
    "CREATE TABLE test(id TEXT PRIMARY KEY, has_passed INTEGER NOT NULL, inputs TEXT NOT NULL, "
    "flips INTEGER NOT NULL, passes INTEGER NOT NULL, n INTEGER NOT NULL, "
    "time_ns INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX test_age ON test(n)",
    "CREATE TABLE flaky(id TEXT PRIMARY KEY, state TEXT NOT NULL, data TEXT NOT NULL) "
    "WITHOUT ROWID",
)
SILENCE_NS = 30 * 86_400 * 10**9
"""A test that was not run for so long is gone, or has another name."""
SILENT = (
    "SELECT id FROM flaky WHERE NOT EXISTS "
    "(SELECT 1 FROM test WHERE test.id = flaky.id AND test.time_ns > ?) ORDER BY id"
)
How = Literal["rerun", "commit", "inputs"]
Reason = Literal["recovered", "silence", "accepted"]
WORDS: Mapping[How, str] = {
    "rerun": "it failed, was run again in the same session, and passed",
    "commit": "it failed and passed at the same commit",
    "inputs": "it failed and passed while all inputs of the run were the same",
}


class Known(NamedTuple):
    """The last result of a test."""

    has_passed: bool
    inputs: str
    flips: int
    passes: int


class Session(NamedTuple):
    """What is said of all tests of a session."""

    project: str
    suite: str
    inputs: str
    is_commit: bool
    run: str
    n: int


def judge(state: State, session: Session, tests: Sequence[Result], event: Event) -> Iterator[Event]:
    """Take results in; what follows from them."""
    for test in tests:
        if test.letter in FAILED or test.letter in PASSED:
            yield from _judge_one(state, session, test, event)
    for (id_,) in state.execute(SILENT, (event.time_ns - SILENCE_NS,)):
        yield from _closed(state, id_, event, "silence")
    state.execute(
        "DELETE FROM test WHERE id IN (SELECT id FROM test ORDER BY n, id "
        "LIMIT max(0, (SELECT count(*) FROM test) - ?))",
        (MOST_TESTS,),
    )


def accept(state: State, finding: str, event: Event) -> Iterator[Event]:
    """Close a finding; its flips are forgotten."""
    for (id_,) in state.execute("SELECT id FROM flaky WHERE substr(id, 1, 8) = ?", (finding,)):
        state.execute("UPDATE test SET flips = 0 WHERE id = ?", (id_,))
        yield from _closed(state, id_, event, "accepted")


def _judge_one(state: State, session: Session, test: Result, event: Event) -> Iterator[Event]:
    id_ = digest(session.project, session.suite, test.name)
    rows = state.execute("SELECT has_passed, inputs, flips, passes FROM test WHERE id = ?", (id_,))
    before = Known(*rows[0]) if rows else None
    has_passed = test.letter in PASSED
    how = _flip(before, session, test, has_passed=has_passed)
    flips = (before.flips if before else 0) + bool(how)
    passes = 0 if how or not has_passed else (before.passes if before else 0) + 1
    state.execute(
        "INSERT OR REPLACE INTO test VALUES (?, ?, ?, ?, ?, ?, ?)",
        (id_, has_passed, session.inputs, flips, passes, session.n, event.time_ns),
    )
    if how:
        yield from _found(state, session, test, event, (id_, how, flips))
    elif passes == PASSES_TO_CLOSE:
        yield from _closed(state, id_, event, "recovered")


def _flip(before: Known | None, session: Session, test: Result, *, has_passed: bool) -> How | None:
    if test.was_rerun and has_passed:
        return "rerun"
    if before is None or not session.inputs or before.inputs != session.inputs:
        return None
    if bool(before.has_passed) == has_passed:
        return None
    return "commit" if session.is_commit else "inputs"


def _found(
    state: State, session: Session, test: Result, event: Event, found: tuple[str, How, int]
) -> Iterator[Event]:
    id_, how, flips = found
    rows = state.execute("SELECT state FROM flaky WHERE id = ?", (id_,))
    known = rows[0][0] if rows else ""
    is_sure = how != "inputs" or flips >= FLIPS_TO_CONFIRM
    reached = "confirmed" if is_sure else "suspected"
    if known in ("confirmed", reached):
        return
    times = f" ({counted(flips, 'time')})" if flips > 1 else ""
    data = {
        "finding": id_[:8],
        "group": id_[:8],
        "about": "tests",
        "accept_by": "tests",
        "kind": "flaky",
        "name": f"{test.name} is flaky",
        "test": test.name,
        "suite": session.suite,
        "project": session.project,
        "direction": "worse",
        "unit": "",
        "since_run": session.run,
        "since_ns": event.time_ns,
        "flips": flips,
        "cause": {"text": WORDS[how] + times},
    }
    state.execute("INSERT OR REPLACE INTO flaky VALUES (?, ?, ?)", (id_, reached, json.dumps(data)))
    yield _told(reached, data, event)


def _closed(state: State, id_: str, event: Event, reason: Reason) -> Iterator[Event]:
    for (data,) in state.execute("SELECT data FROM flaky WHERE id = ?", (id_,)):
        state.execute("DELETE FROM flaky WHERE id = ?", (id_,))
        yield _told("closed", {**json.loads(data), "reason": reason}, event)


def _told(kind: str, data: Mapping[str, Any], of: Event) -> Event:  # Any: JSON
    return fact(
        PREFIX + kind, {**data, "state": kind}, time_ns=of.time_ns, of=of,
        subject=str(data["name"]), severity="warning" if kind == "confirmed" else "info",
    )  # fmt: skip
