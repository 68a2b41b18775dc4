"""Tells the time to everybody through the journal, where a timer is due and nothing else does.

A timer that a wall clock let off would come elsewhere in the stream when that is replayed. So the
host writes a clock event, and the timer goes off for it, live and later.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol

from buildopt.journal import Journal, source_of
from buildopt.monitor.consumer import CLOCK

AGAIN_S = 1.0
"""An event that nobody has read for so long was lost."""


class Clocks(Protocol):
    """Wall time, and time that no setting moves."""

    def now_ns(self) -> int:
        """Wall time."""

    def monotonic_s(self) -> float:
        """Seconds from some point on."""


class ClockEvents:
    """One event for all consumers of a host that ask at the same time."""

    def __init__(self, folder: str, clocks: Clocks) -> None:
        self._journal = Journal(state=os.fsencode(folder), source=source_of("clock"), run_id="")
        self._clocks = clocks
        self._lock = threading.Lock()
        self._told_ns = 0
        self._told_at_s = float("-inf")

    def tell(self, due_ns: int) -> None:
        """Write the time, for a timer that was due at `due_ns`."""
        with self._lock:
            is_young = self._clocks.monotonic_s() - self._told_at_s < AGAIN_S
            if is_young and self._told_ns >= due_ns:
                return
            self._told_ns = self._clocks.now_ns()
            self._told_at_s = self._clocks.monotonic_s()
            self._journal.emit(CLOCK, {}, now_ns=self._told_ns)
