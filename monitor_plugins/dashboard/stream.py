"""Events as they come, as server-sent events: an `id` is a position, so that nothing is missed.

    id: 20261129,host,000000004711/…     the browser sends it back as Last-Event-ID
    data: {"id", "type", "data", …}      an event, as /api/v1/events has it

    event: measured                      samples came, at most once a second; ask for what you show
    event: snapshot                      more was missed than is worth telling: ask for all
    : alive                              each 15 s

At most two streams read the index at a time, so that many who come at once leave others their turn.
A client that reads slowly is told less often, and nobody waits for it: what it has not taken is not
kept for it, but read again from the index when it is ready.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from threading import Lock, Semaphore

from buildopt.monitor.hookspecs import Known, Request, Response
from monitor_plugins.dashboard.answers import json_of
from monitor_plugins.dashboard.asked import Parameter, is_position, read
from monitor_plugins.dashboard.lists import happened

PARAMETERS = (
    Parameter("after", "a position, as `Last-Event-ID`"),
    Parameter("type", "beginnings of types, commas between"),
)
HEARTBEAT_S = 15.0
MEASURED_S = 1.0
LOOK_S = 0.15
"""All streams together look no more often than that."""
MOST_AT_ONCE = 200
MOST_MISSED = 5_000
"""Who missed more is told to ask for all."""
READ_AT_ONCE = 2
"""Streams that read the index: more threads with work to do make every answer wait for its turn."""
WAIT_S = 0.1


class Streams:
    """All streams of one server."""

    def __init__(self, known: Known, *, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._known = known
        self._mono_s = mono_s
        self._lock = Lock()
        self._turns = Semaphore(READ_AT_ONCE)
        self._looked_s = -1.0
        self._position = ""

    def answer(self, request: Request) -> Response:
        """The stream of one client."""
        asked = read(request, PARAMETERS)
        after = request.headers.get("last-event-id") or asked["after"] or ""
        types = tuple(filter(None, (asked["type"] or "").split(",")))
        body = self.told(after, types)
        return Response(200, body, "text/event-stream", {"cache-control": "no-store"})

    def told(self, after: str, types: Sequence[str]) -> Iterator[bytes]:
        """What one client hears, `b""` where there is nothing now."""
        yield b"retry: 1000\n\n"
        position = after if is_position(after) else ""
        seen = self._now()
        if after and not position:
            yield _named("snapshot", seen)
        position = position or seen
        seen = position
        heard_s = measured_s = self._mono_s()
        missed = 0
        while True:
            now, at_s = self._now(), self._mono_s()
            pieces = []
            if now != seen:
                rows = self._read(position, types)
                if rows is None:
                    yield b""
                    continue
                for position, data in rows:
                    pieces.append(_event(position, data))
                missed += len(rows)
                if len(rows) < MOST_AT_ONCE:  # all until then was looked through
                    seen, missed = now, 0
                    position = max(position, now)
                if missed > MOST_MISSED:
                    position, missed = now, 0
                    pieces = [_named("snapshot", now)]
                if at_s - measured_s >= MEASURED_S and not rows:
                    measured_s = at_s
                    pieces.append(b"event: measured\ndata: {}\n\n")
            elif at_s - heard_s >= HEARTBEAT_S:
                pieces.append(b": alive\n\n")
            if pieces:
                heard_s = at_s
                yield b"".join(pieces)
            else:
                yield b""

    def _read(self, position: str, types: Sequence[str]) -> list[tuple[str, bytes]] | None:
        """Events behind a position, each with its own; None where others have their turn."""
        if not self._turns.acquire(timeout=WAIT_S):
            return None
        try:
            rows = self._known.events_after(position, types=types, limit=MOST_AT_ONCE)
            return [(row["position"], json_of(happened(row))) for row in rows]
        finally:
            self._turns.release()

    def _now(self) -> str:
        """Where the index ends; looked at once for all streams."""
        with self._lock:
            if self._mono_s() - self._looked_s >= LOOK_S:
                self._position = self._known.position()
                self._looked_s = self._mono_s()
            return self._position


def _event(position: str, data: bytes) -> bytes:
    return b"id: %s\ndata: %s\n\n" % (position.encode(), data)


def _named(name: str, position: str) -> bytes:
    return f"id: {position}\nevent: {name}\ndata: {{}}\n\n".encode()
