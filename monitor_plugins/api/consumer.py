"""Sums up what services told: an event a minute and one an hour, from which panels are drawn.

    buildopt.http.served ─> of this minute, of this hour ─> at its end buildopt.api.…_summarized

A summary is additive: what comes late for a minute that was told makes a second one of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, fact
from monitor_plugins.api.requests import COLUMNS, SCALE, Served

SERVED = "buildopt.http.served"
MINUTE, HOUR = "buildopt.api.minute_summarized", "buildopt.api.hour_summarized"
SPANS = {60: MINUTE, 3_600: HOUR}
"""Seconds, and the event about them."""
GRACE_S = 3
"""After the end of a span, for those who tell a little later."""
NS = 1_000_000_000
LONGEST_ROWS_BYTES = 40_000
"""Of one event, which is at most 64 KiB; more rows make more events."""
Data = Mapping[str, Any]  # Any: JSON


class Summaries:
    """The consumer; see `hookspecs.Ticking`."""

    name = "api"
    version = "1"
    types: Sequence[str] = (SERVED,)
    state_version = 1

    def handle(self, batch: Sequence[Event], state: State) -> Iterable[Event]:
        """Add events to the spans in which they lie."""
        for event in batch:
            origin = _origin(event)
            for span_s in SPANS:
                start_s = event.time_ns // NS // span_s * span_s
                key = f"{span_s}/{start_s}/{json.dumps(origin)}"
                kept = state.get(key)
                if kept is None:
                    state.wake_at((start_s + span_s + GRACE_S) * NS)
                served = Served()
                served.add(kept or {})
                served.add(event.data)
                state.set(key, _table(served))
        return ()

    def tick(self, now_ns: int, state: State) -> Iterator[Event]:
        """Tell the spans that are over."""
        for key, kept in list(state.items()):
            span, start, origin = key.split("/", 2)
            end_s = int(start) + int(span)
            if (end_s + GRACE_S) * NS > now_ns:
                continue
            state.delete(key)
            yield from _summaries(int(start), int(span), json.loads(origin), kept)


def _origin(event: Event) -> list[str]:
    """Service, host, project, environment and class of machines."""
    parts = [*event.source.split("/"), "", "", ""]
    service = str(event.data.get("service.name", ""))[:200]
    return [service, parts[1], parts[2], event.environment, event.machine]


def _table(served: Served) -> Data:
    return {
        "most_active_requests": served.most_active, "scale": SCALE, "columns": COLUMNS,
        "requests": served.rows(),
    }  # fmt: skip


def _summaries(start_s: int, span_s: int, origin: Sequence[str], kept: Data) -> Iterator[Event]:
    service, host, project, environment, machine = origin
    for rows in _chunks(kept["requests"]):
        data = {
            "service.name": service, "host": host, "project": project, "from_s": start_s,
            "span_s": span_s, **kept, "requests": rows,
        }  # fmt: skip
        told = fact(SPANS[span_s], data, time_ns=(start_s + span_s) * NS, subject=service)
        yield replace(told, environment=environment, machine=machine)


def _chunks(rows: Sequence[Any]) -> Iterator[list[Any]]:  # Any: JSON
    chunk: list[Any] = []  # Any: JSON
    length = 0
    for row in rows:
        row_length = len(json.dumps(row))
        if chunk and length + row_length > LONGEST_ROWS_BYTES:
            yield chunk
            chunk, length = [], 0
        chunk.append(row)
        length += row_length
    yield chunk
