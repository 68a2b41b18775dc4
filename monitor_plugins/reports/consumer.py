"""Keeps the runs of the last days, and says which hours and digests are over.

    report_run(id, time_ns, json)                    a run that ended, as its event told it
    report_due(kind, from_ns, to_ns, state)          `hour` or `digest`; `waiting` or `done`

A run that comes late has its hour written again. All times are those of the stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from buildopt.events import Event
from buildopt.monitor.hookspecs import State
from monitor_plugins.reports.options import Options

FINISHED = "buildopt.run.finished"
WRITTEN = "buildopt.report.written"
SENT = "buildopt.report.digest_sent"
HOUR_NS = 3_600 * 10**9
DAY_NS = 24 * HOUR_NS
GRACE_NS = 60 * 10**9
"""Behind an hour: runs of other hosts come a little later."""
KEPT_DAYS = 9
"""A digest of a week, and a day in which no monitor ran."""
TABLES = (
    "CREATE TABLE IF NOT EXISTS report_run("
    "id TEXT PRIMARY KEY, time_ns INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS report_run_time ON report_run(time_ns)",
    "CREATE TABLE IF NOT EXISTS report_due("
    "kind TEXT NOT NULL, from_ns INTEGER NOT NULL, to_ns INTEGER NOT NULL, state TEXT NOT NULL, "
    "PRIMARY KEY(kind, from_ns)) WITHOUT ROWID",
)
SET_DUE = "INSERT OR REPLACE INTO report_due VALUES(?, ?, ?, ?)"
DIGEST_AT = "digest at"


class ReportsConsumer:
    """Takes runs, and what the worker says that it has done."""

    name = "reports"
    version = "1"
    types: Sequence[str] = (FINISHED, WRITTEN, SENT)
    state_version = 1

    def __init__(self, options: Options) -> None:
        self._options = options

    def migrate(self, state: State) -> None:
        """Make the tables."""
        for table in TABLES:
            state.execute(table)

    def handle(self, batch: Sequence[Event], state: State) -> Iterable[Event]:
        """Keep runs; nothing follows from them but rows."""
        for event in batch:
            if event.type == FINISHED:
                self._take(event, state)
            else:
                self._mark(event, state)
        return ()

    def tick(self, now_ns: int, state: State) -> Iterable[Event]:
        """Say which hours are over, and whether a digest is due."""
        over = "SELECT DISTINCT from_ns FROM report_due WHERE kind = 'open hour' AND to_ns <= ?"
        for (from_ns,) in state.execute(over, (now_ns - GRACE_NS,)):
            state.execute(SET_DUE, ("hour", from_ns, from_ns + HOUR_NS, "waiting"))
            state.execute(
                "DELETE FROM report_due WHERE kind = 'open hour' AND from_ns = ?", (from_ns,)
            )
        self._digest(now_ns, state)
        oldest_ns = now_ns - KEPT_DAYS * DAY_NS
        state.execute("DELETE FROM report_run WHERE time_ns < ?", (oldest_ns,))
        state.execute("DELETE FROM report_due WHERE to_ns < ?", (oldest_ns,))
        return ()

    def _take(self, event: Event, state: State) -> None:
        data = {name: value for name, value in event.data.items() if name != "tasks"}
        row = json.dumps({"time_ns": event.time_ns, "run": event.run, "data": data})
        state.execute(
            "INSERT OR REPLACE INTO report_run VALUES(?, ?, ?)", (event.id, event.time_ns, row)
        )
        from_ns = event.time_ns - event.time_ns % HOUR_NS
        state.execute(SET_DUE, ("open hour", from_ns, from_ns + HOUR_NS, "waiting"))
        state.wake_at(from_ns + HOUR_NS + GRACE_NS)
        if self._options.digest_days and state.get(DIGEST_AT) is None:
            self._plan(event.time_ns, state)

    def _plan(self, after_ns: int, state: State) -> None:
        """The next digest behind a time; those of a week end on Mondays."""
        offset_ns = self._options.digest_hour * HOUR_NS
        day = (after_ns - offset_ns) // DAY_NS + 1
        while self._options.digest_days == 7 and (day + 3) % 7:  # day 0 was a Thursday
            day += 1
        state.set(DIGEST_AT, day * DAY_NS + offset_ns)
        state.wake_at(day * DAY_NS + offset_ns)

    def _digest(self, now_ns: int, state: State) -> None:
        at_ns = state.get(DIGEST_AT)
        if at_ns is None or at_ns > now_ns or not self._options.digest_days:
            return
        from_ns = at_ns - self._options.digest_days * DAY_NS
        within = "SELECT count(*) FROM report_run WHERE time_ns >= ? AND time_ns < ?"
        if state.execute(within, (from_ns, at_ns))[0][0]:
            state.execute(SET_DUE, ("digest", from_ns, at_ns, "waiting"))
        self._plan(now_ns, state)

    def _mark(self, event: Event, state: State) -> None:
        kind, from_ns = str(event.data.get("kind")), event.data.get("from_ns")
        state.execute(
            "UPDATE report_due SET state = 'done' WHERE kind = ? AND from_ns = ?", (kind, from_ns)
        )
