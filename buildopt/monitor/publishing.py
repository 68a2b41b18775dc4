"""Writes what a consumer returned into the journal, once, whatever is killed when.

A returned event is in the consumer's file, with its id, before it is in the journal, and leaves
the file after. Whoever opens the file and finds one looks in the journal first.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence

from buildopt import journal_line
from buildopt.events import Event
from buildopt.monitor.consumer import is_said_by
from buildopt.monitor.plugin_file import Outgoing
from buildopt.monitor.position import Position
from buildopt.monitor.stream import Reader

READ_EVENTS = 256


class Publisher:
    """The way from one consumer's file to the journal."""

    def __init__(self, folder: str, source: str) -> None:
        self._folder = folder
        self._source = source
        self._written = 0
        """Number of the last event that is in the journal, though the file may still hold it."""

    def settle(self, outgoing: Sequence[Outgoing]) -> None:
        """Find out what of a file's events the journal has already, after a crash."""
        self._written = 0
        if not outgoing:
            return
        ids = set(self.own_ids(outgoing[0].position))
        for row in outgoing:
            if json.loads(row.payload)["id"] not in ids:
                return
            self._written = row.n

    def own_ids(self, position: str = "") -> Iterator[str]:
        """The ids of the consumer's events that stand behind a position."""
        return (event.id for event in self._events(position) if is_said_by(self._source, event))

    def publish(self, outgoing: Sequence[Outgoing], now_ns: int) -> int:
        """Write them in order; the number of the last that the journal has, 0 for none."""
        path = journal_line.segment_path(os.fsencode(self._folder), now_ns)
        for row in outgoing:
            if row.n <= self._written:
                continue
            if not journal_line.append(path, row.payload):
                break
            self._written = row.n
        return self._written

    def _events(self, position: str) -> Iterator[Event]:
        reader, place = Reader(self._folder), Position.parse(position or "/")
        while True:
            batch, place = reader.read(place, READ_EVENTS)
            if not batch:
                return
            for stored in batch:
                yield stored.event
