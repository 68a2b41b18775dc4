"""One step of a consumer: events in, state, timers and returned events kept in one transaction.

    take(batch)   for each event, in order
      the time of the stream goes on        -> tick(due) for each timer that lies before the event
      the event is one of its types         -> handle([event])
    all that it returned gets its number and id, and is put into `host_outgoing`
    position, clock, numbers are kept       COMMIT

A consumer that ticks gets its events one by one, so that a timer set by one comes before the next;
any other gets the whole batch at once. Neither depends on how the stream was cut into batches.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

from buildopt.events import Event, encode
from buildopt.journal_line import uuid7
from buildopt.monitor.consumer_state import FileState
from buildopt.monitor.hookspecs import Consumer, Migrating, Ticking
from buildopt.monitor.plugin_file import DeadLetter, PluginFile, Standing
from buildopt.monitor.position import Position
from buildopt.monitor.stream import Stored

CLOCK = "buildopt.monitor.clock"
"""Written by the host when a timer is due and nothing else tells the time; no consumer gets it."""
ERROR = "buildopt.plugin.error"
LIVE = (CLOCK, "buildopt.metric.sample")
"""Written at the time that they tell: only these show that a clock was set back."""
CLOCK_STEP_NS = 60 * 10**9
"""How far back a live event must lie for the clock to have been set, not two hosts to differ."""
FAILURES_TO_QUARANTINE = 5
QUARANTINE_NS = 600 * 10**9
TICKS_AT_ONCE = 3_600
"""After so many ticks between two events the rest of them become one: the machine was off."""
TYPE_PREFIX = "buildopt."


class Batch(NamedTuple):
    """Events for one consumer, and the position behind them."""

    events: Sequence[Event]
    position: str


class Described(NamedTuple):
    """What the host knows of a consumer, wherever that runs."""

    name: str
    version: str
    types: tuple[str, ...]
    is_ticking: bool
    source: str
    plugin: str = ""


class TickFailed(Exception):
    """`tick` raised at `time_ns`; the cause is the exception."""

    def __init__(self, time_ns: int) -> None:
        super().__init__(time_ns)
        self.time_ns = time_ns


class Runner:
    """A consumer and its file. Whatever raises in here has changed nothing."""

    def __init__(self, file: PluginFile, consumer: Consumer) -> None:
        self._file = file
        self._consumer = consumer
        self._ticking = consumer if isinstance(consumer, Ticking) else None
        self.source = source_of(consumer.name)
        with file.transaction():
            self._migrate()

    def take(self, batch: Batch) -> None:
        """Give the consumer a batch; kept whole or not at all.

        A batch that was kept before, although nobody was told so any more, changes nothing.
        """
        file = self._file
        with file.transaction():
            before = file.standing()
            if _is_behind(before, batch):
                return
            state = FileState(file, is_ticking=self._ticking is not None)
            drive = _Drive(file, state, self._consumer, self._ticking, before.clock_ns)
            said = self._say(drive.run(batch.events), before)
            is_well = any(drive.is_wanted(event) for event in batch.events)
            file.stand(
                before._replace(
                    position=batch.position,
                    clock_ns=drive.clock_ns,
                    said=said,
                    letters_in_row=0 if is_well else before.letters_in_row,
                )
            )

    def bury(self, batch: Batch, error: str, *, tick_ns: int | None, now_ns: int) -> None:
        """Set aside the one event of a batch, or the tick before it that failed, and say so.

        After some in a row the consumer is in quarantine from `now_ns` on.
        """
        (event,) = batch.events
        file = self._file
        with file.transaction():
            before = file.standing()
            if _is_behind(before, batch):
                return
            file.bury(DeadLetter(batch.position, event.time_ns, event.type, encode(event), error))
            is_last = before.letters_in_row + 1 >= FAILURES_TO_QUARANTINE
            clock_ns = before.clock_ns
            if tick_ns is None:
                clock_ns = max(clock_ns, event.time_ns)
            file.rows("DELETE FROM host_wake WHERE time_ns <= ?", (tick_ns or clock_ns,))
            said = self._say([_error_event(self._consumer, event, error, is_last=is_last)], before)
            file.stand(
                before._replace(
                    position=before.position if tick_ns is not None else batch.position,
                    clock_ns=clock_ns,
                    said=said,
                    letters=before.letters + 1,
                    letters_in_row=0 if is_last else before.letters_in_row + 1,
                    quarantined_until_ns=now_ns + QUARANTINE_NS if is_last else 0,
                )
            )

    def _migrate(self) -> None:
        version, wanted = self._file.state_version(), self._consumer.state_version
        if version == wanted:
            return
        if version > wanted:
            raise ValueError(f"the state has version {version}, this plugin knows {wanted}")
        if isinstance(self._consumer, Migrating):
            self._consumer.migrate(FileState(self._file, is_ticking=self._ticking is not None))
        elif version:
            raise ValueError(f"the state has version {version}, and there is no `migrate`")
        self._file.set_state_version(wanted)

    def _say(self, events: Iterable[Event], before: Standing) -> int:
        """Put events into the outgoing ones; how many there have been by now."""
        stamped = [stamp(event, self.source, n) for n, event in enumerate(events, before.said + 1)]
        for event in stamped:
            self._file.rows(
                "INSERT INTO host_outgoing SELECT ?, ?, ? "
                "WHERE NOT EXISTS (SELECT 1 FROM host_said WHERE id = ?)",
                (event.n, before.position, encode(event), event.id),
            )
        return before.said + len(stamped)


class _Drive:
    """Leads a consumer through events and the times between them."""

    def __init__(
        self,
        file: PluginFile,
        state: FileState,
        consumer: Consumer,
        ticking: Ticking | None,
        clock_ns: int,
    ) -> None:
        self.clock_ns = clock_ns
        self._file = file
        self._state = state
        self._consumer = consumer
        self._ticking = ticking

    def run(self, events: Sequence[Event]) -> Iterator[Event]:
        """What the consumer returns."""
        if self._ticking is None:
            wanted = [event for event in events if self.is_wanted(event)]
            for event in events:
                self._go_on(event)
            yield from self._handle(wanted)
            return
        for event in events:
            self._go_on(event)
            yield from self._tick(self._ticking, event)
            if self.is_wanted(event):
                yield from self._handle([event])

    def is_wanted(self, event: Event) -> bool:
        """Whether the consumer gets it."""
        return is_wanted(self._consumer.types, source_of(self._consumer.name), event)

    def _handle(self, events: Sequence[Event]) -> Iterable[Event]:
        return list(self._consumer.handle(events, self._state) or ()) if events else ()

    def _go_on(self, event: Event) -> None:
        """The time of the stream; timers keep what is left of them where a clock was set back."""
        if event.type in LIVE and event.time_ns < self.clock_ns - CLOCK_STEP_NS:
            step_ns = event.time_ns - self.clock_ns
            times = self._file.rows("DELETE FROM host_wake RETURNING time_ns")
            for (time_ns,) in times:
                self._state.wake_at(time_ns + step_ns)
            self.clock_ns = event.time_ns
        self.clock_ns = max(self.clock_ns, event.time_ns)

    def _tick(self, ticking: Ticking, event: Event) -> Iterator[Event]:
        """Timers before the event; a clock event stands behind all others of its instant."""
        end_ns = self.clock_ns + (1 if event.type == CLOCK else 0)
        for count in range(TICKS_AT_ONCE + 1):
            due_ns = self._file.next_wake()
            if due_ns is None or due_ns >= end_ns:
                return
            if count == TICKS_AT_ONCE:
                due_ns = end_ns - 1
            self._file.rows("DELETE FROM host_wake WHERE time_ns <= ?", (due_ns,))
            try:
                yield from list(ticking.tick(due_ns, self._state) or ())
            except (Exception, SystemExit) as error:
                raise TickFailed(due_ns) from error


def batch_for(described: Described, stored: Sequence[Stored]) -> Batch:
    """What of some events a consumer is to see; one that ticks sees of each at least the time."""
    types, source = described.types, described.source
    events = [
        each.event if is_wanted(types, source, each.event) else replace(each.event, data={})
        for each in stored
        if described.is_ticking or is_wanted(types, source, each.event)
    ]
    return Batch(events, str(stored[-1].position) if stored else "")


def is_wanted(types: Sequence[str], source: str, event: Event) -> bool:
    """Whether a consumer of these types gets an event; not what it said itself as `source`."""
    return (
        event.type.startswith(tuple(types))
        and event.type != CLOCK
        and not is_said_by(source, event)
    )


def is_said_by(source: str, event: Event) -> bool:
    """Whether a consumer said an event, on whatever host: containers change their names."""
    own = source[source.index("/", 1) :]
    return event.source.endswith(own) and event.source.count("/") == source.count("/")


def source_of(name: str) -> str:
    """CloudEvents' source of what a consumer returns."""
    return f"/{os.uname().nodename}/monitor/{name}"


def stamp(event: Event, source: str, n: int) -> Event:
    """A returned event with its source, number and id: the same event gets the same id again."""
    if not event.type.startswith(TYPE_PREFIX):
        raise ValueError(f"type `{event.type}` does not begin with `{TYPE_PREFIX}`")
    numbered = replace(event, id="", source="", n=n, mono_ns=0, boot="", position="")
    digest = blake2b(encode(numbered), digest_size=10).digest()
    return replace(numbered, id=uuid7(event.time_ns, digest), source=source)


def _is_behind(standing: Standing, batch: Batch) -> bool:
    place = standing.position
    return bool(place) and Position.parse(place) >= Position.parse(batch.position)


def _error_event(consumer: Consumer, event: Event, error: str, *, is_last: bool) -> Event:
    data: Mapping[str, Any] = {  # Any: JSON
        "plugin": consumer.name,
        "version": consumer.version,
        "kind": "quarantined" if is_last else "dead-letter",
        "event": event.id,
        "event_type": event.type,
        "error": error,
    }
    return replace(
        event, type=ERROR, data=data, subject=consumer.name, severity="error", parent=event.id
    )
