"""Writes to our streams what tasks have printed, in one order, without making anybody wait."""

from __future__ import annotations

import select
from collections import deque
from collections.abc import Iterable, Iterator

from buildopt.execute.outlet import Outlet
from buildopt.tasks.spool import Piece


class Printer:
    """A queue of pieces; no piece overtakes one for another stream, which may be the same object.

    `is_broken` is True once somebody reads no more.
    """

    def __init__(self) -> None:
        self.is_broken = False
        self._waiting: deque[Iterator[Piece]] = deque()
        self._outlets: dict[int, Outlet] = {}
        self._last: Outlet | None = None

    def show(self, pieces: Iterable[Piece]) -> None:
        """Write the pieces behind all that came before, as far as the readers take it now."""
        self._waiting.append(iter(pieces))
        self.work()

    def work(self) -> None:
        """Write on, until a reader takes no more."""
        while self._is_free() and self._waiting:
            piece = next(self._waiting[0], None)
            if piece is None:
                self._waiting.popleft()
                continue
            self._send(*piece)

    @property
    def is_idle(self) -> bool:
        """Whether all is written."""
        return not self._waiting and not self._is_pending

    def interests(self) -> Iterator[tuple[int, int]]:
        """Descriptors to wait for, and for what."""
        if self._last is not None and self._is_pending:
            yield self._last.descriptor, select.POLLOUT

    def drop(self) -> None:
        """Write no more: nobody wants to wait for a reader."""
        self._waiting.clear()
        for outlet in self._outlets.values():
            outlet.drop()

    def close(self) -> None:
        """Let go of the streams."""
        for outlet in self._outlets.values():
            outlet.close()
        self._outlets = {}

    @property
    def _is_pending(self) -> bool:
        return self._last is not None and self._last.is_pending

    def _is_free(self) -> bool:
        if self._last is not None and self._last.is_pending:
            self._last.flush()
            self.is_broken = self.is_broken or self._last.is_broken
        return not self._is_pending

    def _send(self, target: int, data: bytes) -> None:
        if target not in self._outlets:
            self._outlets[target] = Outlet(target)
        self._last = self._outlets[target]
        self._last.send(data)
        self.is_broken = self.is_broken or self._last.is_broken
