"""Samples in the index: a table a day, so that a day that expires is dropped in one piece.

samples_YYYYMMDD (series, time_ms: since the day began, value)
"""

from __future__ import annotations

import calendar
import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from buildopt.monitor.records import Envelope
from buildopt.monitor.rows import Origin, number

DAY_S = 86_400
HOUR_S = 3_600
_PREFIX = "samples_"


def day_of(time_s: int) -> str:
    """The UTC day of a time."""
    return time.strftime("%Y%m%d", time.gmtime(time_s))


def start_of(day: str) -> int:
    """When a UTC day began, in seconds since 1970."""
    return calendar.timegm((int(day[:4]), int(day[4:6]), int(day[6:]), 0, 0, 0))


def table_of(day: str) -> str:
    """The table of a day's samples."""
    return f"{_PREFIX}{day}"


def days_kept(connection: sqlite3.Connection) -> list[str]:
    """Days that have a table, oldest first."""
    select = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB 'samples_[0-9]*'"
    return sorted(name[len(_PREFIX) :] for (name,) in connection.execute(select))


class SampleWriter:
    """Writes samples by the connection of the one writer."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._series: dict[tuple[str, ...], int] = {}
        self._tables: set[str] = set()
        self.late: Counter[str] = Counter()
        """Samples by day, of days whose samples are gone: what those came to stands already."""

    def write(self, samples: Sequence[Envelope]) -> None:
        """Put the values into the tables of their days, and mark their hours as not rolled up."""
        days: dict[str, list[tuple[int, int, float]]] = defaultdict(list)
        spans = set()
        raw_from = self._raw_from()
        for sample in samples:
            time_s = sample.time // 1_000_000_000
            day_s = time_s - time_s % DAY_S
            if day_of(day_s) < raw_from:
                self.late[day_of(day_s)] += 1
                continue
            spans |= {("hour", time_s - time_s % HOUR_S), ("day", day_s)}
            time_ms = sample.time // 1_000_000 - day_s * 1_000
            days[day_of(day_s)] += ((s, time_ms, value) for s, value in self._values(sample))
        for day, rows in days.items():
            self._make_table(day)
            rows.sort()
            self._connection.executemany(
                f"INSERT OR REPLACE INTO {table_of(day)} VALUES (?, ?, ?)", rows
            )
        self._connection.executemany("INSERT OR IGNORE INTO unrolled VALUES (?, ?)", sorted(spans))

    def forget(self) -> None:
        """Forget what was made: the transaction was rolled back."""
        self._series.clear()
        self._tables.clear()
        self.late.clear()

    def _values(self, sample: Envelope) -> Iterator[tuple[int, float]]:
        origin = Origin(sample.source, sample.environment, sample.machine)
        place = (origin.host, origin.project, sample.environment, sample.machine)
        for name, value in sample.data.items():
            found = number(value)
            if found is not None:
                yield self._series.get((name, *place)) or self.series(name, *place), found

    def series(self, name: str, *place: str) -> int:
        """The number of a series of host, project, environment and machine; made now if need be."""
        key = (name, *place)
        names = [each.encode("utf-8", "backslashreplace").decode() for each in key]
        self._connection.execute(
            "INSERT OR IGNORE INTO series (name, host, project, environment, machine, metric)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*names, names[0].partition("{")[0]),
        )
        self._series[key] = self._connection.execute(
            "SELECT id FROM series WHERE name = ? AND host = ? AND project = ?"
            " AND environment = ? AND machine = ?",
            names,
        ).fetchone()[0]
        return self._series[key]

    def _raw_from(self) -> str:
        select = "SELECT value FROM meta WHERE key = 'raw_from'"
        found = self._connection.execute(select).fetchone()
        return str(found[0]) if found else ""

    def _make_table(self, day: str) -> None:
        if day in self._tables:
            return
        self._connection.execute(
            f"CREATE TABLE IF NOT EXISTS {table_of(day)} (series INTEGER, time_ms INTEGER,"
            " value REAL, PRIMARY KEY (series, time_ms)) WITHOUT ROWID"
        )
        self._tables.add(day)
