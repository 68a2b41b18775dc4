"""How many beacons are taken, and the count of those that were not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Literal

from buildopt.monitor.hookspecs import Measurement

PER_SECOND = 5.0
BURST = 100.0
"""A browser sends one or two a page view, and each is some 3 kB of journal: a load test may come in
bursts, and whoever floods fills no more than 1.3 GB a day."""
Reason = Literal["token", "rate", "form"]


class Allowance:
    """A bucket of tokens that fills by itself."""

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._left = BURST
        self._at_s = mono_s()
        self._lock = Lock()

    def take(self) -> bool:
        """Whether one more may come."""
        with self._lock:
            now_s = self._mono_s()
            self._left = min(BURST, self._left + (now_s - self._at_s) * PER_SECOND)
            self._at_s = now_s
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Tally:
    """Beacons since the monitor began, and the metric source that tells of them."""

    name = "beacons"
    interval_s = 10.0

    def __init__(self) -> None:
        self._lock = Lock()
        self._new: Counter[str] = Counter()
        self.totals: Counter[str] = Counter()

    def add(self, what: Reason | Literal["accepted"]) -> None:
        """Count one."""
        with self._lock:
            self._new[what] += 1
            self.totals[what] += 1

    def sample(self, now_ns: int) -> Iterator[Measurement]:  # noqa: ARG002  # of the hook
        """What came since the sample before; nothing where nothing came."""
        with self._lock:
            new, self._new = self._new, Counter()
        for what, count in sorted(new.items()):
            if what == "accepted":
                yield Measurement("buildopt.beacon.operations", count, "")
            else:
                yield Measurement("buildopt.beacon.errors", count, "", {"error.type": what})
