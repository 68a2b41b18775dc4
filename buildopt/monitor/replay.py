"""Runs a consumer over the journal again, beside its own file, and tells what it returns.

Only a scratch folder is written. Time comes from the events and ids from what is said, so the same
journal gives the same bytes, live or later. What a consumer says depends on what it knows, so a
replay that begins in the middle has three states to begin with:

    rebuilt   all that is kept of the journal before that point is run first, silently
    copy      a copy of what the consumer knows now
    empty     nothing
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Literal, NamedTuple

from buildopt.events import Event, decode
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.consumer import Batch, batch_for
from buildopt.monitor.loading import Placed
from buildopt.monitor.position import START, Position
from buildopt.monitor.seat import Failed, Report, Seat
from buildopt.monitor.stream import Reader, Stored

READ_EVENTS = 256

State = Literal["rebuilt", "copy", "empty"]


class Start(NamedTuple):
    """Where a replay begins: behind a position, and not before the first event of a time."""

    position: Position = START
    time_ns: int = 0
    state: State = "rebuilt"

    def is_reached(self, stored: Stored) -> bool:
        """Whether what follows from an event is to be told."""
        return stored.position > self.position and stored.event.time_ns >= self.time_ns


def replay(folder: str, placed: Placed, start: Start, scratch: str) -> Iterator[Event]:
    """What the consumer of a state folder returns, in order; `scratch` is an empty folder.

    Raises `Failed` where the consumer cannot be had at all.
    """
    copied = plugin_file.path_of(scratch, placed.described.name)
    os.makedirs(os.path.dirname(copied), mode=0o700)
    if start.state == "copy":
        plugin_file_reading.copy(plugin_file.path_of(folder, placed.described.name), copied)
        plugin_file_reading.rewind(copied, str(start.position))
    seat = placed.seat(scratch)
    try:
        seat.open()
        yield from _Replay(placed, seat, start).run(Reader(folder, seals=False))
    finally:
        seat.close()


class _Replay:
    """One consumer on its way through the journal."""

    def __init__(self, placed: Placed, seat: Seat, start: Start) -> None:
        self._described = placed.described
        self._seat = seat
        self._start = start
        self._is_told = False

    def run(self, reader: Reader) -> Iterator[Event]:
        """Until the end of what is there."""
        is_rebuilt = self._start.state == "rebuilt"
        place = START if is_rebuilt else self._start.position
        is_told = False
        while True:
            stored, place = reader.read(place, READ_EVENTS)
            if not stored:
                return
            head = 0 if is_told else sum(1 for _ in takewhile(self._is_before, stored))
            is_told = head < len(stored)
            if is_rebuilt:
                for _ in self._take(stored[:head]):
                    pass
            yield from self._take(stored[head:])

    def _is_before(self, stored: Stored) -> bool:
        return not self._start.is_reached(stored)

    def _take(self, stored: Sequence[Stored]) -> Iterator[Event]:
        batch = batch_for(self._described, stored)
        if not batch.events:
            return
        try:
            yield from self._said(self._seat.take(batch))
        except Failed:
            for each in stored:
                yield from self._take_alone(batch_for(self._described, [each]))

    def _take_alone(self, batch: Batch) -> Iterator[Event]:
        """One event, which becomes a dead letter at once if it fails."""
        while batch.events:
            try:
                yield from self._said(self._seat.take(batch))
                return
            except Failed as failed:
                if failed.kind in ("died", "stuck"):
                    self._seat.open()
                report = self._seat.bury(batch, failed.text, tick_ns=failed.tick_ns, now_ns=0)
                yield from self._said(report)
                if failed.tick_ns is None:
                    return

    def _said(self, report: Report) -> Iterator[Event]:
        for row in report.outgoing:
            yield decode(row.payload)
        if report.outgoing:
            self._seat.sent(report.outgoing[-1].n)
