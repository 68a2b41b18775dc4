"""What a session has an eye on beside events: the clock, the project's folder, git, the watches."""

from __future__ import annotations

import os
import time

from buildopt.watch.changes import Watcher
from buildopt.watch.git_lock import lock_path
from buildopt.watch.screen import Screen

SLEEP_S = 2.0
"""The machine slept, or its clock was set, if more than this passed on one clock only."""


class Surroundings:
    """Those of one session; what a person should know of them is told on the screen."""

    def __init__(self, root: str, watcher: Watcher, screen: Screen) -> None:
        self._root, self._watcher, self._screen = root, watcher, screen
        self._git_lock = lock_path(root)
        self._drift_s = _drift_s()
        self._was_gone = False

    def is_locked(self) -> bool:
        """Whether git is at work."""
        return bool(self._git_lock) and os.path.lexists(self._git_lock)

    def is_root_gone(self) -> bool:
        """Whether the project's folder is not there; where it is again, it is watched anew."""
        is_gone = not self._watcher.check_root()
        if is_gone != self._was_gone:
            words = "is gone; waiting for it" if is_gone else "is there again; all is checked"
            self._screen.say(f"`{self._root}` {words}")
        self._was_gone = is_gone
        return is_gone

    def tell_refused(self) -> None:
        """Say which folders cannot be watched, where nobody has been told yet."""
        if self._watcher.look():
            self._screen.refused(self._watcher.coverage())

    def has_slept(self) -> bool:
        """Whether the machine slept or its clock was set since `wake`."""
        return abs(_drift_s() - self._drift_s) > SLEEP_S

    def wake(self) -> None:
        """Take the clock as it is."""
        self._drift_s = _drift_s()


def _drift_s() -> float:
    return time.time() - time.monotonic()
