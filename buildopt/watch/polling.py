"""Asks again and again how recorded paths are, where no events arrive."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from threading import Event, Lock, Thread

from buildopt.watch.inbox import Inbox

LEAST_INTERVAL_S = 0.5
REFUSED_INTERVAL_S = 2.0
"""For folders that the system lets nobody watch: they are usually many, and rarely changed."""
COST_FACTOR = 100.0
"""A round is at most a hundredth of the time between two of them."""

Signature = tuple[int, int, int, int, int]


class Poller:
    """A thread that looks at paths and tells of those that changed."""

    def __init__(self, inbox: Inbox, least_interval_s: float = LEAST_INTERVAL_S) -> None:
        self._inbox = inbox
        self._least_interval_s = least_interval_s
        self._known: dict[str, Signature | None] = {}
        self.interval_s = least_interval_s
        """Between two looks, now."""
        self._looking = Lock()
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="poller", daemon=True)

    @property
    def count(self) -> int:
        """How many paths are looked at."""
        return len(self._known)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def follow(self, paths: Iterable[str]) -> None:
        """Look at these from now on; a path that is known already keeps its last signature."""
        known = self._known
        self._known = {path: known[path] if path in known else signature(path) for path in paths}

    def forget(self) -> None:
        """What changed until now is told by nobody."""
        with self._looking:
            self._known = {}

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopped.wait(self.interval_s):
            started_s = time.perf_counter()
            with self._looking:
                changed = self._changed()
                if changed:
                    self._inbox.add(*changed)
            cost_s = time.perf_counter() - started_s
            self.interval_s = max(self._least_interval_s, COST_FACTOR * cost_s)

    def _changed(self) -> list[str]:
        known = self._known
        found = []
        for path, before in tuple(known.items()):
            now = signature(path)
            if now != before:
                known[path] = now
                found.append(path)
        return found


def signature(path: str) -> Signature | None:
    """What changes when a path does; None where nothing is there."""
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return (status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
