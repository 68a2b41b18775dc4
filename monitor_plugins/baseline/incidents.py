"""Tells when a sampled metric leaves its usual range, sample by sample.

    learning ──enough samples──▶ watching ◀──────────────┐
                                  │ score ≥ FIRE          │ score < REARM for CALM_SAMPLES,
                                  ▼                       │ or the level has lasted ADOPT_AFTER_S
                                firing (what is usual is frozen)

A median of the last few samples is held against the median of the hours before; what distance is
usual, the metric's own past tells: the score is the distance as a multiple of it. One wild sample
moves neither median, a daily wave moves both, noise that lasts is in the past distances, and what
happens at the same time on most days is no news (`recurrence`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.baseline.quantiles import SlidingQuantiles
from monitor_plugins.baseline.recurrence import DailyDistances
from monitor_plugins.baseline.robust import MAD_TO_SIGMA, median

RECENT_SAMPLES = 5
"""What is held against the past: a step shows in its third sample, two wild ones never."""

LAG_SAMPLES = 10
"""Samples that are not yet part of the past, so that a ramp does not hide itself. 5 to 15 score
alike on the development series, 10 best."""

PAST_SAMPLES = 240
"""Two hours at a sample each 30 s: long beside an incident, short beside a daily wave. 120 and
240 score alike, 60 loses a tenth of the incidents."""

THIN = 3
"""Each third distance is remembered: neighbours say the same, and memory is for thousands."""

DISTANCES = 240
"""Remembered distances: with `THIN`, those of the last 720 samples."""

WARM_UP_SAMPLES = 60
"""Fewer samples say nothing about what is usual, and only presets speak."""

FIRE = 1.9
"""Score that fires. At 1.7 a tenth of the alerts is false, from 2.1 on an eighth of the incidents
is missed. Measured by benchmarks/detection_scores.py."""

REARM = 1.0
CALM_SAMPLES = 5
"""Samples below `REARM` in a row that end an incident."""

ADOPT_AFTER_S = 7200.0
"""A level that has lasted two hours is the new usual one."""

MOST_SCORE = 1000.0
"""Also the score of any distance from a level that was never left: nothing is usual there."""

USUAL_SHARE = 0.99
"""Share of past distances of the recent median that count as usual."""

USUAL_SHARE_OF_SAMPLES = 0.95
"""The same for single samples. It is what holds where most samples are equal (error rates at
zero), and the medians of five say that there is no noise at all."""

LEAST_SIGMAS = 2.0
"""A usual distance is at least this many standard deviations of the past samples."""

LEAST_SHARE_OF_LEVEL = 0.1
"""And at least a tenth of the level: nobody is woken for less."""

INTERVAL_GAIN = 0.05
"""Share of each new gap in the usual interval between samples. A gap of more than the whole past
is a silence: what was usual before it is no measure of what comes after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """The metric was found out of its usual range."""

    index: int
    """Row of the sample with which it showed, counted from 0."""
    usual: float
    """Median of the past."""
    seen: float
    """Median of the recent samples."""
    usual_distance: float
    score: float
    """Distance of seen from usual, as a multiple of the usual distance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """A sample on its way into the past."""

    value: float
    distance: float | None
    """Of the recent median from the usual one; none while nothing is usual yet."""
    own_distance: float


@dataclass(slots=True, kw_only=True)
class _Open:
    """An incident that is not over; the past stands still meanwhile."""

    lasted_s: float = 0.0
    level: SlidingQuantiles = field(default_factory=lambda: SlidingQuantiles(PAST_SAMPLES))
    """What the metric has been since."""
    calm_samples: int = 0


class IncidentDetector:
    """Judges one metric's samples in the order of time; remembers a bounded number of them."""

    def __init__(self, *, least_distance: float = 0.0) -> None:
        """`least_distance`, in the metric's unit, is never worth an incident."""
        self._least_distance = least_distance
        self._count = 0
        self._recent: deque[float] = deque(maxlen=RECENT_SAMPLES)
        self._waiting: deque[_Sample] = deque()
        self._past = SlidingQuantiles(PAST_SAMPLES)
        self._distances = SlidingQuantiles(DISTANCES)
        self._own_distances = SlidingQuantiles(DISTANCES)
        self._daily = DailyDistances()
        self._incident: _Open | None = None
        self._last_s: float | None = None
        self._interval_s = 0.0

    @property
    def state(self) -> dict[str, Any]:  # Any: JSON
        """All that it remembers, as JSON can hold it."""
        opened = self._incident
        return {
            "count": self._count,
            "recent": list(self._recent),
            "waiting": [[s.value, s.distance, s.own_distance] for s in self._waiting],
            "past": self._past.values,
            "distances": self._distances.values,
            "own_distances": self._own_distances.values,
            "daily": self._daily.state,
            "incident": opened and [opened.lasted_s, opened.level.values, opened.calm_samples],
            "last_s": self._last_s,
            "interval_s": self._interval_s,
        }

    @classmethod
    def of(
        cls,
        state: Mapping[str, Any],
        *,
        least_distance: float = 0.0,  # Any: JSON
    ) -> IncidentDetector:
        """The one that had this state."""
        made = cls(least_distance=least_distance)
        made._count = state["count"]
        made._recent.extend(state["recent"])
        for value, distance, own in state["waiting"]:
            made._waiting.append(_Sample(value=value, distance=distance, own_distance=own))
        made._past = SlidingQuantiles.of(PAST_SAMPLES, state["past"])
        made._distances = SlidingQuantiles.of(DISTANCES, state["distances"])
        made._own_distances = SlidingQuantiles.of(DISTANCES, state["own_distances"])
        made._daily = DailyDistances.of(state["daily"])
        if state["incident"]:
            lasted_s, level, calm = state["incident"]
            values = SlidingQuantiles.of(PAST_SAMPLES, level)
            made._incident = _Open(lasted_s=lasted_s, level=values, calm_samples=calm)
        made._last_s = state["last_s"]
        made._interval_s = state["interval_s"]
        return made

    @property
    def is_firing(self) -> bool:
        """Whether an incident is open."""
        return self._incident is not None

    @property
    def samples_to_learn(self) -> int:
        """How many more samples it takes at most before anything is said; 0 when it is learnt."""
        return max(0, 2 * (WARM_UP_SAMPLES + LAG_SAMPLES) - self._count)

    def observe(self, time_s: float, value: float) -> Incident | None:
        """Take the next sample; the incident that begins with it, if one does."""
        self._count += 1
        if not math.isfinite(value):
            return None
        passed_s = self._pass_time(time_s)
        self._recent.append(value)
        if len(self._past) < WARM_UP_SAMPLES:
            self._learn(_Sample(value=value, distance=None, own_distance=0.0))
            return None
        seen = self._compare()
        self._daily.add(time_s, abs(seen.seen - seen.usual))
        if self._incident:
            self._incident.lasted_s += passed_s
            self._follow(self._incident, value, score=seen.score)
            return None
        if seen.score >= FIRE and not self.samples_to_learn:
            self._incident = _Open()
            self._waiting.clear()
            return seen
        distance, own_distance = abs(seen.seen - seen.usual), abs(value - seen.usual)
        self._learn(_Sample(value=value, distance=distance, own_distance=own_distance))
        return None

    def accept_level(self) -> None:
        """Take the level of the open incident for the usual one, as a person decided."""
        if self._incident:
            self._past = self._incident.level
            self._close()

    def _compare(self) -> Incident:
        """What would be said if it were worth saying."""
        usual, seen = self._past.at(0.5), median(self._recent)
        width, distance = self._usual_distance(usual), abs(seen - usual)
        score = min(distance / width, MOST_SCORE) if width > 0 else MOST_SCORE * (distance > 0)
        return Incident(
            index=self._count - 1, usual=usual, seen=seen, usual_distance=width, score=score
        )

    def _usual_distance(self, usual: float) -> float:
        spread = MAD_TO_SIGMA * (self._past.at(0.75) - self._past.at(0.25)) / 2
        learnt = 0.0
        if self._distances:
            learnt = max(
                self._distances.at(USUAL_SHARE), self._own_distances.at(USUAL_SHARE_OF_SAMPLES)
            )
        level = LEAST_SHARE_OF_LEVEL * abs(usual)
        spread_distance = LEAST_SIGMAS * spread
        return max(learnt, self._daily.usual, spread_distance, level, self._least_distance)

    def _learn(self, sample: _Sample) -> None:
        """Let a sample wait, and the one that has waited long enough into the past."""
        self._waiting.append(sample)
        if len(self._waiting) <= LAG_SAMPLES:
            return
        settled = self._waiting.popleft()
        self._past.add(settled.value)
        if settled.distance is not None and self._count % THIN == 0:
            self._distances.add(settled.distance)
            self._own_distances.add(settled.own_distance)

    def _pass_time(self, time_s: float) -> float:
        """Seconds since the sample before; a clock set back passes none, a silence forgets."""
        gap_s = max(0.0, time_s - self._last_s) if self._last_s is not None else 0.0
        self._last_s = time_s
        if self._interval_s and gap_s > PAST_SAMPLES * self._interval_s:
            self._past = SlidingQuantiles(PAST_SAMPLES)
            self._close()
            return 0.0
        self._interval_s += (gap_s - self._interval_s) * (INTERVAL_GAIN if self._interval_s else 1)
        return gap_s

    def _follow(self, incident: _Open, value: float, *, score: float) -> None:
        """End the incident when it is over, or when its level has become the usual one."""
        incident.level.add(value)
        incident.calm_samples = incident.calm_samples + 1 if score < REARM else 0
        if incident.calm_samples >= CALM_SAMPLES:
            self._close()
        elif incident.lasted_s >= ADOPT_AFTER_S:
            self.accept_level()

    def _close(self) -> None:
        self._incident = None
        self._recent.clear()
        self._waiting.clear()
