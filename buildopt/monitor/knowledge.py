"""What routes of plugins can ask: the index, blobs, and what the monitor tells of itself.

Routes run in many threads. Each question borrows one of a few connections, since each of them
holds a cache of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Any, NamedTuple

from buildopt import blobs
from buildopt.events import Event
from buildopt.monitor.hookspecs import ANYWHERE, Point, Row, Series, Summary, Where
from buildopt.monitor.index import Index

MOST_CONNECTIONS = 4
"""That many are kept open; more are opened where more questions come at once."""


class Live(NamedTuple):
    """What only a running monitor can tell."""

    health: Callable[[], Row]
    plugins: Callable[[], Sequence[Row]]
    emit: Callable[[Event], Event]
    token: Callable[[str], str]


class Knowledge:
    """The `Known` of hookspecs.py for one state folder."""

    def __init__(self, state: str) -> None:
        """It answers of the index at once, of the monitor from `go_live` on."""
        self._state = state
        self._idle: LifoQueue[Index] = LifoQueue(MOST_CONNECTIONS)
        self._live: Live | None = None

    def go_live(self, live: Live) -> None:
        """Answer of the monitor too."""
        self._live = live

    def close(self) -> None:
        """Close what is open."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    # Lists: any keyword of the index's own questions.

    def runs(self, where: Where = ANYWHERE, **asked: Any) -> Sequence[Row]:
        """Runs that ended or were lost."""
        with self._index() as index:
            return index.runs(where, **asked)

    def tasks(self, where: Where = ANYWHERE, **asked: Any) -> Sequence[Row]:
        """Tasks of runs."""
        with self._index() as index:
            return index.tasks(where, **asked)

    def lookups(self, where: Where = ANYWHERE, **asked: Any) -> Sequence[Row]:
        """Look-ups that no record answered."""
        with self._index() as index:
            return index.lookups(where, **asked)

    def events(self, where: Where = ANYWHERE, **asked: Any) -> Sequence[Row]:
        """Events, the newest first."""
        with self._index() as index:
            return index.events(where, **asked)

    def events_after(self, position: str, where: Where = ANYWHERE, **asked: Any) -> Sequence[Row]:
        """Events behind a position, the oldest first."""
        with self._index() as index:
            return index.events_after(position, where, **asked)

    def origins(self) -> Sequence[Row]:
        """Who has told something."""
        with self._index() as index:
            return index.origins()

    def position(self) -> str:
        """Behind the last record that is known."""
        with self._index() as index:
            return index.position()

    def series(self, where: Where = ANYWHERE, *, metric: str = "") -> Sequence[Series]:
        """The series of a metric, or of all."""
        with self._index() as index:
            return index.series(where, metric=metric)

    def points(self, series: int, span_s: tuple[int, int], width_s: int) -> Sequence[Point]:
        """A series in columns."""
        with self._index() as index:
            return index.points(series, span_s, width_s)

    def summary(
        self, series: Sequence[int], span_s: tuple[int, int], shares: Sequence[float]
    ) -> Summary:
        """What the values of series come to."""
        with self._index() as index:
            return index.summary(series, span_s, shares)

    def blob(self, digest: str) -> bytes | None:
        """What an event names by digest."""
        if not (digest.isalnum() and digest.isascii()):
            return None
        try:
            return blobs.get(os.fsencode(self._state), digest)
        except (OSError, ValueError):
            return None

    def health(self) -> Row:
        """How each component is; nothing where no monitor runs here."""
        return self._live.health() if self._live else {"status": "warn", "components": []}

    def plugins(self) -> Sequence[Row]:
        """Every plugin; none where no monitor runs here."""
        return self._live.plugins() if self._live else ()

    def token(self, purpose: str) -> str:
        """A token for one purpose alone."""
        if self._live is None:
            raise PermissionError("only a plugin that is trusted has a token")
        return self._live.token(purpose)

    def emit(self, event: Event) -> Event:
        """Write an event."""
        if self._live is None:
            raise PermissionError("only a plugin that is trusted may write events")
        return self._live.emit(event)

    @contextmanager
    def _index(self) -> Iterator[Index]:
        try:
            index = self._idle.get_nowait()
        except Empty:
            index = Index(self._state)
        try:
            yield index
        finally:
            if self._idle.full():
                index.close()
            else:
                self._idle.put(index)


def plugin_row(row: Any, standing: Mapping[str, Row]) -> Row:  # Any: loading.Row
    """A plugin as `Known.plugins` tells it; `standing` is how consumers stand, by name."""
    return {
        **row._asdict(),
        "hooks": list(row.hooks),
        "consumers": [{"name": name, **standing.get(name, {})} for name in row.consumers],
    }
