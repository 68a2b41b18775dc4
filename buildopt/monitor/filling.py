"""Keeps the index filled: a thread that imports, and does once an hour what is due then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from threading import Event, Thread

from buildopt.monitor.importer import Importer

PERIOD_S = 0.5
"""How long events are gathered, and until what failed is tried again; what has to be quicker
(alerts) follows the journal itself."""
SAMPLES_S = 5.0
"""How long samples wait where nobody tells of an event: each time takes a write of some pages."""
HOUR_NS = 3_600_000_000_000

Hourly = Callable[[int], None]
"""What is done at the begin of an hour (its time in ns): retention, reports."""


class Filling:
    """The importer of one monitor, in its thread."""

    def __init__(
        self, importer: Importer, hourly: Iterable[Hourly] = (), *, period_s: float = PERIOD_S
    ) -> None:
        self._importer = importer
        self._hourly = tuple(hourly)
        self._period_s = period_s
        self._until_s = math.inf
        self._hour = 0
        self._caught_up_s = time.monotonic()
        self._trouble = ""
        self._end = Event()
        self._news = Event()
        self._thread = Thread(target=self._run, name="importer", daemon=True)

    def start(self) -> None:
        """Begin to import."""
        self._thread.start()

    def tell(self) -> None:
        """There are new events."""
        self._news.set()

    def stop(self, timeout_s: float) -> bool:
        """Take in what is there as far as there is time, and end; whether that was over in time."""
        self._until_s = time.monotonic() + 0.8 * timeout_s
        self._end.set()
        self._news.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def lag_s(self) -> float:
        """Since when there has been something that is not in the index."""
        return max(0.0, time.monotonic() - self._caught_up_s - SAMPLES_S)

    @property
    def trouble(self) -> str:
        """Why nothing is imported; empty where all is well."""
        return self._importer.trouble or self._trouble

    def _run(self) -> None:
        while not self._end.wait(self._period_s):
            self._news.clear()
            if self._take():
                self._do_hourly()
            if not self._importer.trouble:
                self._news.wait(SAMPLES_S)
        self._take()
        self._importer.close()

    def _take(self) -> bool:
        """Import until nothing more is there, or it is time to end; whether all is in."""
        while self._importer.step():
            if time.monotonic() > self._until_s:
                return False
        if not self._importer.trouble:
            self._caught_up_s = time.monotonic()
        return True

    def _do_hourly(self) -> None:
        hour = time.time_ns() // HOUR_NS
        if hour == self._hour:
            return
        self._hour = hour
        for each in self._hourly:
            try:
                each(hour * HOUR_NS)
                self._trouble = ""
            except Exception as error:  # noqa: BLE001  # told as health; the import goes on
                self._trouble = f"hourly work: {type(error).__name__}: {error}"[:200]
