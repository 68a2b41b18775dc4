"""What the journal says of one run and of those it is compared with, found in one walk back.

A run is met before what led to it: of a backwards stream its end comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from buildopt.events import (
    CacheEvicted,
    CacheLookup,
    CacheStored,
    Event,
    EventData,
    RunFinished,
    TaskFinished,
    record_of,
)
from buildopt.report.history import HISTORY_RUNS

DAYS = 30
"""As far as the journal goes back."""
DAYS_NS = DAYS * 86_400 * 10**9
BUNDLE = "buildopt.bundle.analyzed"
BUNDLER = "buildopt.bundler.finished"
VERIFIED = "buildopt.verify.finished"
TEST = "buildopt.tests.results"
CONFIRMED = "buildopt.baseline.confirmed"
FIRED = "buildopt.alert.fired"
TOLD_LATER = (BUNDLE, TEST)
"""Types whose events belong to a run by its id, told before its end or after it."""


@dataclass(slots=True, kw_only=True)
class Gathered:
    """All events that a report rests on; lists are oldest first."""

    event: Event | None = None
    run: RunFinished | None = None
    lookups: list[tuple[Event, CacheLookup]] = field(default_factory=list)
    stored: CacheStored | None = None
    """Of the record that was made, or by which the run was answered."""
    recorded: RunFinished | None = None
    """The run that made the record, if it is another one."""
    previous: RunFinished | None = None
    """The run of the task before, and where that was answered, whose record it was."""
    previous_recorded: RunFinished | None = None
    own: list[Event] = field(default_factory=list)
    """All that was told of the run itself."""
    tasks: dict[str, list[TaskFinished]] = field(default_factory=dict)
    """By run: of this one, of `recorded` and of `previous_recorded`."""
    stores: dict[str, list[CacheStored]] = field(default_factory=dict)
    """By run, of all runs of the task: what was stored."""
    misses: list[tuple[Event, CacheLookup]] = field(default_factory=list)
    """Look-ups of all runs of the task, its steps included."""
    history: list[tuple[Event, RunFinished]] = field(default_factory=list)
    """The last runs of the task, newest first."""
    month: list[tuple[Event, RunFinished]] = field(default_factory=list)
    """All runs of the checkout within 30 days, newest first."""
    grown_bytes: int = 0
    storing_s: float = 0.0
    """What storing grew the cache by and took, in all runs of the checkout."""
    evicted: list[CacheEvicted] = field(default_factory=list)
    bundles: list[Event] = field(default_factory=list)
    """Analyses of what the run made, and of the same outputs before."""
    bundlers: dict[str, list[Event]] = field(default_factory=dict)
    """What bundlers told, by run as `tasks`."""
    tests: list[Event] = field(default_factory=list)
    findings: list[Event] = field(default_factory=list)
    alerts: list[Event] = field(default_factory=list)
    verified: Event | None = None

    def tasks_shown(self) -> tuple[list[TaskFinished], RunFinished]:
        """The tasks whose processes and inputs a report shows, and the run they belong to."""
        assert self.run is not None  # by `gather`
        if self.recorded and self.run.run_id not in self.tasks:
            return self.tasks.get(self.recorded.run_id, []), self.recorded
        return self.tasks.get(self.run.run_id, []), self.run


def gather(events: Iterable[Event], run_id: str) -> Gathered:
    """One walk over events that come newest first; raises ValueError for an unknown run."""
    (found,) = gather_each(events, (run_id,))
    return found


def gather_each(events: Iterable[Event], run_ids: Sequence[str]) -> tuple[Gathered, ...]:
    """The same for several runs, in one walk."""
    records = _Records()
    walks = [_Walk(run_id, records) for run_id in run_ids]
    going = walks
    for event in events:
        going = [walk for walk in going if not walk.is_over(event)]
        if not going:
            break
        for walk in going:
            walk.take(event)
    for walk, run_id in zip(walks, run_ids, strict=True):
        walk.end()
        if walk.found.run is None:
            raise ValueError(f"the journal holds no finished run `{run_id}`")
    return tuple(walk.found for walk in walks)


class _Records:
    """The record of the event that was met last, made once for all walks."""

    def __init__(self) -> None:
        self._event: Event | None = None
        self._record: EventData | None = None

    def of(self, event: Event) -> EventData | None:
        """As `record_of`."""
        if event is not self._event:
            self._event, self._record = event, record_of(event)
        return self._record


class _Walk:
    def __init__(self, run_id: str, records: _Records) -> None:
        self.found = Gathered()
        self._records = records
        self._run_id = run_id
        self._runs_of_root: set[str] = set()
        self._runs_of_task: set[str] = set()
        self._wanted: set[str] = {run_id}
        """Runs whose tasks are kept."""

    def is_over(self, event: Event) -> bool:
        """Whether nothing can follow that a report needs."""
        end = self.found.event
        return end is not None and event.time_ns < end.time_ns - DAYS_NS

    def take(self, event: Event) -> None:
        """Keep what belongs to the run or is compared with it."""
        kind = event.type
        if event.run == self._run_id:
            self.found.own.append(event)
        if kind == RunFinished.type:
            self._run(event)
        elif kind == TaskFinished.type:
            if event.run in self._wanted:
                self._keep(event, self.found.tasks)
        elif kind == CacheLookup.type:
            self._lookup(event)
        elif kind == CacheStored.type:
            self._stored(event)
        elif kind == CacheEvicted.type:
            record = self._records.of(event)
            if isinstance(record, CacheEvicted) and self.found.run:
                self.found.evicted.insert(0, record)
        elif kind == BUNDLER:
            if event.run in self._wanted:
                self.found.bundlers.setdefault(event.run, []).insert(0, event)
        elif kind.startswith(TOLD_LATER):
            self._told_later(event)
        elif kind in (VERIFIED, CONFIRMED) and self.found.run:
            self._judged(event)
        elif kind == FIRED and event.run:
            self.found.alerts.insert(0, event)

    def end(self) -> None:
        """Put what was met backwards in its order."""
        runs = self._runs_of_task
        self.found.alerts = [event for event in self.found.alerts if event.run in runs]
        self.found.own.reverse()
        for rows in (self.found.lookups, self.found.misses, self.found.bundles, self.found.tests):
            rows.sort(key=lambda each: (each[0] if isinstance(each, tuple) else each).time_ns)

    def _run(self, event: Event) -> None:
        found = self.found
        if found.run is None and event.run != self._run_id:
            return
        record = self._records.of(event)
        if not isinstance(record, RunFinished):
            return
        if found.run is None:
            found.event, found.run = event, record
        run = found.run
        if record.root != run.root:
            return
        found.month.append((event, record))
        self._runs_of_root.add(event.run)
        if (record.project, record.task) != (run.project, run.task):
            return
        self._runs_of_task.add(event.run)
        if len(found.history) < HISTORY_RUNS:
            found.history.append((event, record))
        self._relate(record, run)

    def _relate(self, record: RunFinished, run: RunFinished) -> None:
        """Find the run that made a record, and the one before."""
        found = self.found
        if record.run_id == run.run_id:
            return
        is_made = record.outcome == "executed" and bool(record.record)
        if found.previous is None:
            found.previous = record
            if record.outcome == "executed":
                found.previous_recorded = record
                self._wanted.add(record.run_id)
        before = found.previous
        if is_made and not found.previous_recorded and record.record == before.record:
            found.previous_recorded = record
            self._wanted.add(record.run_id)
        is_answer = run.outcome != "executed" and record.record == run.record
        if is_made and is_answer and not found.recorded:
            found.recorded = record
            self._wanted.add(record.run_id)

    def _lookup(self, event: Event) -> None:
        if event.run not in self._runs_of_task and event.run != self._run_id:
            return
        record = self._records.of(event)
        if isinstance(record, CacheLookup):
            if event.run == self._run_id:
                self.found.lookups.append((event, record))
            self.found.misses.append((event, record))

    def _stored(self, event: Event) -> None:
        found = self.found
        if found.run is None:
            return
        if event.run in self._runs_of_root:
            found.grown_bytes += int(event.data.get("bytes_added") or 0)
            found.storing_s += float(event.data.get("duration_s") or 0.0)
        is_own = bool(found.run.record) and event.data.get("record") == found.run.record
        if event.run not in self._runs_of_task and not is_own:
            return
        record = self._records.of(event)
        if isinstance(record, CacheStored):
            found.stores.setdefault(event.run, []).insert(0, record)
            if is_own and not found.stored:
                found.stored = record

    def _told_later(self, event: Event) -> None:
        found = self.found
        if event.type == BUNDLE:
            if event.run == self._run_id or (
                found.run is not None and event.data.get("root") == found.run.root
            ):
                found.bundles.append(event)
        elif event.run == self._run_id:
            found.tests.append(event)

    def _judged(self, event: Event) -> None:
        run = self.found.run
        if run is None or event.data.get("task") != run.task:
            return
        if event.type == CONFIRMED:
            self.found.findings.insert(0, event)
        elif self.found.verified is None and event.data.get("root") == run.root:
            self.found.verified = event

    def _keep(self, event: Event, into: dict[str, list[TaskFinished]]) -> None:
        record = self._records.of(event)
        if isinstance(record, TaskFinished):
            into.setdefault(event.run, []).insert(0, record)
