"""Whom an alert or a finding concerns: the monitor tells of it, but builds elsewhere are meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from buildopt.monitor.hookspecs import Known, Row, Where

NAMES = ("environment", "host", "project", "machine")


def told_until(known: Known, where: Where, types: Sequence[str], limit: int) -> Sequence[Row]:
    """Events of whoever tells, newest first, from the beginning: what began long ago may last."""
    return known.events(Where(to_ns=where.to_ns), types=types, limit=limit)


def concerns(known: Known, where: Where) -> Callable[[Row], bool]:
    """Whether an event is about what the filters ask for."""
    wanted = {name: value for name in NAMES if (value := getattr(where, name))}

    @cache
    def run_of(run: str) -> Row:
        return next(iter(known.runs(run=run, limit=1)), {}) if run else {}

    def is_meant(row: Row) -> bool:
        if not wanted:
            return True
        run = run_of(str(row["data"].get("run") or row["data"].get("since_run") or row["run"]))
        return all(_named(row, run, name) == value for name, value in wanted.items())

    return is_meant


def _named(row: Row, run: Row, name: str) -> Any:  # Any: JSON
    """What an event says of itself, else whose its run was, else who told it."""
    data = row["data"]
    told = [data, data.get("labels"), data.get("context"), run]
    values = (one.get(name) for one in told if isinstance(one, Mapping))
    return next(filter(None, values), row[name])
