"""Writes a batch of records into the index; its caller has begun the transaction and ends it.

An event is there once, whatever is read twice: `UNIQUE (source, event_id)`, and nothing else is
written for one that was there. Numbers of sources, series and events are given by this writer,
which is the only one.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from buildopt.monitor import sample_rows
from buildopt.monitor.records import Record, json_of
from buildopt.monitor.rows import (
    ABOUT_RUNS,
    RUN_LOST,
    Origin,
    Value,
    begins_run,
    ends_run,
    rows_of,
)
from buildopt.monitor.samples import TYPE as SAMPLE

_REPLACE = {
    "runs": f"INSERT OR REPLACE INTO runs VALUES ({','.join('?' * 15)})",
    "tasks": f"INSERT OR REPLACE INTO tasks VALUES ({','.join('?' * 11)})",
    "lookups": f"INSERT OR REPLACE INTO lookups VALUES ({','.join('?' * 8)})",
}
_EVENT = f"INSERT OR IGNORE INTO events VALUES ({','.join('?' * 13)})"
MOST_ORIGINS = 4_096
"""Numbers of sources kept at hand: each run has one of its own, and a monitor lives for months."""


class Source(NamedTuple):
    """A row of `sources`, as far as it changes."""

    last_n: int
    missing: int


class BatchWriter:
    """Writes records by one connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._origins: dict[tuple[str, str, str], int] = {}
        self._samples = sample_rows.SampleWriter(connection)

    def write(self, batch: Sequence[Record]) -> None:
        """Put the records into their tables."""
        events = [record for record in batch if record.envelope.type != SAMPLE]
        if events:
            self._write_events(events)
        if len(events) < len(batch):
            self._samples.write([r.envelope for r in batch if r.envelope.type == SAMPLE])

    def take_late(self) -> list[tuple[str, str, str, int]]:
        """Samples that came when those of their day were gone, as rows of `skipped`."""
        late = self._samples.late
        rows = [("samples", f"samples-{day}.log", "late", n) for day, n in sorted(late.items())]
        late.clear()
        return rows

    def forget(self) -> None:
        """Forget the numbers that were given: the transaction was rolled back."""
        self._origins.clear()
        self._samples.forget()

    def _write_events(self, events: Sequence[Record]) -> None:
        first = self._next_event()
        sources = [self._source(record) for record in events]
        numbered = list(zip(events, range(first, first + len(events)), sources, strict=True))
        taken = self._insert([_event_row(*each) for each in numbered])
        fresh = numbered if taken is None else [each for each in numbered if each[1] in taken]
        self._write_derived(fresh)
        self._count_numbers((source, record.envelope.n) for record, _, source in fresh)

    def _insert(self, rows: list[tuple[Value, ...]]) -> set[int] | None:
        """Insert rows of events; those of them that are new, None where all are."""
        before = self._connection.total_changes
        try:
            self._connection.executemany(_EVENT, rows)
        except UnicodeEncodeError:  # half pairs of UTF-16: what went in already is left alone
            self._connection.executemany(_EVENT, map(_encodable, rows))
        if self._connection.total_changes - before == len(rows):
            return None
        found = self._connection.execute("SELECT id FROM events WHERE id >= ?", (rows[0][0],))
        return {number for (number,) in found}

    def _write_derived(self, events: Iterable[tuple[Record, int, int]]) -> None:
        tables: dict[str, list[tuple[Value, ...]]] = defaultdict(list)
        begun: dict[tuple[str, int], tuple[Value, ...]] = {}
        ended: list[tuple[str]] = []
        for record, number, source in events:
            told = record.envelope
            if told.type not in ABOUT_RUNS:
                continue
            if told.type == RUN_LOST:
                source = self._began(told.run, begun) or source
            for row in rows_of(told, event=number, source=source):
                tables[row.table].append(_encodable(row.values))
            if begins_run(told):
                key = (told.run, source)
                begun.setdefault(key, (*key, told.boot, told.mono, told.time))
            elif ends_run(told):
                ended.append((told.run,))
        for table, rows in tables.items():
            self._connection.executemany(_REPLACE[table], rows)
        if begun:
            self._connection.executemany(
                "INSERT OR IGNORE INTO unfinished SELECT ?1, ?2, ?3, ?4, ?5"
                " WHERE NOT EXISTS (SELECT 1 FROM runs WHERE run = ?1)",
                map(_encodable, begun.values()),
            )
        if ended:
            runs = [_encodable(run) for run in ended]
            self._connection.executemany("DELETE FROM unfinished WHERE run = ?", runs)

    def _began(self, run: str, begun: Iterable[tuple[str, int]]) -> int | None:
        """The first source that told of an unfinished run, in this batch or before it."""
        select = "SELECT source FROM unfinished WHERE run = ?"
        before = [source for (source,) in self._connection.execute(select, _encodable((run,)))]
        return min((*before, *(source for each, source in begun if each == run)), default=None)

    def _count_numbers(self, numbers: Iterable[tuple[int, int]]) -> None:
        """Keep each source's last number, and how many never came; 1 is a new process."""
        known: dict[int, Source] = {}
        for source, n in numbers:
            last, missing = known.get(source) or self._numbers(source)
            if n > last + 1 and last:
                missing += n - last - 1
            known[source] = Source(n, missing)
        self._connection.executemany(
            "UPDATE sources SET last_n = ?, missing = ? WHERE id = ?",
            [(*numbers, source) for source, numbers in known.items()],
        )

    def _numbers(self, source: int) -> Source:
        select = "SELECT last_n, missing FROM sources WHERE id = ?"
        return Source(*self._connection.execute(select, (source,)).fetchone())

    def _next_event(self) -> int:
        (last,) = self._connection.execute("SELECT max(id) FROM events").fetchone()
        return (last or 0) + 1

    def _source(self, record: Record) -> int:
        told = record.envelope
        key = (told.source, told.environment, told.machine)
        found = self._origins.get(key)
        if found is None:
            if len(self._origins) >= MOST_ORIGINS:
                self._origins.clear()
            found = self._origins[key] = self._make_source(Origin(*key))
        return found

    def _make_source(self, origin: Origin) -> int:
        names = _encodable(origin)
        self._connection.execute(
            "INSERT OR IGNORE INTO sources (source, environment, machine, host, project)"
            " VALUES (?, ?, ?, ?, ?)",
            (*names, *_encodable((origin.host, origin.project))),
        )
        select = "SELECT id FROM sources WHERE source = ? AND environment = ? AND machine = ?"
        return int(self._connection.execute(select, names).fetchone()[0])


def _event_row(record: Record, number: int, source: int) -> tuple[Value, ...]:
    told = record.envelope
    return (
        number, str(record.position), source, told.id, told.time, told.type, told.run, told.n,
        told.severity, told.subject, told.parent, told.schema, json_of(told.data).decode(),
    )  # fmt: skip


def _encodable(values: Sequence[Value]) -> tuple[Value, ...]:
    """The values with half pairs of UTF-16, which SQLite refuses, written as escapes."""
    return tuple(
        value.encode("utf-8", "backslashreplace").decode()
        if isinstance(value, str) and not value.isascii()
        else value
        for value in values
    )
