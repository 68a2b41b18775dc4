"""Leads one consumer along the stream: batches, tries, dead letters, quarantine.

read 256 events -> take -+- went well
                         +- failed: each event alone, again after 0.1, 1 and 10 s
                              +- went well
                              +- dead letter and `buildopt.plugin.error`, the next event
                                   5 in a row -> quarantine for 10 minutes
nothing to read, a timer is due -> a clock event into the journal, for everybody
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, TypeVar

from filelock import FileLock, Timeout

from buildopt.monitor.consumer import (
    FAILURES_TO_QUARANTINE,
    QUARANTINE_NS,
    Batch,
    Described,
    batch_for,
    is_wanted,
)
from buildopt.monitor.pace import Pace
from buildopt.monitor.position import Position
from buildopt.monitor.publishing import Publisher
from buildopt.monitor.seat import Failed, Report, Seat, told
from buildopt.monitor.stream import Reader, Stored

BATCH_EVENTS = 256
TRIES_AFTER_S = (0.1, 1.0, 10.0)
"""A lock or a full disk passes in a second; what fails for eleven is taken to fail for good."""
KEEP_POSITION_EVENTS = 4_096
"""Events of no interest that may be read again after a crash before the position is kept."""
QUARANTINE_S = QUARANTINE_NS / 1e9
AGAIN_S = 1.0
"""Until a lock, or a journal that cannot be written, is tried again."""
STORAGE_AGAIN_S = 10.0
AT_ONCE = 0.0

Status = Literal["starting", "running", "waiting", "failing", "quarantined", "stuck", "stopped"]
Trouble = Literal["damaged", "quarantined", "stuck", "worker"]
"""What the host says of a plugin in `buildopt.plugin.error`, beside the consumer's own."""
T = TypeVar("T")


class Progress(NamedTuple):
    """How a consumer does. `behind_s`: how old the event was that it took last."""

    status: Status = "starting"
    position: str = ""
    behind_s: float = 0.0
    events: int = 0
    failures: int = 0
    dead_letters: int = 0
    last_error: str = ""


class ConsumerLoop:
    """The steps of one consumer, all in one thread."""

    def __init__(
        self,
        folder: str,
        described: Described,
        seat: Seat,
        pace: Pace,
        *,
        tell_clock: Callable[[int], None],
        say: Callable[[Trouble, str], None],
    ) -> None:
        self.described = described
        self.progress = Progress()
        self.busy_since_s: float | None = None
        """When the seat was asked for what it has not answered yet."""
        self.is_idle = False
        """Whether the last step found nothing to do."""
        self.listeners: list[threading.Event] = []
        """Set with each step that changed the consumer's own tables: workers wait for it."""
        self._seat = seat
        self._pace = pace
        self._tell_clock = tell_clock
        self._say = say
        self._lock = FileLock(f"{folder}/plugins/{described.name}.lock", mode=0o600)
        self._reader = Reader(folder)
        self._publisher = Publisher(folder, described.source)
        self._report: Report | None = None
        self._place = Position()
        self._unkept = 0
        self._changes: int | None = None
        self._starts_failed = 0
        self._rests_until_s = 0.0
        self._told_clock_ns = 0
        """The timer for which the time was told last."""

    def step(self) -> float:
        """Do what there is to do; for how many seconds there is nothing more."""
        left_s = self._rests_until_s - self._pace.monotonic_s()
        if left_s > 0:
            return left_s
        self.is_idle = False
        if self._report is None:
            return self._open()
        if self._report.outgoing and not self._publish(self._report):
            return self._rest(AGAIN_S)
        stored, place = self._reader.read(self._place, BATCH_EVENTS)
        if stored and not self._take(stored, place):
            return self._left_s()
        if len(stored) == BATCH_EVENTS or self._report is None or self._report.outgoing:
            return AT_ONCE
        return self._sleep_s(self._report)

    def step_safely(self) -> float:
        """The same for the host: what goes wrong in here ends no consumer."""
        try:
            return self.step()
        except Exception as error:  # noqa: BLE001  # a trouble of ours: the reader, the journal
            self._set(status="failing", last_error=told(error))
            self._leave()
            return self._rest(STORAGE_AGAIN_S)

    def close(self) -> None:
        """Keep where it is, and leave the seat."""
        if self._report is not None and self._report.outgoing:
            self._publish(self._report)
        if self._report is not None and self._unkept:
            self._call(lambda: self._seat.take(Batch((), str(self._place))))
        self._leave()
        self._set(status="stopped")

    def interrupt(self) -> None:
        """Have the seat fail at what it does now; called by another thread."""
        self._seat.interrupt()

    # ---- the seat ----

    def _open(self) -> float:
        try:
            os.makedirs(os.path.dirname(self._lock.lock_file), mode=0o700, exist_ok=True)
            self._lock.acquire(timeout=0)
        except (Timeout, OSError) as error:
            is_held = isinstance(error, Timeout)
            self._set(status="waiting", last_error="" if is_held else str(error))
            return self._rest(AGAIN_S)
        report = self._call(self._seat.open)
        if isinstance(report, Failed):
            return self._not_opened(report)
        return self._stand(report)

    def _not_opened(self, failed: Failed) -> float:
        self._leave()
        if failed.kind == "storage":
            return self._rest(STORAGE_AGAIN_S)
        self._starts_failed += 1
        if self._starts_failed >= FAILURES_TO_QUARANTINE:
            self._starts_failed = 0
            self._quarantine(QUARANTINE_S)
            self._say("quarantined", failed.text)
            return AT_ONCE
        wait_s = TRIES_AFTER_S[min(self._starts_failed, len(TRIES_AFTER_S)) - 1]
        return self._rest(wait_s, is_idle=False)

    def _stand(self, report: Report) -> float:
        """Take up where the file says that the consumer is."""
        if report.moved_aside:
            self._say("damaged", f"the damaged file was moved to {report.moved_aside}")
        if not report.standing.knows_said:
            ids = list(self._publisher.own_ids())
            learnt = self._call(lambda: self._seat.learn_said(ids))
            if isinstance(learnt, Failed):
                return self._not_opened(learnt)
            report = learnt
        self._publisher.settle(report.outgoing)
        self._place = Position.parse(report.standing.position or "/")
        self._unkept = 0
        self._changes = None
        self._keep(report)
        self._must_rest(report)
        return AT_ONCE

    def _leave(self) -> None:
        self._report = None
        self._seat.close()
        self._lock.release()

    def _quarantine(self, for_s: float) -> None:
        self._rest(for_s)
        self._set(status="quarantined")

    def _rest(self, for_s: float, *, is_idle: bool = True) -> float:
        """Do nothing for so long, whatever happens; with no hope of doing more if it is idle."""
        self._rests_until_s = self._pace.monotonic_s() + for_s
        self.is_idle = is_idle
        return for_s

    def _left_s(self) -> float:
        return max(AT_ONCE, self._rests_until_s - self._pace.monotonic_s())

    # ---- events ----

    def _take(self, stored: Sequence[Stored], place: Position) -> bool:
        """Whether the consumer is behind these events now; if not, it rests or begins again."""
        batch = batch_for(self.described, stored)
        if not batch.events and self._unkept + len(stored) < KEEP_POSITION_EVENTS:
            self._pass(place, len(stored))
            return True
        report = self._call(lambda: self._seat.take(batch))
        if isinstance(report, Failed):
            if report.kind == "storage":
                return self._wait_for_storage()
            return all(self._take_alone(each) for each in stored)
        self._keep(report, events=self._wanted(batch))
        self._behind(stored[-1])
        return True

    def _take_alone(self, each: Stored) -> bool:
        """One of several, so that only the one that fails is tried again and set aside."""
        batch = batch_for(self.described, [each])
        if not batch.events:
            self._pass(each.position, 1)
            return True
        is_taken = self._try(batch)
        if is_taken:
            self._behind(each)
        return is_taken

    def _try(self, batch: Batch) -> bool:
        """Have one event taken, or set aside."""
        failed: Failed | None = None
        for wait_s in (0.0, *TRIES_AFTER_S):
            if not self._pace.pause(wait_s):
                return False
            report = self._take_again(batch)
            if not isinstance(report, Failed):
                self._keep(report, events=self._wanted(batch))
                return True
            if report.kind == "storage":
                return self._wait_for_storage()
            failed = report
        assert failed is not None
        return self._bury(batch, failed)

    def _take_again(self, batch: Batch) -> Report | Failed:
        if not_opened := self._reopen():
            return not_opened
        return self._call(lambda: self._seat.take(batch))

    def _reopen(self) -> Failed | None:
        """Start a process anew that is gone; a step that it had kept is not taken twice."""
        if self._report is None:
            opened = self._call(self._seat.open)
            if isinstance(opened, Failed):
                return opened
            self._publisher.settle(opened.outgoing)
            self._report = opened
        return None

    def _wait_for_storage(self) -> bool:
        self._leave()
        self._rest(STORAGE_AGAIN_S)
        return False

    def _bury(self, batch: Batch, failed: Failed) -> bool:
        """Set the event, or the tick before it, aside; whether the event is behind us."""
        if not_opened := self._reopen():
            self._not_opened(not_opened)
            return False
        now_ns = self._pace.now_ns()
        report = self._call(
            lambda: self._seat.bury(batch, failed.text, tick_ns=failed.tick_ns, now_ns=now_ns)
        )
        if isinstance(report, Failed):
            self._not_opened(report)
            return False
        self._keep(report)
        return not self._must_rest(report) and failed.tick_ns is None

    def _must_rest(self, report: Report) -> bool:
        """Whether the consumer is in quarantine, from its file."""
        left_s = (report.standing.quarantined_until_ns - self._pace.now_ns()) / 1e9
        if 0 < left_s <= QUARANTINE_S:
            self._quarantine(left_s)
            return True
        return False

    def _wanted(self, batch: Batch) -> int:
        """How many of the events the consumer asked for; one that ticks sees the others' times."""
        types, source = self.described.types, self.described.source
        return sum(is_wanted(types, source, event) for event in batch.events)

    def _pass(self, place: Position, events: int) -> None:
        self._place = place
        self._unkept += events

    def _keep(self, report: Report, *, events: int = 0) -> None:
        if report.changes is None or report.changes != self._changes:
            self._changes = report.changes
            for listener in self.listeners:
                listener.set()
        self._report = report
        if report.standing.position:
            self._place = Position.parse(report.standing.position)
        self._unkept = 0
        self._starts_failed = 0
        self._set(
            status="running",
            position=report.standing.position,
            events=self.progress.events + events,
            dead_letters=report.standing.letters,
        )

    # ---- what it says, and when it wakes ----

    def _publish(self, report: Report) -> bool:
        written = self._publisher.publish(report.outgoing, self._pace.now_ns())
        left = tuple(row for row in report.outgoing if row.n > written)
        if len(left) < len(report.outgoing):
            if isinstance(self._call(lambda: self._seat.sent(written)), Failed):
                return False
            self._report = report._replace(outgoing=left)
        if left:
            self._set(status="failing", last_error="the journal cannot be written")
        return not left

    def _sleep_s(self, report: Report) -> float:
        """How long a consumer that has read everything may sleep."""
        self._set(status="running", behind_s=0.0)
        self.is_idle = report.wake_ns is None or report.wake_ns > self._pace.now_ns()
        if report.wake_ns is None:
            return float("inf")
        left_s = (report.wake_ns - self._pace.now_ns()) / 1e9
        if left_s > 0:
            return left_s
        is_told_anew = report.wake_ns != self._told_clock_ns
        self._told_clock_ns = report.wake_ns
        self._tell_clock(report.wake_ns)
        return AT_ONCE if is_told_anew else AGAIN_S

    def _behind(self, stored: Stored) -> None:
        age_s = (self._pace.now_ns() - stored.event.time_ns) / 1e9
        self._set(behind_s=max(0.0, age_s))

    def _call(self, ask: Callable[[], T]) -> T | Failed:
        """Ask the seat; a process that is gone is left."""
        self.busy_since_s = self._pace.monotonic_s()
        try:
            return ask()
        except Failed as failed:
            failures = self.progress.failures + 1
            self._set(status="failing", failures=failures, last_error=failed.text)
            if failed.kind in ("died", "stuck"):
                self._report = None
            return failed
        finally:
            self.busy_since_s = None

    def _set(self, **changed: object) -> None:
        self.progress = self.progress._replace(**changed)  # type: ignore[arg-type]  # of _set's callers
