"""Sampled metrics: 30 seconds of each become one value, which the incident detector judges.

    sample  ─▶ kept in the file ─▶ bucket of 30 s ─median─▶ detector ─▶ incident_started, _ended
                                                      └──▶ hour ─median─▶ trend ─▶ limit_forecast

The detectors are in memory, at most `MOST_METRICS` of them. The file has their state of the last
checkpoint and the samples since: whoever finds that its memory is not of this file (a step that
was not kept, a new process) goes on from there, and comes to the same.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, fact
from monitor_plugins.baseline.findings import PREFIX
from monitor_plugins.baseline.forecast import Forecast, forecast
from monitor_plugins.baseline.incidents import Incident, IncidentDetector
from monitor_plugins.baseline.robust import median
from monitor_plugins.baseline.run_values import is_number
from monitor_plugins.baseline.trend import HOUR_S, MOST_POINTS, find_trend
from monitor_plugins.baseline.watched_metrics import ACTIVE_RUNS, Watched, watched

SAMPLE = "buildopt.metric.sample"
BUCKET_S = 30
"""The detector was measured on samples of 30 s: an incident is minutes long, not seconds."""
CHECKPOINT_BUCKETS = 20
"""Ten minutes of samples are read again after a restart, some 20 ms."""
MOST_METRICS = 500
"""Some 20 kB each. The one that was silent for longest goes first."""
FORGET_S = 30 * 86_400.0
WARN_H = 24.0
"""A limit that is reached within a day, by the flattest slope, is told once."""
WELL_H = 48.0
"""It is told again only after it was further away than this."""
LEAST_HOURS = 12

TABLES = (
    "CREATE TABLE metric(series TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE sample(n INTEGER PRIMARY KEY, host TEXT NOT NULL, time_ns INTEGER NOT NULL, "
    "busy INTEGER NOT NULL, data TEXT NOT NULL)",
)
STEP = "sampled.step"


@dataclass(slots=True, kw_only=True)
class Watch:
    """One metric of one machine."""

    how: Watched
    detector: IncidentDetector
    bucket: int = -1
    values: list[float] = field(default_factory=list)
    last_s: float = 0.0
    hour: int = -1
    hour_values: list[float] = field(default_factory=list)
    hours: list[tuple[int, float]] = field(default_factory=list)
    usual: float = 0.0
    is_warned: bool = False

    @property
    def state(self) -> dict[str, Any]:  # Any: JSON
        """All of it but what is open in the present bucket of no checkpoint."""
        return {
            "detector": self.detector.state, "bucket": self.bucket, "values": self.values,
            "last_s": self.last_s, "hour": self.hour, "hour_values": self.hour_values,
            "hours": self.hours, "usual": self.usual, "is_warned": self.is_warned,
        }  # fmt: skip

    @classmethod
    def of(cls, series: str, state: Mapping[str, Any]) -> Watch:  # Any: JSON
        """The one that had this state."""
        how = watched(series.partition(" ")[2])
        assert how is not None, "what is kept was watched"
        detector = IncidentDetector.of(state["detector"], least_distance=how.least_distance)
        hours = [(int(hour), value) for hour, value in state["hours"]]
        return cls(how=how, **{**state, "detector": detector, "hours": hours})


class Sampled:
    """All metrics. Gives events back; writes only to the plugin's file."""

    def __init__(self) -> None:
        self._watches: dict[str, Watch] = {}
        self._busy: dict[str, int] = {}
        """Host -> the last bucket in which a build ran there."""
        self._step = -1
        self._checkpoint_bucket = 0

    def take(self, state: State, event: Event) -> Iterator[Event]:
        """Take one sample in."""
        self._go_on_from(state)
        host = event.source.split("/")[1] if event.source.count("/") > 1 else ""
        runs = event.data.get(ACTIVE_RUNS)
        is_busy = runs is not None and is_number(runs) and runs > 0
        data = {name: value for name, value in event.data.items() if watched(name)}
        if not data and not is_busy:
            return
        yield from self._observe(host, event, data, is_busy=is_busy)
        self._keep(state, host, event, data, is_busy=is_busy)

    def accept(self, state: State, series: str) -> None:
        """Take the level of an open incident for the usual one."""
        self._go_on_from(state)
        if series in self._watches:
            self._watches[series].detector.accept_level()
            self._write_checkpoint(state)

    # ---- one sample -----------------------------------------------------------------------

    def _observe(
        self, host: str, event: Event, data: Mapping[str, Any], *, is_busy: bool
    ) -> Iterator[Event]:
        time_s = event.time_ns / 1e9
        bucket = int(time_s // BUCKET_S)
        if is_busy:
            self._busy[host] = bucket
        for name, value in data.items():
            series = f"{host} {name}"
            watch = self._watches.get(series) or self._new(series, time_s)
            if watch.bucket != bucket:
                yield from self._close(host, series, watch, event)
                watch.bucket, watch.values = bucket, []
            watch.last_s = time_s
            if is_number(value):
                watch.values.append(float(value))

    def _new(self, series: str, time_s: float) -> Watch:
        how = watched(series.partition(" ")[2])
        assert how is not None, "only watched series come here"
        if len(self._watches) >= MOST_METRICS:
            silent = min(self._watches, key=lambda name: (self._watches[name].last_s, name))
            del self._watches[silent]
        detector = IncidentDetector(least_distance=how.least_distance)
        watch = self._watches[series] = Watch(how=how, detector=detector, last_s=time_s)
        return watch

    def _close(self, host: str, series: str, watch: Watch, event: Event) -> Iterator[Event]:
        """The bucket before is whole: judge it."""
        is_hidden = watch.how.is_load and abs(self._busy.get(host, -9) - watch.bucket) <= 1
        if not watch.values or is_hidden:
            return
        value, time_s = median(watch.values), (watch.bucket + 0.5) * BUCKET_S
        was_firing = watch.detector.is_firing
        found = watch.detector.observe(time_s, value)
        if found:
            watch.usual = found.usual
            yield _started(host, series, found, event)
        elif was_firing and not watch.detector.is_firing:
            data = {"series": series, "usual": watch.usual, "seen": value}
            yield _told("incident_ended", data, event)
        if _is_next_hour(watch, time_s, value) and watch.how.has_limit:
            yield from _look_ahead(series, watch, event)

    # ---- memory and file ------------------------------------------------------------------

    def _go_on_from(self, state: State) -> None:
        """Have the memory be that of the file."""
        step = state.get(STEP, 0)
        if step == self._step:
            return
        self._busy, self._step = {}, step
        self._watches = {
            series: Watch.of(series, json.loads(kept))
            for series, kept in state.execute("SELECT series, state FROM metric")
        }
        rows = state.execute("SELECT host, time_ns, busy, data FROM sample ORDER BY n")
        self._checkpoint_bucket = int(rows[0][1] / 1e9 // BUCKET_S) if rows else 0
        for host, time_ns, busy, data in rows:
            event = fact(SAMPLE, {}, time_ns=time_ns)
            for _ in self._observe(host, event, json.loads(data), is_busy=bool(busy)):
                pass  # was told when it came

    def _keep(
        self, state: State, host: str, event: Event, data: Mapping[str, Any], *, is_busy: bool
    ) -> None:
        bucket = int(event.time_ns / 1e9 // BUCKET_S)
        self._step += 1
        state.set(STEP, self._step)
        if not 0 <= bucket - self._checkpoint_bucket < CHECKPOINT_BUCKETS:
            self._checkpoint_bucket = bucket
            self._write_checkpoint(state)
            return
        row = json.dumps(data, separators=(",", ":"))
        state.execute(
            "INSERT INTO sample(host, time_ns, busy, data) VALUES (?, ?, ?, ?)",
            (host, event.time_ns, is_busy, row),
        )

    def _write_checkpoint(self, state: State) -> None:
        newest_s = max((watch.last_s for watch in self._watches.values()), default=0.0)
        for series, watch in list(self._watches.items()):
            if newest_s - watch.last_s > FORGET_S:
                del self._watches[series]
        state.execute("DELETE FROM sample")
        state.execute("DELETE FROM metric")
        for series, watch in self._watches.items():
            kept = json.dumps(watch.state, separators=(",", ":"))
            state.execute("INSERT INTO metric VALUES (?, ?)", (series, kept))


def _started(host: str, series: str, found: Incident, event: Event) -> Event:
    data = {
        "series": series,
        "host": host,
        "usual": found.usual,
        "seen": found.seen,
        "usual_distance": found.usual_distance,
        "score": round(found.score, 3),
    }
    return _told("incident_started", data, event)


def _is_next_hour(watch: Watch, time_s: float, value: float) -> bool:
    """Take a value into its hour; whether one is over with it."""
    hour = int(time_s // HOUR_S)
    if hour == watch.hour:
        watch.hour_values.append(value)
        return False
    if watch.hour_values:
        watch.hours = [*watch.hours, (watch.hour, median(watch.hour_values))][-MOST_POINTS:]
    watch.hour, watch.hour_values = hour, [value]
    return True


def _look_ahead(series: str, watch: Watch, event: Event) -> Iterator[Event]:
    """With each hour that is over, look where this is heading."""
    ahead = _ahead(watch.hours)
    if ahead is None or not ahead.within(WELL_H):
        watch.is_warned = False
    elif ahead.within(WARN_H) and not watch.is_warned:
        watch.is_warned = True
        data = {
            "series": series,
            "limit": 1.0,
            "level": watch.hours[-1][1],
            "soonest_h": round(ahead.soonest_h, 2),
            "expected_h": round(ahead.expected_h, 2),
            "latest_h": round(ahead.latest_h, 2),
            "expected_ns": int(ahead.at_s * 1e9),
        }
        yield _told("limit_forecast", data, event)


def _ahead(hours: Iterable[tuple[int, float]]) -> Forecast | None:
    known = list(hours)
    if len(known) < LEAST_HOURS:
        return None
    trend = find_trend([hour * HOUR_S for hour, _ in known], [value for _, value in known])
    if trend is None:
        return None
    found = forecast(trend, 1.0, history_h=known[-1][0] - known[0][0])
    return found if found and math.isfinite(found.latest_h) else None


def _told(kind: str, data: Mapping[str, Any], event: Event) -> Event:  # Any: JSON
    is_bad = kind != "incident_ended"
    return fact(
        PREFIX + kind, data, time_ns=event.time_ns, of=event, subject=str(data["series"]),
        severity="warning" if is_bad else "info",
    )  # fmt: skip
