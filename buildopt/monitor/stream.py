"""The stream: all events and samples of the journal, in the one order for every reader.

    Reader(folder).read(after, limit=256) -> (Stored, ...), Position

`folder` is the state folder. The caller keeps the position, which moves only behind what is an
event, so that it is the same for everybody; the reader keeps what it has passed over since, so
that nothing is looked at or counted twice. Samples come as events of the type
`buildopt.metric.sample`. A sample stands behind the events that were there when it was written
(samples.py): it is handed out before the first event that begins at or behind that point. Each
reading looks at both kinds of files in one moment in which nobody writes a sample, so that the
order is the same live, later, and in an index that is made anew.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from buildopt.events import SCHEMA, Event
from buildopt.journal import own_boot
from buildopt.monitor import records, sample_lock
from buildopt.monitor.chain import Chain
from buildopt.monitor.lines import Line, Trouble, last_line_end, scan
from buildopt.monitor.position import START, Place, Position, Segment
from buildopt.monitor.records import Envelope, Record

TORN_AFTER_S = 2.0
"""A line that ends nowhere for so long ends never: one write takes milliseconds."""


class Stored(NamedTuple):
    """An event and where reading goes on behind it."""

    position: Position
    event: Event


class Skipped(NamedTuple):
    """Lines of one kind of trouble in one segment, since somebody asked last."""

    stem: str
    segment: Segment
    trouble: Trouble


class Reader:
    """Reads the journal of a state folder from any position."""

    def __init__(
        self,
        folder: str,
        *,
        seals: bool = True,
        samples: bool = True,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        """`samples=False` reads events alone; `seals=False` writes nothing (chain.py)."""
        self.folder = folder
        self.events = Chain(folder, "events", seals=seals)
        self.samples = Chain(folder, "samples", seals=seals)
        self.skipped: Counter[Skipped] = Counter()
        """How many lines were passed over, or were of a newer version; the caller clears it."""
        self.position = START
        self.passed = START
        """Where it stood last, and how far the lines behind that are known to be no events."""
        self._reads_samples = samples
        self._now_s = now_s

    def read(
        self, after: Position | None = None, limit: int = 256
    ) -> tuple[tuple[Stored, ...], Position]:
        """At most `limit` events behind a position, and the position behind them."""
        taken, position = self.read_records(after, limit)
        return tuple(Stored(record.position, record.event()) for record in taken), position

    def read_records(self, after: Position | None, limit: int) -> tuple[list[Record], Position]:
        """The same as records, for those who need no events."""
        after = after or START
        self._look()
        known = self.passed if after == self.position else after
        events = _Channel(self.events, after.events, known.events, self.skipped)
        samples = _Channel(self.samples, after.samples, known.samples, self.skipped)
        try:
            taken = list(self._merge(events, samples, limit))
        finally:
            events.close()
            samples.close()
        self.position = Position(events.place, samples.place)
        self.passed = Position(events.passed, samples.passed)
        return taken, self.position

    def end(self) -> Position:
        """Behind all that is there now."""
        self._look()
        return Position(self.events.end(), self.samples.end())

    def _look(self) -> None:
        if not self._reads_samples:
            self.events.look()
            return
        with sample_lock.shared(self.folder):
            self.samples.look()
            self.events.look()

    def _merge(self, events: _Channel, samples: _Channel, limit: int) -> Iterator[Record]:
        left = limit
        while left and (sample := samples.peek()):
            event = events.peek()
            if self._is_due(sample, event, events):
                found = samples.take()
            elif event:
                found = events.take()
            else:
                return
            left -= 1
            yield Record(Position(events.place, samples.place), found.envelope)
        for found in islice(events.rest(), left):
            yield Record(Position(found.end, samples.place), found.envelope)

    def _is_due(self, sample: _Found, event: _Found | None, events: _Channel) -> bool:
        """Whether no event is left that stood before the sample."""
        point = sample.after
        if event:
            return point <= Place(event.end.segment, event.start_bytes)
        return point <= events.passed or not events.may_be_finished(self._now_s())


class _Found(NamedTuple):
    start_bytes: int
    end: Place
    envelope: Envelope

    @property
    def after(self) -> Place:
        """Where a sample stands among the events."""
        try:
            return Place.parse(self.envelope.after)
        except ValueError:
            return START.events


class _Channel:
    """The sound records of one stem, one by one, from a place on."""

    def __init__(
        self, chain: Chain, place: Place, passed: Place, skipped: Counter[Skipped]
    ) -> None:
        self._chain = chain
        self._skipped = skipped
        self._descriptor = -1
        self._next: _Found | None = None
        self._is_at_end = False
        self._segment = passed.segment
        self._lines: Iterator[Line] = iter(())
        self.place = place
        """Behind the last record that was taken."""
        self.passed = passed
        """Behind what was passed over since then as well."""
        self._open(passed)

    def peek(self) -> _Found | None:
        """The next record; None at the end of what was there when the chain was looked at."""
        if self._next is None and not self._is_at_end:
            self._next = self._find()
            self._is_at_end = self._next is None
        return self._next

    def take(self) -> _Found:
        """The next record, which one is behind from now on."""
        found = self._next
        assert found is not None
        if found.envelope.schema > SCHEMA:
            self._count("newer")
        self.place = self.passed = found.end
        self._next = None
        return found

    def rest(self) -> Iterator[_Found]:
        """Take all records that are left."""
        while self.peek():
            yield self.take()
            for line in self._lines:
                if found := self._record(line):
                    self.place = self.passed = found.end
                    if found.envelope.schema > SCHEMA:
                        self._count("newer")
                    yield found

    def may_be_finished(self, now_s: float) -> bool:
        """Whether the last line has no end and is so young that somebody may be writing it."""
        segment, offset = self.passed
        if self._chain.sizes.get(segment, 0) <= offset:
            return False
        try:
            return now_s - os.stat(self._chain.path(segment)).st_mtime < TORN_AFTER_S
        except OSError:
            return False

    def close(self) -> None:
        """Close the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _find(self) -> _Found | None:
        while True:
            for line in self._lines:
                if found := self._record(line):
                    return found
            following = self._chain.after(self.passed.segment)
            if following is None:
                return None
            self._open(Place(following))

    def _record(self, line: Line) -> _Found | None:
        start_bytes, end_bytes, payload, trouble = line
        end = Place(self._segment, end_bytes)
        if not trouble:
            try:
                return _Found(start_bytes, end, records.parse(payload))
            except ValueError:
                trouble = "not_an_event"
        self._count(trouble)
        self.passed = end
        return None

    def _count(self, trouble: Trouble) -> None:
        self._skipped[Skipped(self._chain.stem, self._segment, trouble)] += 1

    def _open(self, place: Place) -> None:
        self.close()
        self.passed = place
        self._segment, offset = place
        self._lines = iter(())
        if self._segment not in self._chain.sizes:
            return
        try:
            path = self._chain.path(self._segment)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return  # dropped meanwhile
        end = self._chain.end_of(self._segment)
        if offset > self._chain.sizes[self._segment]:
            offset = self._start_in_shortened(end)
        self._lines = scan(self._descriptor, min(offset, end), end)

    def _start_in_shortened(self, end: int) -> int:
        """Where to go on in a file that is shorter than it has been read.

        It was deleted and begun anew, or a power cut has taken its end: what was written since this
        boot is what has not been read.
        """
        self._count("shortened")
        start = last_line_end(self._descriptor, end)
        for line in scan(self._descriptor, 0, end):
            with suppress(ValueError):
                if line.payload and records.parse(line.payload).boot == own_boot():
                    start = line.start_bytes
                    break
        self.passed = Place(self._segment, start)
        return start
