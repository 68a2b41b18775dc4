"""What was served in a time, from the largest summaries that fit, and what is not summed up yet.

|─ hours ─|─ hours ─|─ minutes ─|─ events ─|        (hours only where the time is long)
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from buildopt.monitor.hookspecs import Known, Row, Where
from monitor_plugins.api.consumer import HOUR, MINUTE, NS, SERVED
from monitor_plugins.api.requests import Served

LONG_S = 12 * 3_600
"""A longer time is made of hours: a day of minutes is 1,440 events for each service."""
PAGE = 2_000
MOST_EVENTS = 20_000
"""Of one question; the newest are taken."""
DEFAULT_S = 86_400


class Part(NamedTuple):
    """What one service served, beginning at a time."""

    service: str
    start_s: int
    span_s: int
    """0: a moment."""
    served: Served


class Asked(NamedTuple):
    """A time, and who is meant."""

    from_s: int
    to_s: int
    environment: str = ""
    host: str = ""
    project: str = ""


def asked_of(query: Mapping[str, str], now_s: float | None = None) -> Asked:
    """What the address of a page asks for; raises ValueError for what makes no sense."""
    at_s = time.time() if now_s is None else now_s
    to_s = float(query.get("to") or at_s)
    from_s = float(query.get("from") or to_s - DEFAULT_S)
    if not 0 <= from_s < to_s < 2**33:
        raise ValueError("`from` has to be before `to`, both seconds since 1970")
    names = ("environment", "host", "project")
    return Asked(int(from_s), int(to_s), *(query.get(name, "") for name in names))


def parts(known: Known, asked: Asked) -> Iterator[Part]:
    """All that was served in the time."""
    from_s = asked.from_s
    for kind in (HOUR, MINUTE) if asked.to_s - from_s > LONG_S else (MINUTE,):
        summaries = list(_summaries(known, asked, kind, from_s))
        yield from summaries
        from_s = max([from_s, *(part.start_s + part.span_s for part in summaries)])
    where = Where(asked.environment, asked.host, asked.project, "", from_s * NS, asked.to_s * NS)
    for row in _events(known, where, SERVED):
        yield _part(row, int(row["time_ns"]) // NS, 0)


def _summaries(known: Known, asked: Asked, kind: str, from_s: int) -> Iterator[Part]:
    """Summaries that end in the time; who told stands in them, since a plugin told them."""
    where = Where(environment=asked.environment, from_ns=from_s * NS + 1, to_ns=asked.to_s * NS + 1)
    for row in _events(known, where, kind):
        data = row["data"]
        is_meant = asked.host in ("", data.get("host")) and asked.project in (
            "",
            data.get("project"),
        )
        start_s, span_s = data.get("from_s"), data.get("span_s")
        if is_meant and isinstance(start_s, int) and isinstance(span_s, int):
            yield _part(row, start_s, span_s)


def _part(row: Row, start_s: int, span_s: int) -> Part:
    served = Served()
    served.add(row["data"])
    return Part(str(row["data"].get("service.name", ""))[:200], start_s, span_s, served)


def _events(known: Known, where: Where, kind: str) -> Iterator[Row]:
    before, taken = "", 0
    while taken < MOST_EVENTS:
        rows: Sequence[Row] = known.events(where, types=(kind,), before=before, limit=PAGE)
        yield from rows
        taken += len(rows)
        if len(rows) < PAGE:
            return
        before = rows[-1]["cursor"]
