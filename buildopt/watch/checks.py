"""Checks that were asked for: what has been told since, and whose answer still counts."""

from __future__ import annotations

import time
from collections.abc import Iterable

from buildopt.watch.round_process import RoundProcess

EVERY_S = 30.0
"""Everything is compared so often even where nothing was told: no event tells of all changes."""
SHARE = 0.001
"""Of a processor's time, at most, goes into those checks."""


class Checks:
    """The checks of one session."""

    def __init__(self, rounds: RoundProcess) -> None:
        self._rounds = rounds
        self._told: frozenset[str] = frozenset()
        """Since the last check, or the last start of a round."""
        self._is_lost = False
        self._pending = 0
        self._began_s = 0.0
        self.next_s = time.monotonic() + EVERY_S
        """When one is due whatever is told."""

    def note(self, paths: Iterable[str], *, is_lost: bool = False) -> None:
        """What was told; with `is_lost` not all of it."""
        self._told |= frozenset(paths)
        self._is_lost = self._is_lost or is_lost

    def forget(self) -> None:
        """A round begins, or one has ended of which nothing was seen: it is known as it is."""
        self._told, self._is_lost = frozenset(), False

    def ask(self, *, accepts: bool = False) -> None:
        """Have everything compared; with `accepts` what differs counts as seen from then on."""
        self._pending += 1
        self._began_s = time.monotonic()
        self._rounds.ask_to_check(self._told, is_lost=self._is_lost, accepts=accepts)
        self.forget()

    def is_answered(self) -> bool:
        """Take note of an answer; whether it is that of the last check that was asked for."""
        now_s = time.monotonic()
        self._pending -= 1
        self.next_s = now_s + max(EVERY_S, (now_s - self._began_s) / SHARE)
        return self._pending == 0
