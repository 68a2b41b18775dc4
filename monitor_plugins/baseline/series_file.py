"""Reads a series from a CSV file: rows of `timestamp,value`, in order of time."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from buildopt.errors import UsageError

HEADER = ["timestamp", "value"]


class Row(NamedTuple):
    """One line below the header."""

    time_s: float
    """Seconds since 1970, UTC."""
    value: float
    """No finite number where the row is a gap: it counts as a row and says nothing."""


def read_series(path: str) -> list[Row]:
    """All rows of the file; raises UsageError, naming the line, for what is no series.

    Equal timestamps are several samples of one moment, and times that go back are a clock that
    was set: the order of rows is what counts. An empty value, `nan` and `inf` are gaps.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as lines:
            return list(parse_series(lines, path))
    except OSError as error:
        raise _error(path, error.strerror or "it cannot be read", "name a CSV file") from error
    except UnicodeDecodeError as error:
        raise _error(path, "it is no UTF-8 text", "name a CSV file") from error


def parse_series(lines: Iterable[str], path: str) -> Iterator[Row]:
    """The rows of CSV lines; `path` is for messages only."""
    rows = csv.reader(lines)
    try:
        header = next(rows, [])
        if [name.strip() for name in header] != HEADER:
            found = ",".join(header)
            raise _error(path, f"line 1: its header is `{found}`", "begin with `timestamp,value`")
        for row in rows:
            if row:
                yield _parse(row, where=f"line {rows.line_num}", path=path)
    except csv.Error as error:
        raise _error(path, f"line {rows.line_num}: {error}", "write plain CSV") from error


def _parse(row: list[str], *, where: str, path: str) -> Row:
    if len(row) != len(HEADER):
        raise _error(path, f"{where}: {len(row)} columns", "write `timestamp,value` in each line")
    time_s, value = _number(row[0]), _number(row[1]) if row[1].strip() else math.nan
    if time_s is None or not math.isfinite(time_s):
        raise _error(path, f"{where}: `{row[0]}` is no timestamp", "write seconds since 1970")
    if value is None:
        raise _error(path, f"{where}: `{row[1]}` is no number", "leave the value empty for a gap")
    return Row(time_s=time_s, value=value)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _error(path: str, what: str, hint: str) -> UsageError:
    return UsageError(f"cannot read the series `{path}`: {what}", hint=hint, slug="no-series")
