"""Answers questions from the index, filtered by environment, host, project and machine.

    index = Index(folder)           read-only; SQLite's WAL lets it read while another writes
    index.runs(Where(environment="ci", from_ns=…), limit=100)

Rows come as dictionaries of the columns that schema.py explains, with `environment`, `machine`,
`host` and `project` of who told. Where there is no index yet, everything is empty.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Sequence
from typing import Any

from buildopt.monitor import columns, schema, spans
from buildopt.monitor.hookspecs import ANYWHERE, LAST_NS, Point, Series, Summary, Where
from buildopt.monitor.rollups import Level, Rollup
from buildopt.monitor.sample_rows import DAY_S, day_of

QUANTILES = (0.5, 0.95, 0.99)
_KEYS = {
    "runs": "t.run",
    "tasks": "t.run || '/' || t.task || '/' || t.inside || '/' || t.directory",
    "lookups": "printf('%020d', t.event)",
}
"""What is listed by time, and what tells rows of one moment apart."""
Row = dict[str, Any]
"""Column -> value."""
Extra = tuple[str, Sequence[object]]
"""A condition, and what stands for its marks."""


class Index:
    """Reads the index of a state folder, which may be made later."""

    def __init__(self, folder: str) -> None:
        self.path = os.path.join(folder, "index.sqlite")
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def events(
        self,
        where: Where = ANYWHERE,
        *,
        types: Sequence[str] = (),
        run: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[Row]:
        """Events, newest in the stream first; `types` are beginnings of type names."""
        extra = [*_types(types), *_equal("run", run)]
        if before:
            extra.append(("t.id < ?", [_number(before)]))
        rows = self._events(where, extra, f"t.id DESC LIMIT {limit:d}")
        return [{**row, "cursor": str(row["id"])} for row in rows]

    def events_after(
        self,
        position: str,
        where: Where = ANYWHERE,
        *,
        types: Sequence[str] = (),
        limit: int = 100,
    ) -> list[Row]:
        """Events behind a position of the stream, the oldest first."""
        extra = [*_types(types), ("t.id >= ?", [self._first_after(position)])]
        return self._events(where, extra, f"t.id LIMIT {limit:d}")

    def runs(
        self,
        where: Where = ANYWHERE,
        *,
        task: str = "",
        outcome: str = "",
        run: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[Row]:
        """Runs that ended or were lost, newest first."""
        extra = [*_equal("task", task), *_equal("outcome", outcome), *_equal("run", run)]
        return self._listed("runs", where, extra, before, limit)

    def tasks(
        self,
        where: Where = ANYWHERE,
        *,
        task: str = "",
        outcome: str = "",
        run: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[Row]:
        """Tasks of runs, newest first."""
        extra = [*_equal("task", task), *_equal("outcome", outcome), *_equal("run", run)]
        return self._listed("tasks", where, extra, before, limit)

    def lookups(
        self,
        where: Where = ANYWHERE,
        *,
        task: str = "",
        run: str = "",
        before: str = "",
        limit: int = 100,
    ) -> list[Row]:
        """Look-ups that no record answered, with their first reason, newest first."""
        extra = [*_equal("task", task), *_equal("run", run)]
        return self._listed("lookups", where, extra, before, limit)

    def origins(self) -> list[Row]:
        """Every environment, host, project and machine that has told something.

        What the monitor itself says is of no project.
        """
        names = ("environment", "host", "project", "machine")
        project = "CASE WHEN source GLOB '/*/monitor/[^0-9]*' THEN '' ELSE project END"
        rows = self._select(
            f"SELECT DISTINCT environment, host, {project}, machine FROM sources", []
        )
        return [dict(zip(names, row, strict=True)) for row in sorted(rows)]

    def series(self, where: Where = ANYWHERE, *, metric: str = "") -> list[Series]:
        """The series of a metric, or of all."""
        conditions, values = _origin("t", where)
        if metric:
            conditions.append("t.metric = ?")
            values.append(metric)
        select = "SELECT id, name, metric, host, project, environment, machine FROM series AS t"
        return [Series(*row) for row in self._select(f"{select}{_where(conditions)}", values)]

    def summary(
        self, series: Sequence[int], span_s: tuple[int, int], shares: Sequence[float] = QUANTILES
    ) -> Summary:
        """What the values of series come to, with quantiles within 2 %."""
        connection = self._opened()
        return spans.summarize(connection or _nothing(), series, span_s, shares)

    def samples(self, series: int, span_s: tuple[int, int]) -> list[tuple[int, float]]:
        """Single samples that still stand: milliseconds since 1970, and value."""
        connection = self._opened()
        return list(spans.samples(connection, series, span_s)) if connection else []

    def points(self, series: int, span_s: tuple[int, int], width_s: int) -> list[Point]:
        """A series in columns of a width, oldest first."""
        connection = self._opened()
        return columns.points(connection, series, span_s, width_s) if connection else []

    def rollups(self, series: int, level: Level, span_s: tuple[int, int]) -> list[Rollup]:
        """Roll-ups of a series that begin in a time, for a chart."""
        start_s, end_s = span_s
        select = (
            "SELECT series, start_s, n, sum, min, max, sketch FROM rollups WHERE level = ?"
            " AND day >= ? AND day <= ? AND series = ? AND start_s >= ? AND start_s < ?"
            " ORDER BY start_s"
        )
        days = (day_of(max(0, start_s - DAY_S)), day_of(end_s))
        return [Rollup(*r) for r in self._select(select, [level, *days, series, start_s, end_s])]

    def position(self) -> str:
        """Behind the last record that is in the index, as text; `/` where nothing is."""
        found = self._select("SELECT value FROM meta WHERE key = 'position'", [])
        return str(found[0][0]) if found else "/"

    def skipped(self) -> list[Row]:
        """Lines that were no events, or of a newer version: stem, segment, trouble, lines."""
        select = "SELECT stem, segment, trouble, lines FROM skipped WHERE lines > 0"
        names = ("stem", "segment", "trouble", "lines")
        return [dict(zip(names, row, strict=True)) for row in self._select(select, [])]

    def missing_events(self, where: Where = ANYWHERE) -> int:
        """Events that were counted by who told them, and never came."""
        conditions, values = _origin("t", where)
        select = "SELECT coalesce(sum(missing), 0) FROM sources AS t"
        found = self._select(f"{select}{_where(conditions)}", values)
        return int(found[0][0]) if found else 0

    def close(self) -> None:
        """Close the file."""
        if self._connection:
            self._connection.close()
        self._connection = None

    def _events(self, where: Where, extra: Sequence[Extra], order: str) -> list[Row]:
        rows = self._rows("events", where, extra, order)
        return [{**row, "data": json.loads(row["data"])} for row in rows]

    def _listed(
        self, table: str, where: Where, extra: Sequence[Extra], before: str, limit: int
    ) -> list[Row]:
        key = _KEYS[table]
        if before:
            time_ns, _, rest = before.partition("~")
            extra = [*extra, (f"(t.time_ns, {key}) < (?, ?)", [_number(time_ns), rest])]
        order = f"t.time_ns DESC, {key} DESC LIMIT {limit:d}"
        rows = self._rows(table, where, extra, order, f", {key} AS cursor")
        return [{**row, "cursor": f"{row['time_ns']}~{row['cursor']}"} for row in rows]

    def _rows(
        self,
        table: str,
        where: Where,
        extra: Sequence[Extra],
        order: str,
        more: str = "",
    ) -> list[Row]:
        conditions, values = _origin("s", where)
        if where.from_ns or where.to_ns != LAST_NS:
            conditions.append("t.time_ns >= ? AND t.time_ns < ?")
            values += [where.from_ns, where.to_ns]
        for condition, further in extra:
            conditions.append(f"({condition})")
            values += further
        select = (
            f"SELECT t.*, s.source AS source, s.environment, s.machine, s.host, s.project{more}"
            f" FROM {table} AS t JOIN sources AS s ON s.id = t.source{_where(conditions)}"
            f" ORDER BY {order}"
        )
        connection = self._opened()
        if connection is None:
            return []
        cursor = connection.execute(select, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def _first_after(self, position: str) -> int:
        """The least number of an event behind a position: both grow along the stream."""
        ((low, last),) = self._select("SELECT min(id), max(id) FROM events", []) or ((0, 0),)
        low, high = low or 0, (last or 0) + 1
        select = "SELECT id, position FROM events WHERE id >= ? ORDER BY id LIMIT 1"
        while low < high:
            middle = (low + high) // 2
            ((number, stands),) = self._select(select, [middle]) or ((0, "~"),)
            if stands > position:
                high = middle
            else:
                low = number + 1
        return low

    def _select(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        connection = self._opened()
        return connection.execute(sql, values).fetchall() if connection else []

    def _opened(self) -> sqlite3.Connection | None:
        """The connection to the file that is there now; None where there is no index yet."""
        try:
            inode = os.stat(self.path).st_ino
        except OSError:
            self.close()
            return None
        if self._connection is None or inode != self._inode:
            self.close()
            with contextlib.suppress(sqlite3.Error):
                self._connection = schema.open_to_read(self.path)
                self._connection.execute("SELECT 1 FROM meta LIMIT 1")
                self._inode = inode
                return self._connection
            self.close()
        return self._connection


def _equal(column: str, value: str) -> list[Extra]:
    return [(f"t.{column} = ?", [value])] if value else []


def _types(types: Sequence[str]) -> list[Extra]:
    if not types:
        return []
    either = " OR ".join("(t.type >= ? AND t.type < ?)" for _ in types)
    return [(either, [bound for name in types for bound in (name, name + "\U0010ffff")])]


def _number(cursor: str) -> int:
    """The number in a cursor; raises ValueError for what was never one."""
    number = int(cursor)
    if not 0 <= number <= LAST_NS:
        raise ValueError(cursor)
    return number


def _origin(table: str, where: Where) -> tuple[list[str], list[object]]:
    names = ("environment", "host", "project", "machine")
    asked = [name for name in names if getattr(where, name)]
    return [f"{table}.{name} = ?" for name in asked], [getattr(where, name) for name in asked]


def _where(conditions: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def _nothing() -> sqlite3.Connection:
    """An index in memory with nothing in it."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(schema.TABLES)
    return connection
