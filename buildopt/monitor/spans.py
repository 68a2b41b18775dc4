"""Cuts a time into the largest roll-ups that stand, and sums them up.

Thirty days are then thirty rows of days, a few of hours and minutes at both ends, and the samples
of the hour that is not over: quantiles of a month come at once.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Literal

from buildopt.monitor.hookspecs import Summary
from buildopt.monitor.rollups import MINUTE_S
from buildopt.monitor.sample_rows import DAY_S, HOUR_S, day_of, days_kept, table_of
from buildopt.monitor.sketch import Sketch

Piece = Literal["day", "hour", "minute", "samples"]
_LENGTHS: tuple[tuple[Piece, int], ...] = (("day", DAY_S), ("hour", HOUR_S), ("minute", MINUTE_S))


class _Sum:
    def __init__(self) -> None:
        self.n, self.sum, self.min, self.max = 0, 0.0, math.inf, -math.inf
        self.sketch = Sketch()

    def add(self, n: int, total: float, least: float, most: float) -> None:
        self.n += n
        self.sum += total
        self.min = min(self.min, least)
        self.max = max(self.max, most)


def summarize(
    connection: sqlite3.Connection,
    series: Sequence[int],
    span_s: tuple[int, int],
    shares: Sequence[float],
) -> Summary:
    """Number, sum, least, most and quantiles of the values of series from a time up to another."""
    whole = _Sum()
    for piece, start_s, end_s in _pieces(connection, *span_s):
        for each in series:
            if piece == "samples":
                _add_samples(connection, whole, each, (start_s, end_s))
            else:
                _add_rollups(connection, whole, (piece, each), (start_s, end_s))
    quantiles = tuple(whole.sketch.quantiles(shares))
    if not whole.n:
        return Summary(0, 0.0, math.nan, math.nan, quantiles)
    # A sketch is within 2 %: no quantile need lie outside of what was measured.
    kept = tuple(min(max(value, whole.min), whole.max) for value in quantiles)
    return Summary(whole.n, whole.sum, whole.min, whole.max, kept)


def _pieces(
    connection: sqlite3.Connection, start_s: int, end_s: int
) -> Iterator[tuple[Piece, int, int]]:
    """The time in pieces, neighbours of one kind as one."""
    unrolled = set(connection.execute("SELECT level, start_s FROM unrolled").fetchall())
    begun: tuple[Piece, int, int] | None = None
    while start_s < end_s:
        piece, length = _largest(unrolled, start_s, end_s)
        if begun and begun[0] == piece:
            begun = (piece, begun[1], start_s + length)
        else:
            if begun:
                yield begun
            begun = (piece, start_s, start_s + length)
        start_s += length
    if begun:
        yield begun


def _largest(unrolled: set[tuple[str, int]], start_s: int, end_s: int) -> tuple[Piece, int]:
    hour_s = start_s - start_s % HOUR_S
    if ("hour", hour_s) in unrolled:
        return "samples", min(hour_s + HOUR_S, end_s) - start_s
    for piece, length in _LENGTHS:
        fits = start_s % length == 0 and start_s + length <= end_s
        if fits and (piece != "day" or ("day", start_s) not in unrolled):
            return piece, length
    return "samples", min(start_s - start_s % MINUTE_S + MINUTE_S, end_s) - start_s


def _add_rollups(
    connection: sqlite3.Connection, whole: _Sum, of: tuple[Piece, int], span_s: tuple[int, int]
) -> None:
    level, series = of
    select = (
        "SELECT n, sum, min, max, sketch FROM rollups"
        " WHERE level = ? AND day = ? AND series = ? AND start_s >= ? AND start_s < ?"
    )
    start_s, end_s = span_s
    for day_s in range(start_s - start_s % DAY_S, end_s, DAY_S):
        for *numbers, packed in connection.execute(
            select, (level, day_of(day_s), series, start_s, end_s)
        ):
            whole.add(*numbers)
            whole.sketch.add_packed(packed)


def _add_samples(
    connection: sqlite3.Connection, whole: _Sum, series: int, span_s: tuple[int, int]
) -> None:
    values = [value for _, value in samples(connection, series, span_s)]
    if values:
        whole.add(len(values), sum(values), min(values), max(values))
        whole.sketch.add(values)


def samples(
    connection: sqlite3.Connection, series: int, span_s: tuple[int, int]
) -> Iterator[tuple[int, float]]:
    """Single samples that still stand: time in milliseconds since 1970, and value."""
    start_s, end_s = span_s
    kept = set(days_kept(connection))
    for day_s in range(start_s - start_s % DAY_S, end_s, DAY_S):
        day = day_of(day_s)
        if day not in kept:
            continue
        select = (
            f"SELECT time_ms, value FROM {table_of(day)}"
            " WHERE series = ? AND time_ms >= ? AND time_ms < ? ORDER BY time_ms"
        )
        bounds = ((start_s - day_s) * 1_000, (end_s - day_s) * 1_000)
        for time_ms, value in connection.execute(select, (series, *bounds)):
            yield day_s * 1_000 + time_ms, value
