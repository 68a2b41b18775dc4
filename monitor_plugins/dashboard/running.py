"""The builds that run now, by name: they have looked up a record, and have not ended."""

from __future__ import annotations

from collections.abc import Iterator

from buildopt.monitor.hookspecs import Known, Row
from monitor_plugins.dashboard.asked import NS, UNITS_S, Asked
from monitor_plugins.dashboard.lists import lookup_of
from monitor_plugins.dashboard.shapes.figures import Building

MOST_LOOKUPS = 300
MOST_RUNS = 30


def running(known: Known, asked: Asked) -> list[Building]:
    """Those of the last day, the newest first."""
    now_ns = int(asked.now_s * NS)
    where = asked.where._replace(from_ns=max(0, now_ns - UNITS_S["d"] * NS), to_ns=now_ns + NS)
    first = {row["run"]: row for row in known.lookups(where, limit=MOST_LOOKUPS)}
    return [_building(row) for row in _open(known, first)]


def _open(known: Known, first: dict[str, Row]) -> Iterator[Row]:
    """The first look-ups of runs that have not ended."""
    for run, row in list(first.items())[:MOST_RUNS]:
        if run and not known.runs(run=run, limit=1):
            yield row


def _building(row: Row) -> Building:
    told = lookup_of(row)
    return Building(
        run=told.run, task=told.task, project=told.project, host=told.host, since_s=told.time_s,
        text=told.text,
    )  # fmt: skip
