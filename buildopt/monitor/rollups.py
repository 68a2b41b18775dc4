"""What samples come to over minutes, hours and days, and what stands of it in the journal.

An hour is rolled up when it is over: its minutes from the samples, the hour from its minutes, and
when the day is over, the day from its hours. What has changed is appended to

    STATE/journal/rollups-LEVEL-HOST-DAY.log     in the form of `journal_line.py`:
      {"level", "host", "project", "environment", "machine",
       "rows": [[series, start_s, n, sum, min, max, sketch in base64], …]}

before it is committed to the index, so that an index can be made anew when the samples are gone.
A later row takes the place of an earlier one of the same series and start.
"""

from __future__ import annotations

import json
import os
import sqlite3
from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, Literal, NamedTuple

from buildopt import journal_line
from buildopt.monitor.chain import Chain
from buildopt.monitor.lines import scan
from buildopt.monitor.sample_rows import DAY_S, HOUR_S, SampleWriter, day_of, days_kept, table_of
from buildopt.monitor.sketch import Sketch

MINUTE_S = 60
SETTLE_S = 120
"""An hour is rolled up so long after its end: samples on their way still come into it."""
_LINE_BYTES = 48_000

Level = Literal["minute", "hour", "day"]
LEVELS: tuple[Level, ...] = ("minute", "hour", "day")


class Rollup(NamedTuple):
    """What the samples of one series in one span come to."""

    series: int
    start_s: int
    n: int
    sum: float
    min: float
    max: float
    sketch: bytes


def due(connection: sqlite3.Connection, now_s: float) -> tuple[Level, int] | None:
    """The next span to roll up: an hour that is over, or a day none of whose hours is left."""
    select = "SELECT start_s FROM unrolled WHERE level = ? AND start_s <= ? ORDER BY start_s"
    hour = connection.execute(select, ("hour", now_s - HOUR_S - SETTLE_S)).fetchone()
    if hour:
        return "hour", hour[0]
    for (day_s,) in connection.execute(select, ("day", now_s - DAY_S - SETTLE_S)).fetchall():
        left = "SELECT 1 FROM unrolled WHERE level = 'hour' AND start_s >= ? AND start_s < ?"
        if not connection.execute(left, (day_s, day_s + DAY_S)).fetchone():
            return "day", day_s
    return None


def roll(connection: sqlite3.Connection, folder: str, level: Level, start_s: int) -> bool:
    """Roll up one span, in the caller's transaction; False where the journal does not take it."""
    made: dict[Level, list[Rollup]] = {}
    if level == "hour":
        made["minute"] = list(_of_samples(connection, start_s))
        made["hour"] = list(_merged(made["minute"], HOUR_S))
    else:
        made["day"] = list(_merged(_rows(connection, "hour", start_s, start_s + DAY_S), DAY_S))
    for each, rollups in made.items():
        changed = [r for r in rollups if not _stands(connection, each, r)]
        if not all(_append(folder, each, line) for line in _lines(connection, each, changed)):
            return False
        store(connection, each, changed)
    delete = "DELETE FROM unrolled WHERE level = ? AND start_s = ?"
    connection.execute(delete, (level, start_s))
    return True


def store(connection: sqlite3.Connection, level: Level, rollups: Iterable[Rollup]) -> None:
    """Put roll-ups into the index."""
    connection.executemany(
        "INSERT OR REPLACE INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(level, day_of(rollup.start_s), *rollup) for rollup in rollups],
    )


def load(connection: sqlite3.Connection, folder: str) -> None:
    """Put all roll-ups of the journal into an index that is made anew."""
    series = SampleWriter(connection)
    for level in LEVELS:
        chain = Chain(folder, f"rollups-{level}", seals=False)
        chain.look()
        for segment, size in sorted(chain.sizes.items()):
            for line in _whole_lines(chain.path(segment), size):
                try:
                    store(connection, level, list(_parse(line, series)))
                except (ValueError, TypeError, KeyError):
                    continue  # damaged, or of another version


def _of_samples(connection: sqlite3.Connection, hour_s: int) -> Iterator[Rollup]:
    day = day_of(hour_s)
    if day not in days_kept(connection):
        return
    start_ms = hour_s % DAY_S * 1_000
    select = (
        f"SELECT time_ms, value FROM {table_of(day)} WHERE series = ? AND time_ms BETWEEN ? AND ?"
    )
    for series in _series_in(connection, table_of(day)):
        minutes: dict[int, list[float]] = defaultdict(list)
        span = (series, start_ms, start_ms + HOUR_S * 1_000 - 1)
        for time_ms, value in connection.execute(select, span):
            minutes[(time_ms - start_ms) // 60_000].append(value)
        for minute, values in minutes.items():
            sketch = Sketch()
            sketch.add(values)
            yield Rollup(
                series, hour_s + minute * MINUTE_S, len(values), sum(values), min(values),
                max(values), sketch.pack(),
            )  # fmt: skip


def _series_in(connection: sqlite3.Connection, table: str) -> Iterator[int]:
    """The series of a day, by skipping from one to the next."""
    select = f"SELECT min(series) FROM {table} WHERE series > ?"
    series = -1
    while (found := connection.execute(select, (series,)).fetchone()[0]) is not None:
        series = found
        yield series


def _merged(parts: Iterable[Rollup], span_s: int) -> Iterator[Rollup]:
    """One roll-up for each series and span, of the smaller ones in it."""
    groups: dict[tuple[int, int], list[Rollup]] = defaultdict(list)
    for part in parts:
        groups[part.series, part.start_s - part.start_s % span_s].append(part)
    for (series, start_s), group in groups.items():
        sketch = Sketch()
        for part in group:
            sketch.add_packed(part.sketch)
        yield Rollup(
            series, start_s, sum(p.n for p in group), sum(p.sum for p in group),
            min(p.min for p in group), max(p.max for p in group), sketch.pack(),
        )  # fmt: skip


def _rows(connection: sqlite3.Connection, level: Level, start_s: int, end_s: int) -> list[Rollup]:
    select = (
        "SELECT series, start_s, n, sum, min, max, sketch FROM rollups"
        " WHERE level = ? AND day = ? AND start_s >= ? AND start_s < ?"
    )
    return [
        Rollup(*r) for r in connection.execute(select, (level, day_of(start_s), start_s, end_s))
    ]


def _stands(connection: sqlite3.Connection, level: Level, rollup: Rollup) -> bool:
    select = (
        "SELECT series, start_s, n, sum, min, max, sketch FROM rollups"
        " WHERE level = ? AND day = ? AND series = ? AND start_s = ?"
    )
    key = (level, day_of(rollup.start_s), rollup.series, rollup.start_s)
    return bool(connection.execute(select, key).fetchone() == tuple(rollup))


def _lines(
    connection: sqlite3.Connection, level: Level, rollups: list[Rollup]
) -> Iterator[dict[str, Any]]:  # Any: JSON
    """Lines for the journal, each of one origin and of no more than an event's length."""
    select = "SELECT name, host, project, environment, machine FROM series WHERE id = ?"
    groups: dict[tuple[str, ...], list[list[object]]] = defaultdict(list)
    for rollup in rollups:
        name, *origin = connection.execute(select, (rollup.series,)).fetchone()
        numbers = (rollup.start_s, rollup.n, rollup.sum, rollup.min, rollup.max)
        groups[tuple(origin)].append([name, *numbers, b64encode(rollup.sketch).decode()])
    for origin, rows in groups.items():
        names = dict(zip(("host", "project", "environment", "machine"), origin, strict=True))
        for piece in _pieces(rows):
            yield {"level": level, **names, "rows": piece}


def _pieces(rows: list[list[object]]) -> Iterator[list[list[object]]]:
    piece: list[list[object]] = []
    length = 0
    for row in rows:
        row_length = len(json.dumps(row))
        if piece and length + row_length > _LINE_BYTES:
            yield piece
            piece, length = [], 0
        piece.append(row)
        length += row_length
    if piece:
        yield piece


def _append(folder: str, level: Level, line: dict[str, Any]) -> bool:  # Any: JSON
    start_ns = line["rows"][0][1] * 1_000_000_000
    path = journal_line.segment_path(os.fsencode(folder), start_ns, f"rollups-{level}".encode())
    return journal_line.append(path, json.dumps(line, separators=(",", ":")).encode("ascii"))


def _whole_lines(path: str, size_bytes: int) -> Iterator[bytes]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield from (line.payload for line in scan(descriptor, 0, size_bytes) if not line.trouble)
    finally:
        os.close(descriptor)


def _parse(payload: bytes, series: SampleWriter) -> Iterator[Rollup]:
    line = json.loads(payload)
    place = (line["host"], line["project"], line["environment"], line["machine"])
    for name, start_s, n, total, least, most, packed in line["rows"]:
        sketch = b64decode(packed)
        Sketch.unpack(sketch)  # raises ValueError for what is none
        yield Rollup(series.series(name, *place), start_s, n, total, least, most, sketch)
