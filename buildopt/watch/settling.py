"""When it is quiet enough to look: after a save at once, after a branch switch when it is over."""

from __future__ import annotations

from typing import NamedTuple

from buildopt.watch.inbox import Changes

QUIET_S = 0.05
"""Editors write, rename and change modes within some milliseconds."""
MOST_S = 1.0
"""Somebody who writes all the time is not waited for longer than this."""
BURST_PATHS = 1_000
BURST_QUIET_S = 0.2
MOST_LOCKED_S = 10.0
"""A lock of git's that is older was left behind."""


class Settling(NamedTuple):
    """Changes that have come, and when; moments are monotonic seconds."""

    changes: Changes
    first_s: float
    last_s: float

    def with_more(self, changes: Changes, now_s: float) -> Settling:
        """With changes that came meanwhile."""
        return Settling(self.changes + changes, self.first_s, now_s)

    def due_s(self, *, is_locked: bool) -> float:
        """The moment from which they may be looked at; `is_locked` while git is at work."""
        is_burst = len(self.changes.paths) > BURST_PATHS or self.changes.is_rescan
        if is_burst:
            quiet_s = self.last_s + BURST_QUIET_S
        else:
            quiet_s = min(self.last_s + QUIET_S, self.first_s + MOST_S)
        return max(quiet_s, self.first_s + MOST_LOCKED_S) if is_locked else quiet_s
