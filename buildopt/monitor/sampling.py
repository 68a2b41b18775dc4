"""Takes samples at regular times: each source in a thread of its own, so that none delays another.

    due ──> sample ──> one line in the journal, and the latest values for /metrics
     ^                   │
     └── interval: what the source wants, longer where it costs more than `MOST_SHARE` of a core

A moment that passed while the thread could not run is a sample that was due and not taken.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from threading import Event, Lock, Thread
from typing import NamedTuple

from buildopt.monitor.hookspecs import Measurement, MetricSource
from buildopt.monitor.samples import Writer, series

MOST_SHARE = 0.005
"""Of one core, for one source (adaptive interval: cost of a sample / 0.005)."""
LONGEST_INTERVAL_S = 30.0
COUNTING = (".io", ".cpu.time", ".packets", ".errors", ".operations", ".faults")
"""Ends of names whose values are what came since the source's sample before (OpenTelemetry's delta
temporality), so that sums stay true in every roll-up."""
RUN = "cicd.pipeline.run.id"
"""Attribute of a measurement that is about one run: such have a line of their own."""
RUN_APART_NS = 1_000_000
"""Between lines about two runs of one tick: the index holds one value of a series a millisecond,
and runs share their series."""
SMOOTHING = 0.25
RECENT = 0.005
"""Weight of one due sample in the share of late: some minutes at one a second."""


class Latest(NamedTuple):
    """What a source has measured last, and when."""

    time_ns: int
    measurements: tuple[Measurement, ...]


class Schedule:
    """When a source is due, and how many of its samples were taken in time."""

    def __init__(self, interval_s: float, now_s: float) -> None:
        self.wanted_s = interval_s
        self.interval_s = interval_s
        self.due_s = now_s
        self.due = 0
        self.taken = 0
        self.recent_share = 1.0
        self._cost_s = 0.0

    def took(self, now_s: float, cost_s: float) -> None:
        """The sample that was due is there; `cost_s` is the processor time that it took."""
        missed = int(max(0.0, now_s - self.due_s) / self.interval_s)
        self.due += 1 + missed
        self.taken += 1
        self.due_s += (1 + missed) * self.interval_s
        self.recent_share = (self.recent_share * (1 - RECENT) + RECENT) * (1 - RECENT) ** missed
        self._cost_s += (cost_s - self._cost_s) * (SMOOTHING if self._cost_s else 1.0)
        affordable_s = self._cost_s / MOST_SHARE
        self.interval_s = min(LONGEST_INTERVAL_S, max(self.wanted_s, affordable_s))

    @property
    def share(self) -> float:
        """Of the samples that were due, how many were taken; 1 before the first."""
        return self.taken / self.due if self.due else 1.0


class Sampler:
    """One source and its thread."""

    def __init__(self, source: MetricSource, recorder: Recorder) -> None:
        self.source = source
        self.schedule = Schedule(source.interval_s, time.monotonic())
        self.failures = 0
        """In a row, now."""
        self.trouble = ""
        self.began_s: float | None = None
        """When the sample began that is being taken; None: none is."""
        self._recorder = recorder
        self._end = Event()
        self._thread = Thread(target=self._run, name=f"source-{source.name}", daemon=True)

    def start(self) -> None:
        """Begin to sample."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Take no more samples; whether the last one was over in time."""
        self._end.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._end.wait(max(0.0, self.schedule.due_s - time.monotonic())):
            self.began_s = time.monotonic()
            cost_s = time.thread_time()
            self._sample()
            self.began_s = None
            self.schedule.took(time.monotonic(), time.thread_time() - cost_s)

    def _sample(self) -> None:
        now_ns = time.time_ns()
        try:
            measured = tuple(self.source.sample(now_ns))
        except Exception as error:  # noqa: BLE001  # another's code: it is told as its health
            self.failures += 1
            self.trouble = f"{type(error).__name__}: {error}"[:200]
            return
        self.failures, self.trouble = 0, ""
        if measured:
            self._recorder.record(self.source.name, now_ns, measured)


class Recorder:
    """Where samples go: the journal, and what is known of now."""

    def __init__(self, writer: Writer) -> None:
        self.latest: dict[str, Latest] = {}
        self.totals: dict[str, float] = {}
        """What came of each counting series since the start."""
        self.writer = writer
        self._lock = Lock()

    def record(self, source: str, time_ns: int, measured: tuple[Measurement, ...]) -> None:
        """Keep what a source measured at one moment."""
        with self._lock:
            about_none, about_runs = _by_run(measured)
            if about_none:
                self.writer.append(source, time_ns, about_none)
            for nth, (run, metrics) in enumerate(about_runs.items()):
                self.writer.append(source, time_ns + nth * RUN_APART_NS, metrics, run=run)
            for each in measured:
                if each.name.endswith(COUNTING) and RUN not in each.attributes:
                    key = key_of(each)
                    self.totals[key] = self.totals.get(key, 0.0) + each.value
            self.latest[source] = Latest(time_ns, measured)


def key_of(measurement: Measurement) -> str:
    """The series of a measurement, but for the run that it is about."""
    attributes = measurement.attributes
    if not attributes:
        return measurement.name
    told = {name: _plain(value) for name, value in attributes.items() if name != RUN}
    return series(measurement.name, told)


def _by_run(
    measured: Iterable[Measurement],
) -> tuple[Mapping[str, float], Mapping[str, Mapping[str, float]]]:
    """Values by series: those about no run, and those about each run."""
    found: dict[str, dict[str, float]] = {"": {}}
    for each in measured:
        found.setdefault(each.attributes.get(RUN, ""), {})[key_of(each)] = each.value
    return found.pop(""), found


def _plain(value: str) -> str:
    """The value without what has a meaning in the name of a series."""
    return "".join("_" if c in ",={}" else c for c in value)
