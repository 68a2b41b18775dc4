"""Tells the time to everybody through the journal, where a timer is due and nothing else does.

A timer that a wall clock let off would come elsewhere in the stream when that is replayed. So the
host writes a clock event, and the timer goes off for it, live and later.
"""

from __future__ import annotations

import os
import threading

from buildopt.journal import Journal, source_of
from buildopt.monitor.consumer import CLOCK
from buildopt.monitor.pace import Pace

AGAIN_S = 1.0
"""An event that nobody has read for so long was lost."""


class ClockEvents:
    """One event for all consumers of a host that ask at the same time."""

    def __init__(self, folder: str, pace: Pace) -> None:
        self._journal = Journal(state=os.fsencode(folder), source=source_of("clock"), run_id="")
        self._pace = pace
        self._lock = threading.Lock()
        self._told_ns = 0
        self._told_at_s = float("-inf")

    def tell(self, due_ns: int) -> None:
        """Write the time, for a timer that was due at `due_ns`."""
        with self._lock:
            is_young = self._pace.monotonic_s() - self._told_at_s < AGAIN_S
            if is_young and self._told_ns >= due_ns:
                return
            self._told_ns = self._pace.now_ns()
            self._told_at_s = self._pace.monotonic_s()
            self._journal.emit(CLOCK, {}, now_ns=self._told_ns)
