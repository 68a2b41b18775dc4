"""Takes sessions of tests: flaky ones become findings, durations become series of the baselines.

What a run tells is kept until the run is finished, since only then its commit is known. A session
of its own (a JUnit file) names itself in each event and is taken when it is finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, fact
from monitor_plugins.testing import flaky, inputs
from monitor_plugins.testing.sessions import (
    ACCEPTED,
    FINISHED,
    PASSED,
    PREFIX,
    RESULTS,
    Result,
    suite_of,
    tests_of,
)

LOOKUP, RUN = "buildopt.cache.lookup", "buildopt.run.finished"
MEASURED = "buildopt.series.measured"
"""Values of one build for the baselines: {"project", "metric", "unit", "values": {name: value}}."""
LEAST_S = 0.005
"""A test that is quicker is no series: what it takes is noise."""
MOST_SERIES = 200
"""Tests of a session whose durations are followed: the longest."""
MOST_WAITING = 100
"""Runs whose end is waited for; one that was lost has none."""
NUMBER = "session"
"""Key of the state that counts sessions."""

Data = Mapping[str, Any]  # Any: JSON
Waiting = Sequence[tuple[str, Data]]
"""Type and data of each event of a run."""

TABLES = (
    "CREATE TABLE waiting(n INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, "
    "data TEXT NOT NULL)",
    "CREATE INDEX waiting_run ON waiting(run)",
)


class ResultsConsumer:
    """The consumer; see `hookspecs.Consumer`."""

    name = "testing"
    version = "1"
    types: Sequence[str] = (PREFIX, LOOKUP, RUN)
    state_version = 1

    def migrate(self, state: State) -> None:
        """Make the tables of a new file."""
        for statement in (*flaky.TABLES, *TABLES):
            state.execute(statement)

    def handle(self, batch: Sequence[Event], state: State) -> Iterator[Event]:
        """Take events in; what was found with them."""
        for event in batch:
            if event.type == ACCEPTED:
                yield from flaky.accept(state, str(event.data.get("finding", "")), event)
            else:
                yield from _take(state, event)


def _take(state: State, event: Event) -> Iterator[Event]:
    if event.type == RUN:
        waiting = _waited(state, event.run)
        if any(kind == FINISHED for kind, _ in waiting):
            known = inputs.together(d["inputs"] for kind, d in waiting if kind == LOOKUP)
            yield from _session(state, event, waiting, known)
        return
    own = str(event.data.get("session", ""))
    if not event.run and not own:
        return
    session = own or event.run
    _wait(state, session, event)
    if event.type == FINISHED and own:
        yield from _session(state, event, _waited(state, session), "")


def _session(state: State, event: Event, told: Waiting, known: str) -> Iterator[Event]:
    """What follows from all that one run or file told of tests; `event` is its last one."""
    data = event.data
    by_commit = inputs.of_commit(data.get("commit"), event.environment)
    number = state.get(NUMBER, 0) + 1
    state.set(NUMBER, number)
    project, run_root = str(data.get("project", "")), str(data.get("root", ""))
    suites: dict[str, list[Result]] = {}
    for kind, each in told:
        if kind == RESULTS:
            suite = suite_of(each, run_root)
            suites.setdefault(suite, []).extend(tests_of(each))
    for suite, tests in suites.items():
        about = flaky.Session(
            project, suite, by_commit or known, bool(by_commit), event.run, number
        )
        yield from flaky.judge(state, about, tests, event)
        yield _measured(event, project, suite, tests)


def _measured(event: Event, project: str, suite: str, tests: Sequence[Result]) -> Event:
    """The durations of the longest tests that passed; where none failed, that of the suite."""
    passed = [test for test in tests if test.letter in PASSED and not test.was_rerun]
    longest = sorted(passed, key=lambda test: (-test.duration_s, test.name))[:MOST_SERIES]
    label = f"{suite}: " if suite else ""
    values = {label + test.name: test.duration_s for test in longest if test.duration_s >= LEAST_S}
    if len(passed) == len(tests):
        values[f"{label}all tests"] = round(sum(test.duration_s for test in tests), 4)
    data = {
        "project": project,
        "metric": "test",
        "unit": "s",
        "values": values,
        **{name: event.data[name] for name in ("branch", "commit") if event.data.get(name)},
    }
    return fact(MEASURED, data, time_ns=event.time_ns, of=event, subject=suite)


def _wait(state: State, run: str, event: Event) -> None:
    """Keep an event of a run that is not over; those of runs that never end go at last."""
    is_lookup = event.type == LOOKUP
    kept = {"inputs": inputs.of_lookup(event.data)} if is_lookup else event.data
    state.execute(
        "INSERT INTO waiting(run, kind, data) VALUES (?, ?, ?)", (run, event.type, json.dumps(kept))
    )
    state.execute(
        "DELETE FROM waiting WHERE run NOT IN "
        "(SELECT run FROM waiting GROUP BY run ORDER BY max(n) DESC LIMIT ?)",
        (MOST_WAITING,),
    )


def _waited(state: State, run: str) -> list[tuple[str, Data]]:
    """What was kept of a run, which is forgotten."""
    rows = state.execute("SELECT kind, data FROM waiting WHERE run = ? ORDER BY n", (run,))
    state.execute("DELETE FROM waiting WHERE run = ?", (run,))
    return [(kind, json.loads(data)) for kind, data in rows]
