"""The monitor's own health checks: what it needs to work, each by a look at the real thing."""

from __future__ import annotations

import calendar
import math
import os
import time
from collections.abc import Callable
from typing import Literal

from buildopt.journal import segments
from buildopt.monitor.hookspecs import HealthState
from buildopt.monitor.sampling import Sampler
from buildopt.quantities import size

Status = Literal["pass", "warn", "fail"]
NANOSECONDS = 1_000_000_000
LAG_WARN_S, LAG_FAIL_S = 5.0, 60.0
"""An alert may take 1.7 s; after a minute nobody can say that the monitor follows."""
SHARE_WARN, SHARE_FAIL = 0.99, 0.9
LOST_TOLD_S = 300.0
"""So long after the last loss the samples fail: a full disk that was mended is no trouble."""
FREE_WARN_BYTES, FREE_FAIL_BYTES = 1_000_000_000, 100_000_000
"""The first as `doctor` warns; the journal of a busy day has 150 MB."""
STEP_WARN_S = 5.0
"""A clock that moves so far between two looks, or is so far behind the journal, was set."""
WATCHES_WARN = 65_536
"""As `doctor` advises: projects with `node_modules` have tens of thousands of folders."""
FAILURES_FAIL = 3


class Check:
    """A function as a health check."""

    def __init__(
        self, name: str, look: Callable[[int], HealthState], interval_s: float = 5.0
    ) -> None:
        self.name = name
        self.interval_s = interval_s
        self._look = look

    def check(self, now_ns: int) -> HealthState:
        """Look now."""
        return self._look(now_ns)


def lag_state(lag_s: float, trouble: str) -> HealthState:
    """How far the index is behind the journal, in words."""
    if trouble:
        return HealthState("fail", trouble, lag_s)
    status = _worse_from(lag_s, LAG_WARN_S, LAG_FAIL_S)
    return HealthState(status, f"{lag_s:.1f} s behind the journal", lag_s)


def source_check(sampler: Sampler) -> Check:
    """Whether one source measures."""

    def look(_: int) -> HealthState:
        schedule, began_s = sampler.schedule, sampler.began_s
        taking_s = time.monotonic() - began_s if began_s is not None else 0.0
        if taking_s > 10 * schedule.interval_s:
            return HealthState("fail", f"has been measuring for {taking_s:.0f} s", taking_s)
        if sampler.failures:
            status = _worse_from(sampler.failures, 1, FAILURES_FAIL)
            return HealthState(status, sampler.trouble, sampler.failures)
        slower = "" if schedule.interval_s == schedule.wanted_s else ", slower as it costs more"
        return HealthState("pass", f"every {schedule.interval_s:.3g} s{slower}", schedule.taken)

    return Check(f"source {sampler.source.name}", look)


class SamplesCheck:
    """Which share of the samples that were due of late were taken, and whether any was lost."""

    name = "samples"
    interval_s = 5.0

    def __init__(
        self,
        samplers: tuple[Sampler, ...],
        lost: Callable[[], int],
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`lost` counts samples that no journal took."""
        self._samplers = samplers
        self._count_lost = lost
        self._mono_s = mono_s
        self._lost = 0
        self._lost_s = -math.inf

    def check(self, _: int) -> HealthState:
        """Look now."""
        share = min((s.schedule.recent_share for s in self._samplers), default=1.0)
        due = sum(s.schedule.due for s in self._samplers)
        taken = sum(s.schedule.taken for s in self._samplers)
        words = f"{taken} of {due} since the start"
        if (lost := self._count_lost()) > self._lost:
            self._lost, self._lost_s = lost, self._mono_s()
        if lost:
            words += f"; the journal did not take {lost}"
        if self._mono_s() - self._lost_s < LOST_TOLD_S:
            return HealthState("fail", words, share)
        return HealthState(_worse_from(-share, -SHARE_WARN, -SHARE_FAIL), words, share)


def disk_check(name: str, folder: str) -> Check:
    """Whether there is room for what is written there."""

    def look(_: int) -> HealthState:
        stands = folder
        while not os.path.exists(stands):
            stands = os.path.dirname(stands)
        status = os.statvfs(stands)
        free = status.f_bavail * status.f_frsize
        if not os.path.isdir(stands):
            return HealthState("fail", f"{stands} is no folder", free)
        if not os.access(stands, os.W_OK):
            return HealthState("fail", f"{stands} cannot be written", free)
        level = _worse_from(-free, -FREE_WARN_BYTES, -FREE_FAIL_BYTES)
        return HealthState(level, f"{size(free)} free", free)

    return Check(f"disk {name}", look, interval_s=30.0)


class ClockCheck:
    """Whether the wall clock runs as the monotonic one does, and not behind the journal."""

    name = "clock"
    interval_s = 5.0

    def __init__(self, state: str, mono_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._state = os.fsencode(state)
        self._mono_ns = mono_ns
        self._offset_ns: int | None = None

    def check(self, now_ns: int) -> HealthState:
        """Compare the two, and with the time of the last event's file."""
        before_ns, self._offset_ns = self._offset_ns, now_ns - self._mono_ns()
        step_s = 0.0 if before_ns is None else (self._offset_ns - before_ns) / NANOSECONDS
        if abs(step_s) > STEP_WARN_S:
            return HealthState("warn", f"the clock was set by {step_s:+.0f} s", step_s)
        ahead_s = self._newest_day_ns() / NANOSECONDS - now_ns / NANOSECONDS
        if ahead_s > STEP_WARN_S:
            words = f"the journal has a day that begins in {ahead_s:.0f} s: the clock is behind"
            return HealthState("warn", words, ahead_s)
        return HealthState("pass", "runs evenly", step_s)

    def _newest_day_ns(self) -> int:
        """When the newest segment's day began; 0 without a segment."""
        newest = segments(self._state)[-1:]
        day = newest[0][-12:-4] if newest else ""
        try:
            return calendar.timegm(time.strptime(day, "%Y%m%d")) * NANOSECONDS
        except (ValueError, OverflowError):
            return 0


def watcher_check(folder: str = "/proc/sys/fs/inotify") -> Check:
    """Whether the system lets `buildopt watch` watch as many folders as projects have."""

    def look(_: int) -> HealthState:
        try:
            with open(os.path.join(folder, "max_user_watches"), encoding="ascii") as file:
                watches = int(file.read())
        except (OSError, ValueError):
            return HealthState("pass", "the system does not tell its limit")
        if watches < WATCHES_WARN:
            words = f"{watches:,} watches for this user, {WATCHES_WARN:,} are advised"
            return HealthState("warn", words, watches)
        return HealthState("pass", f"{watches:,} watches for this user", watches)

    return Check("watcher", look, interval_s=60.0)


def _worse_from(value: float, warn: float, fail: float) -> Status:
    return "fail" if value >= fail else "warn" if value >= warn else "pass"
