"""The pipes and pseudo-terminals between the command and our own streams."""

from __future__ import annotations

import os
from typing import NamedTuple

from buildopt.execute import terminal
from buildopt.execute.command import Command
from buildopt.execute.start import ChildStreams
from buildopt.execute.streams import STDERR, STDIN, STDOUT, Streams, above_standard
from buildopt.model import StreamName


class Route(NamedTuple):
    """A way that output takes: read from `source`, written to our stream `target`.

    `stream` is None for what is not recorded: the echo of a terminal that is only our stdin.
    `hold` is our hold on the command's side of a pseudo-terminal, so that it does not end
    while nobody happens to have it open; None for a pipe.
    """

    source: int
    target: int
    stream: StreamName | None
    hold: int | None = None


class Wiring:
    """Makes the ends of both sides and closes them again.

    `masters` has, for each terminal among our streams, the pseudo-terminal that stands for it.
    """

    def __init__(self, command: Command, streams: Streams) -> None:
        self.masters: dict[int, int] = {}
        self._slaves: dict[int, int] = {}
        self._routes: list[Route] = []
        self._child_side: list[int] = []
        stdout, stderr = self._outputs(streams)
        self.has_keyboard = command.stdin == "inherit" and streams.stdin == "terminal"
        self.child = ChildStreams(
            stdin=self._stdin(command, streams),
            stdout=stdout,
            stderr=stderr,
            own_session=self.has_keyboard,
        )

    def close_child_side(self) -> None:
        """Leave the command's ends to the command, so that its end is seen on ours."""
        for descriptor in self._child_side:
            os.close(descriptor)
        self._child_side = []

    def hand_over_routes(self) -> list[Route]:
        """The routes; closing their descriptors is the caller's from now on."""
        routes, self._routes = self._routes, []
        return routes

    def close(self) -> None:
        """Close all that is still here."""
        self.close_child_side()
        for route in self.hand_over_routes():
            os.close(route.source)
            if route.hold is not None:
                os.close(route.hold)

    def _stdin(self, command: Command, streams: Streams) -> int | None:
        if command.stdin == "null":
            descriptor = above_standard(os.open(os.devnull, os.O_RDONLY))
            self._child_side.append(descriptor)
            return descriptor
        if self.has_keyboard:
            return self._terminal(STDIN, None)
        return None if streams.stdin == "closed" else STDIN

    def _outputs(self, streams: Streams) -> tuple[int | None, int | None]:
        if streams.is_joined:
            both = self._output(STDOUT, "joined", streams)
            return both, both
        return self._output(STDOUT, "stdout", streams), self._output(STDERR, "stderr", streams)

    def _output(self, target: int, stream: StreamName, streams: Streams) -> int | None:
        kind = streams.stderr if stream == "stderr" else streams.stdout
        if kind == "closed":
            return None
        if kind == "terminal":
            return self._terminal(target, stream)
        reader, writer = map(above_standard, os.pipe())
        self._routes.append(Route(reader, target, stream))
        self._child_side.append(writer)
        return writer

    def _terminal(self, target: int, stream: StreamName | None) -> int:
        """The command's end of the pseudo-terminal for one of our terminals."""
        device = os.fstat(target).st_rdev
        if device not in self._slaves:
            master, slave = map(above_standard, terminal.open_like(target))
            self._routes.append(Route(master, target, stream, hold=slave))
            self._slaves[device] = slave
            self.masters[target] = master
        elif target == STDIN:
            self.masters[STDIN] = next(
                route.source for route in self._routes if route.hold == self._slaves[device]
            )
        return self._slaves[device]
