"""Notices cheaply that the journal has grown: many times a second, whatever is in its folder.

Only segments of the two newest days are looked at each time; all of them when a file came or went,
and every few seconds, for a host whose clock is behind.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from buildopt.journal import segments

ALL_AFTER_S = 5.0
DAY_DIGITS = 8


class Growth:
    """The segments of some stems in the journal of a state folder."""

    def __init__(
        self, folder: str, *stems: str, mono_s: Callable[[], float] = time.monotonic
    ) -> None:
        """`stems`: `events`, `samples`."""
        self._state = os.fsencode(folder)
        self._journal = os.path.join(folder, "journal")
        self._stems = stems
        self._mono_s = mono_s
        self._listed_ns = -1
        self._listed_s = 0.0
        self._newest: tuple[str, ...] = ()
        self._sizes: dict[str, int] = {}

    def is_new(self) -> bool:
        """Whether something was written since the call before."""
        changed_ns = _changed_ns(self._journal)
        if changed_ns != self._listed_ns or self._mono_s() - self._listed_s > ALL_AFTER_S:
            self._listed_ns, self._listed_s = changed_ns, self._mono_s()
            return self._look_at_all()
        return self._look(self._newest)

    def _look_at_all(self) -> bool:
        paths = [path for stem in self._stems for path in segments(self._state, stem)]
        days = sorted({_day(path) for path in paths})[-2:]
        self._newest = tuple(path for path in paths if _day(path) in days)
        return self._look(paths)

    def _look(self, paths: list[str] | tuple[str, ...]) -> bool:
        sizes = {path: _size_bytes(path) for path in paths}
        is_new = any(self._sizes.get(path) != size for path, size in sizes.items())
        self._sizes.update(sizes)
        return is_new


def _day(path: str) -> str:
    return path[-4 - DAY_DIGITS : -4]


def _changed_ns(folder: str) -> int:
    try:
        return os.stat(folder).st_mtime_ns
    except OSError:
        return 0


def _size_bytes(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
