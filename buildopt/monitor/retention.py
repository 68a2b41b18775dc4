"""Drops what is older than its time: segments of the journal, and their rows.

    events, and rows of them      30 days
    samples                       the day before and today, once their roll-ups stand
    roll-ups of minutes           7 days;  of hours 30 days;  of days a year

Ages are counted from the day before the newest with events or samples, or from today where that
is earlier: a clock that jumps ahead costs nothing unless it stays there for a second day.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import NamedTuple

from buildopt.monitor.chain import Chain
from buildopt.monitor.importer import Importer
from buildopt.monitor.rollups import LEVELS, Level
from buildopt.monitor.sample_rows import DAY_S, day_of, days_kept, start_of, table_of

EVENT_DAYS = 30
ROLLUP_DAYS: dict[Level, int] = {"minute": 7, "hour": 30, "day": 365}
_CHUNK_ROWS = 2_000
"""Deleted in one transaction, so that the importer never waits for long."""
_FREED_PAGES = 2_000


class Dropped(NamedTuple):
    """What went: files of the journal, and events of the index."""

    segments: int = 0
    events: int = 0


def drop_expired(importer: Importer, now_s: float) -> Dropped:
    """Drop what has expired; nothing while this process does not import or has more to read.

    Raises sqlite3.Error and OSError; what is left goes the next time.
    """
    connection = importer.connection()
    if connection is None or importer.step():
        return Dropped()
    journal = _Journal(importer.folder)
    reference_s = _reference(journal, now_s)
    events_from = day_of(reference_s - EVENT_DAYS * DAY_S)
    events = _drop_events(connection, events_from)
    segments = journal.drop("events", events_from)
    segments += _drop_samples(connection, journal, reference_s)
    for level in LEVELS:
        level_from = day_of(reference_s - ROLLUP_DAYS[level] * DAY_S)
        connection.execute("DELETE FROM rollups WHERE level = ? AND day < ?", (level, level_from))
        segments += journal.drop(f"rollups-{level}", level_from)
    if events or segments:
        _tidy(connection, events_from)
        importer.forget_numbers()
    return Dropped(segments, events)


class _Journal:
    """The files of the journal, by stem."""

    def __init__(self, folder: str) -> None:
        self._chains = {
            stem: Chain(folder, stem, seals=False)
            for stem in ("events", "samples", *(f"rollups-{level}" for level in LEVELS))
        }
        for chain in self._chains.values():
            chain.look()

    def days(self) -> list[str]:
        """Days with events or samples, newest first."""
        stems = (self._chains["events"], self._chains["samples"])
        return sorted({s.day for chain in stems for s in chain.sizes}, reverse=True)

    def drop(self, stem: str, first_kept: str) -> int:
        """Unlink the files of days before one; how many."""
        chain = self._chains[stem]
        old = [segment for segment in chain.sizes if segment.day < first_kept]
        for segment in old:
            for path in (chain.path(segment), chain.seal_path(segment)):
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)
        return len(old)


def _reference(journal: _Journal, now_s: float) -> int:
    """The start of the day from which ages are counted."""
    days = journal.days()
    today_s = int(now_s) - int(now_s) % DAY_S
    return min(today_s, *(start_of(day) for day in days[:2]))


def _drop_events(connection: sqlite3.Connection, first_kept: str) -> int:
    """Delete the events of segments of days before one, and rows made of them."""
    dropped = 0
    select = "SELECT id FROM events WHERE id <= ? AND position < ? ORDER BY id"
    while True:
        (first,) = connection.execute("SELECT min(id) FROM events").fetchone()
        if first is None:
            return dropped
        expired = connection.execute(select, (first + _CHUNK_ROWS, first_kept)).fetchall()
        if not expired:
            return dropped
        _drop_until(connection, expired[-1][0])
        dropped += len(expired)


def _drop_until(connection: sqlite3.Connection, last: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    runs = "SELECT run FROM runs WHERE event <= ?"
    connection.execute(f"DELETE FROM tasks WHERE run IN ({runs})", (last,))
    connection.execute("DELETE FROM runs WHERE event <= ?", (last,))
    connection.execute("DELETE FROM lookups WHERE event <= ?", (last,))
    connection.execute("DELETE FROM events WHERE id <= ?", (last,))
    connection.execute("COMMIT")


def _drop_samples(connection: sqlite3.Connection, journal: _Journal, reference_s: int) -> int:
    """Drop days of samples that are all rolled up; the files up to the first that is not."""
    first_kept = day_of(reference_s)
    unrolled = connection.execute("SELECT min(start_s) FROM unrolled").fetchone()[0]
    if unrolled is not None:
        first_kept = min(first_kept, day_of(unrolled))
    connection.execute("BEGIN IMMEDIATE")
    for day in days_kept(connection):
        if day < first_kept:
            connection.execute(f"DROP TABLE {table_of(day)}")
    # What comes later for such a day is in no roll-up that could be made again.
    connection.execute(
        "INSERT INTO meta VALUES ('raw_from', ?1) ON CONFLICT DO UPDATE SET value = max(value, ?1)",
        (first_kept,),
    )
    connection.execute("COMMIT")
    return journal.drop("samples", first_kept)


def _tidy(connection: sqlite3.Connection, events_from: str) -> None:
    """Let names go that nothing refers to any more, and give room back."""
    connection.execute("BEGIN IMMEDIATE")
    for table in ("carried", "skipped"):
        connection.execute(
            f"DELETE FROM {table} WHERE stem = 'events' AND {_DAY[table]} < ?", (events_from,)
        )
    connection.execute(
        "DELETE FROM sources WHERE NOT EXISTS (SELECT 1 FROM events WHERE source = sources.id)"
        " AND id NOT IN (SELECT source FROM unfinished)"
    )
    standing = ["SELECT series FROM rollups"]
    standing += [f"SELECT series FROM {table_of(day)}" for day in days_kept(connection)]
    connection.execute(f"DELETE FROM series WHERE id NOT IN ({' UNION '.join(standing)})")
    connection.execute("COMMIT")
    connection.execute(f"PRAGMA incremental_vacuum({_FREED_PAGES})").fetchall()


_DAY = {"carried": "substr(segment, 1, 8)", "skipped": "substr(segment, -12, 8)"}
"""Where the day stands in what the tables call a segment."""
