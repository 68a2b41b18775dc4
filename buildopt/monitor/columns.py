"""A series in the columns of a chart: number, sum, least and most of each.

Each part of a time is taken from the records that fit: samples where a column is less than a minute
wide, else roll-ups, and the samples of hours that are not rolled up yet. Where those are kept no
longer, the next coarser ones stand in.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.monitor.hookspecs import Point
from buildopt.monitor.rollups import MINUTE_S
from buildopt.monitor.sample_rows import DAY_S, HOUR_S, day_of, days_kept, start_of, table_of
from buildopt.monitor.spans import Piece

_LENGTHS: tuple[tuple[Piece, int], ...] = (
    ("samples", 1), ("minute", MINUTE_S), ("hour", HOUR_S), ("day", DAY_S),
)  # fmt: skip
Span = tuple[int, int]


class Grid(NamedTuple):
    """Where columns begin and how wide they are."""

    origin_s: int
    width_s: int


def points(connection: sqlite3.Connection, series: int, span_s: Span, width_s: int) -> list[Point]:
    """Columns that have a value, oldest first."""
    start_s, end_s = span_s
    columns: dict[int, Point] = {}
    for point in _parts(connection, series, span_s, Grid(start_s, width_s)):
        column_s = start_s + (point.start_s - start_s) // width_s * width_s
        known = columns.get(column_s)
        columns[column_s] = _joined(known, point, column_s)
    return [columns[at_s] for at_s in sorted(columns) if at_s < end_s]


def _joined(known: Point | None, other: Point, column_s: int) -> Point:
    if known is None:
        return other._replace(start_s=column_s)
    return Point(
        column_s,
        known.n + other.n,
        known.sum + other.sum,
        min(known.min, other.min),
        max(known.max, other.max),
    )


def _parts(
    connection: sqlite3.Connection, series: int, span_s: Span, grid: Grid
) -> Iterator[Point]:
    """What a time is made of: coarser pieces where the finer ones are kept no longer."""
    start_s, end_s = span_s
    width_s = max(1, grid.width_s)
    wanted = max(place for place, (_, length) in enumerate(_LENGTHS) if length <= width_s)
    for piece, _ in _LENGTHS[wanted:]:
        begins_s = min(max(start_s, _kept_from(connection, piece)), end_s)
        yield from _of_piece(connection, series, piece, ((begins_s, end_s), grid))
        end_s = begins_s
        if end_s <= start_s:
            return


def _kept_from(connection: sqlite3.Connection, piece: Piece) -> int:
    """Since when records of that kind stand."""
    if piece == "samples":
        days = days_kept(connection)
        return start_of(days[0]) if days else 1 << 40
    select = "SELECT min(day) FROM rollups WHERE level = ?"
    ((day,),) = connection.execute(select, (piece,)).fetchall()
    rolled_s = start_of(day) if day else 1 << 40
    # What is not rolled up yet is taken from its samples.
    return min(rolled_s, _kept_from(connection, "samples")) if piece != "day" else 0


def _of_piece(
    connection: sqlite3.Connection, series: int, piece: Piece, asked: tuple[Span, Grid]
) -> Iterator[Point]:
    (start_s, end_s), grid = asked
    if start_s >= end_s:
        return
    if piece == "samples":
        yield from _samples(connection, series, (start_s, end_s), grid)
        return
    open_ = _unrolled(connection, "day" if piece == "day" else "hour", (start_s, end_s))
    select = (
        "SELECT start_s, n, sum, min, max FROM rollups WHERE level = ? AND day >= ? AND day <= ?"
        " AND series = ? AND start_s >= ? AND start_s < ?"
    )
    length = DAY_S if piece == "day" else HOUR_S
    days = (day_of(start_s), day_of(end_s))
    for row in connection.execute(select, (piece, *days, series, start_s, end_s)):
        if row[0] - row[0] % length not in open_:
            yield Point(*row)
    finer: Piece = "hour" if piece == "day" else "samples"
    for begins_s, ends_s in _neighbours_joined(open_, length):
        part = (max(begins_s, start_s), min(ends_s, end_s))
        yield from _of_piece(connection, series, finer, (part, grid))


def _unrolled(connection: sqlite3.Connection, level: Piece, span_s: Span) -> set[int]:
    """Beginnings of the hours or days in a time that are not rolled up."""
    length = DAY_S if level == "day" else HOUR_S
    select = "SELECT start_s FROM unrolled WHERE level = ? AND start_s > ? AND start_s < ?"
    found = connection.execute(select, (level, span_s[0] - length, span_s[1]))
    return {start_s for (start_s,) in found}


def _neighbours_joined(begins_s: Iterable[int], length_s: int) -> list[Span]:
    """Pieces of one length as spans: a question for each hour of a month takes longest."""
    spans: list[Span] = []
    for at_s in sorted(begins_s):
        if spans and spans[-1][1] == at_s:
            spans[-1] = (spans[-1][0], at_s + length_s)
        else:
            spans.append((at_s, at_s + length_s))
    return spans


def _samples(
    connection: sqlite3.Connection, series: int, span_s: Span, grid: Grid
) -> Iterator[Point]:
    """Samples, put together by SQLite: a day has 86,400."""
    start_s, end_s = span_s
    kept = set(days_kept(connection))
    for day_s in range(start_s - start_s % DAY_S, end_s, DAY_S):
        if day_of(day_s) not in kept:
            continue
        select = (
            "SELECT min(time_ms) / 1000, count(*), sum(value), min(value), max(value)"
            f" FROM {table_of(day_of(day_s))} WHERE series = ? AND time_ms >= ? AND time_ms < ?"
            " GROUP BY (time_ms - ?) / ?"
        )
        bounds = (max(0, start_s - day_s) * 1_000, (end_s - day_s) * 1_000)
        columns = ((grid.origin_s - day_s) * 1_000, grid.width_s * 1_000)
        for at_s, *values in connection.execute(select, (series, *bounds, *columns)):
            yield Point(day_s + at_s, *values)
