"""Moves the command's output to ours, byte by byte as it came, and records it."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterable, Iterator, Mapping

from buildopt.execute.outlet import Outlet
from buildopt.execute.recording import Recording
from buildopt.execute.terminal import as_written
from buildopt.execute.wiring import Route

READ_BYTES = 64 * 1024
"""As much as a pipe holds on Linux; larger reads were no faster."""

TERMINAL_READ_BYTES = 4096
"""As much as a pseudo-terminal hands out at once; room for more costs time and is never used."""

REMAINDER_READS = 64
"""Enough for all that a pipe or pseudo-terminal holds when it is looked at for the last time;
a survivor that goes on writing could keep us reading for ever."""


class Pump:
    """The open routes; each is as fast as its own reader, whatever the others do."""

    def __init__(
        self,
        routes: Iterable[Route],
        recording: Recording,
        outlet_to: Callable[[int], Outlet] = Outlet,
        renamed: tuple[bytes, bytes] | None = None,
    ) -> None:
        """`renamed`: see `Command`; found where it is printed at once, as npm does."""
        self._renamed = renamed
        self._recording = recording
        self._routes = {route.source: route for route in routes}
        self._holds = {route.hold for route in self._routes.values() if route.hold is not None}
        targets = {route.target for route in self._routes.values()}
        self._outlets = {target: outlet_to(target) for target in targets}
        self._make_way: Callable[[bytes], None] | None = None

    def before_shown(self, make_way: Callable[[bytes], None]) -> None:
        """Call `make_way` with what a terminal is about to get."""
        self._make_way = make_way

    def outlet(self, target: int) -> Outlet | None:
        """The way to our stream `target`, if the command's output goes there."""
        return self._outlets.get(target)

    def let_go(self) -> None:
        """Hold no pseudo-terminal open any more: its end comes when all processes let go."""
        for route in self._routes.values():
            self._let_go(route)

    @property
    def is_open(self) -> bool:
        """Whether more may come from the command."""
        return bool(self._routes)

    @property
    def is_pending(self) -> bool:
        """Whether our own readers have still to take something."""
        return any(outlet.is_pending for outlet in self._outlets.values())

    def interests(self) -> Iterator[tuple[int, int]]:
        """Descriptors to wait for, and for what."""
        for source, route in self._routes.items():
            if not self._outlets[route.target].is_full:
                yield source, select.POLLIN
        for outlet in self._outlets.values():
            if outlet.is_pending:
                yield outlet.descriptor, select.POLLOUT

    def serve(self, ready: Mapping[int, int]) -> None:
        """Move what can be moved on the descriptors that poll named."""
        for target, outlet in self._outlets.items():
            if outlet.descriptor in ready and outlet.is_pending:
                outlet.flush()
                self._give_up_if_broken(target)
        for source in [source for source in self._routes if source in ready]:
            self._move(source)

    def finish(self) -> bool:
        """Take what is there and close all; whether somebody could still have written."""
        for source in list(self._routes):
            for _ in range(REMAINDER_READS):
                if source in self._routes and _has_data(source):
                    self._move(source)
        is_survived = self.is_open
        for source in list(self._routes):
            self._close(source)
        return is_survived

    def drop_pending(self) -> None:
        """Do not wait for our readers any more."""
        for outlet in self._outlets.values():
            if outlet.is_pending:
                outlet.drop()

    def close(self) -> None:
        """Let go of everything."""
        for source in list(self._routes):
            self._close(source)
        for outlet in self._outlets.values():
            outlet.close()

    def _move(self, source: int) -> None:
        route = self._routes[source]
        try:
            data = _read(route)
        except BlockingIOError:
            return
        if not data:
            self._close(source)
            return
        if route.stream is not None:
            if self._renamed is not None:
                data = data.replace(*self._renamed)
            self._recording.add(route.stream, data)
        if route.hold is not None and self._make_way is not None:
            self._make_way(data)
        self._outlets[route.target].send(data)
        self._give_up_if_broken(route.target)

    def _give_up_if_broken(self, target: int) -> None:
        """Nobody reads: let the command get the SIGPIPE that it would have got without us."""
        if not self._outlets[target].is_broken:
            return
        for route in list(self._routes.values()):
            if route.target == target:
                self._close(route.source)
                if route.stream is not None:
                    self._recording.abandon()

    def _close(self, source: int) -> None:
        self._let_go(self._routes.pop(source))
        os.close(source)

    def _let_go(self, route: Route) -> None:
        if route.hold in self._holds:
            self._holds.remove(route.hold)
            os.close(route.hold)


def _read(route: Route) -> bytes:
    """What there is; nothing at the end. Raises BlockingIOError where there is nothing yet."""
    if route.hold is None:
        return os.read(route.source, READ_BYTES)
    data = b""
    try:
        # The CR that a terminal puts before an LF may come without it, at a buffer's end.
        while not data or data.endswith(b"\r"):
            data += os.read(route.source, TERMINAL_READ_BYTES)
    except OSError as error:  # EIO: the last process let go of the pseudo-terminal
        if isinstance(error, BlockingIOError) and not data:
            raise
    return as_written(route.source, data)


def _has_data(source: int) -> bool:
    """Whether a read would not wait: there are bytes, or the end."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    return bool(poll.poll(0))
