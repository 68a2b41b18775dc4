"""How many beacons are taken, of whom, and the count of those that were not."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock
from typing import Literal, NamedTuple

from buildopt.monitor.hookspecs import Measurement

Reason = Literal["token", "rate", "form"]


class Rate(NamedTuple):
    """How many may come."""

    per_second: float
    at_once: float


ALL = Rate(5.0, 200.0)
"""A browser sends one or two a page view, and each is some 3 kB of journal: a load test may come in
bursts, and whoever floods fills no more than 1.3 GB a day."""
RESERVE = 100.0
"""So many of them are for whoever sends little: nobody takes more of them than his share."""
SITE, PAGE = Rate(ALL.per_second / 5, RESERVE / 5), Rate(ALL.per_second / 10, RESERVE / 10)
"""Shares in the reserve. Four sites may flood, by one page each or by ever new ones, and what they
take comes back as fast; a page that floods leaves its site the half."""
MOST_SHARES = 1_000
"""Sites and pages that are told apart; strangers choose their names."""


class Bucket:
    """As many as a rate allows; it fills by itself."""

    def __init__(self, rate: Rate, now_s: float) -> None:
        self._rate = rate
        self._left = rate.at_once
        self._at_s = now_s

    def left(self, now_s: float) -> float:
        """How many may come now."""
        filled = self._left + (now_s - self._at_s) * self._rate.per_second
        self._left, self._at_s = min(self._rate.at_once, filled), now_s
        return self._left

    def is_full(self, now_s: float) -> bool:
        """Whether it is as a new one."""
        return self.left(now_s) == self._rate.at_once

    def draw(self) -> None:
        """Take one."""
        self._left -= 1


class Allowance:
    """Who may send one more: anybody while there is plenty, else who has not had his share yet.

    all ███████████████████████████   above the reserve: one for anybody
        ░░░░░░░░░ the reserve ░░░░░   within it: one for a page whose share, and whose site's share,
                                      in it is not used up
    """

    def __init__(self, mono_s: Callable[[], float] = time.monotonic) -> None:
        self._mono_s = mono_s
        self._all = Bucket(ALL, mono_s())
        self._shares: dict[tuple[str, ...], Bucket] = {}
        self._lock = Lock()

    def take(self, site: str, page: str) -> bool:
        """Whether one more may come from a page of a site."""
        with self._lock:
            now_s = self._mono_s()
            left = self._all.left(now_s)
            of_reserve = left < RESERVE + 1
            shares = self._shares_of(site, page, now_s) if of_reserve else ()
            if left < 1 or any(share.left(now_s) < 1 for share in shares):
                return False
            for bucket in (self._all, *shares):
                bucket.draw()
            return True

    def _shares_of(self, site: str, page: str, now_s: float) -> tuple[Bucket, Bucket]:
        return self._share((site,), SITE, now_s), self._share((site, page), PAGE, now_s)

    def _share(self, name: tuple[str, ...], rate: Rate, now_s: float) -> Bucket:
        if name not in self._shares and len(self._shares) >= MOST_SHARES:
            self._forget_full(now_s)
        if name not in self._shares and len(self._shares) >= MOST_SHARES:
            name = ("",) * len(name)  # all that come now share one
        return self._shares.setdefault(name, Bucket(rate, now_s))

    def _forget_full(self, now_s: float) -> None:
        """A full one says no more than none."""
        full = [name for name, share in self._shares.items() if share.is_full(now_s)]
        for name in full:
            del self._shares[name]


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
