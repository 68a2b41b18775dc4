"""Counts the requests of a service since somebody took the counts: by route, status and error.

Bounded: `MOST_ROUTES` routes, then `{other}`; any method and status that HTTP does not know is
`_OTHER` and 0. A request costs a few microseconds and waits for nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

from buildopt.serving.histogram import bucket_of

MOST_ROUTES = 200
"""Of one process."""
MOST_ERRORS = 30
LONGEST_ROUTE = 120
OTHER = "{other}"
"""The route of all requests whose routes are too many."""
METHODS = frozenset({
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "QUERY",
})  # fmt: skip
UNKNOWN_METHOD = "_OTHER"
"""OpenTelemetry's word for it."""


class Key(NamedTuple):
    """What requests are told apart by."""

    method: str
    route: str
    status: int
    """0: none was sent."""
    error_type: str = ""


class Counts:
    """Requests of one key."""

    __slots__ = ("buckets", "count", "max_s", "sum_s")

    def __init__(self) -> None:
        self.count = 0
        self.sum_s = 0.0
        self.max_s = 0.0
        self.buckets: dict[int, int] = {}
        """Empty where durations are not known."""

    def add(self, duration_s: float | None) -> None:
        """Count one request."""
        self.count += 1
        if duration_s is None:
            return
        self.sum_s += duration_s
        if duration_s > self.max_s:
            self.max_s = duration_s
        bucket = bucket_of(duration_s)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1


class Taken(NamedTuple):
    """What was counted since the last time."""

    counts: Mapping[Key, Counts]
    active_requests: int
    most_active_requests: int
    other_requests: int
    """Of them, how many have the route `{other}`."""


class Window:
    """The counts of one process; any thread may add and take."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[Key, Counts] = {}
        self._routes: set[str] = set()
        self._errors: set[str] = set()
        self._active = self._most_active = self._others = 0

    def begin(self) -> None:
        """A request has come."""
        with self._lock:
            self._active += 1
            if self._active > self._most_active:
                self._most_active = self._active

    def cancel(self) -> None:
        """It was none after all."""
        with self._lock:
            self._active -= 1

    def end(self, key: Key, duration_s: float | None) -> None:
        """A request that had begun is over."""
        with self._lock:
            self._active -= 1
            self._add(key, duration_s)

    def add(self, key: Key, duration_s: float | None) -> None:
        """A request that is over when it is heard of."""
        with self._lock:
            self._add(key, duration_s)

    def take(self) -> Taken:
        """What was counted, and begin anew; routes that are known stay so."""
        with self._lock:
            taken = Taken(self._counts, self._active, self._most_active, self._others)
            self._counts = {}
            self._most_active, self._others = self._active, 0
            return taken

    def _add(self, key: Key, duration_s: float | None) -> None:
        counts = self._counts.get(key)
        if counts is None:
            key = self._bounded(key)
            counts = self._counts.setdefault(key, Counts())
        if key.route == OTHER:
            self._others += 1
        counts.add(duration_s)

    def _bounded(self, key: Key) -> Key:
        method = key.method if key.method in METHODS else UNKNOWN_METHOD
        status = key.status if 100 <= key.status <= 599 else 0
        route = _within(self._routes, key.route[:LONGEST_ROUTE], MOST_ROUTES) or OTHER
        error = key.error_type[:LONGEST_ROUTE]
        return Key(
            method, route, status, error and (_within(self._errors, error, MOST_ERRORS) or OTHER)
        )


def _within(known: set[str], name: str, most: int) -> str:
    """The name, if it is known or there is room for it."""
    if name in known:
        return name
    if len(known) >= most:
        return ""
    known.add(name)
    return name
