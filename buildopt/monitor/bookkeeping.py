"""What the index notes about the journal itself: skipped lines, told ones, and carried records."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from buildopt.monitor import carrying
from buildopt.monitor.position import Place, Segment
from buildopt.monitor.records import Record
from buildopt.monitor.stream import Skipped

LINES_SKIPPED = "buildopt.journal.lines_skipped"


def keep_carried(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """Note of carried records where they stood before."""
    for record in records:
        if record.envelope.carried:
            stem = "samples" if record.envelope.after else "events"
            for place in carrying.marks(record.envelope.carried):
                keep_end(connection, stem, place)


def keep_end(connection: sqlite3.Connection, stem: str, place: Place) -> None:
    """Note how far the late records of a segment were carried."""
    connection.execute(
        "INSERT INTO carried VALUES (?, ?, ?) ON CONFLICT DO UPDATE"
        " SET end_bytes = max(end_bytes, excluded.end_bytes)",
        (stem, ",".join(place.segment), place.offset_bytes),
    )


def carried_until(connection: sqlite3.Connection, stem: str) -> dict[Segment, int]:
    """How far the late records of each segment were carried."""
    select = "SELECT segment, end_bytes FROM carried WHERE stem = ?"
    found = connection.execute(select, (stem,))
    return {Segment(*name.split(",", 1)): end_bytes for name, end_bytes in found}


def counted(skipped: Iterable[tuple[Skipped, int]]) -> Iterator[tuple[str, str, str, int]]:
    """What a reader has counted, as rows for `keep_skipped`."""
    for of, lines in skipped:
        if lines:
            yield of.stem, of.segment.file_name(of.stem), of.trouble, lines


def keep_skipped(connection: sqlite3.Connection, rows: Iterable[tuple[str, str, str, int]]) -> None:
    """Count lines of stem, file and trouble."""
    connection.executemany(
        "INSERT INTO skipped (stem, segment, trouble, lines) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET lines = lines + excluded.lines",
        rows,
    )


def keep_told(connection: sqlite3.Connection, records: Sequence[Record]) -> None:
    """How many skipped lines an event has told of already, by this index or one before it."""
    for record in records:
        data = record.envelope.data
        if record.envelope.type == LINES_SKIPPED and isinstance(data.get("lines"), int):
            key = (str(data.get("stem")), str(data.get("segment")), str(data.get("trouble")))
            connection.execute(
                "INSERT INTO skipped VALUES (?, ?, ?, 0, ?)"
                " ON CONFLICT DO UPDATE SET told = told + excluded.told",
                (*key, data["lines"]),
            )
