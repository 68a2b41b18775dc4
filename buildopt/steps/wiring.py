"""The pipes and pseudo-terminals between a step and the streams of the client that starts it."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple

from buildopt.execute import terminal
from buildopt.execute.streams import STDERR, STDOUT, StreamKind, Streams
from buildopt.execute.wiring import Route
from buildopt.model import StreamName


class StepStreams(NamedTuple):
    """The client's open streams, as descriptors of ours by their number there."""

    descriptors: dict[int, int]

    @property
    def is_joined(self) -> bool:
        """Whether stdout and stderr are one object; two opened to one file are taken for two."""
        if STDOUT not in self.descriptors or STDERR not in self.descriptors:
            return False
        first, second = (os.fstat(self.descriptors[number]) for number in (STDOUT, STDERR))
        same = (first.st_dev, first.st_ino) == (second.st_dev, second.st_ino)
        return same and not stat.S_ISREG(first.st_mode)

    def kinds(self) -> Streams:
        """What they are; a step's stdin gives nothing that a record would have to know."""
        return Streams(
            stdin="null",
            stdout=self._kind(STDOUT),
            stderr=self._kind(STDERR),
            is_joined=self.is_joined,
        )

    def _kind(self, number: int) -> StreamKind:
        if number not in self.descriptors:
            return "closed"
        return "terminal" if os.isatty(self.descriptors[number]) else "pipe"

    def close(self) -> None:
        """Let go of them."""
        for descriptor in self.descriptors.values():
            os.close(descriptor)


class StepWiring:
    """Both sides of what a step prints to; `child` are its ends by the number they get there."""

    def __init__(self, streams: StepStreams) -> None:
        self.child: dict[int, int] = {}
        self.routes: list[Route] = []
        if streams.is_joined:
            self.child[STDOUT] = self.child[STDERR] = self._open(streams, STDOUT, "joined")
            return
        names: tuple[tuple[int, StreamName], ...] = ((STDOUT, "stdout"), (STDERR, "stderr"))
        for number, name in names:
            if number in streams.descriptors:
                self.child[number] = self._open(streams, number, name)

    def masters(self) -> tuple[int, ...]:
        """Our ends of the pseudo-terminals."""
        return tuple(route.source for route in self.routes if route.hold is not None)

    def close_child(self) -> None:
        """Leave the step's ends to it, so that their end is seen on ours."""
        holds = {route.hold for route in self.routes}
        for descriptor in {*self.child.values()} - holds:
            os.close(descriptor)
        self.child = {}

    def _open(self, streams: StepStreams, number: int, name: StreamName) -> int:
        target = streams.descriptors[number]
        if os.isatty(target):
            source, end = terminal.open_like(target)
            self.routes.append(Route(source, target, name, hold=end))
        else:
            source, end = os.pipe()
            self.routes.append(Route(source, target, name))
        return end
