"""How far a long step of ours has come: a line on the terminal, gone when the step is over.

Nothing at all is shown of a step that takes less than half a second, which is nearly each one.
"""

from __future__ import annotations

import os
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from buildopt import terminal_line
from buildopt.quantities import size

FIRST_AFTER_S = 0.5
"""A shorter wait needs no explanation."""
AGAIN_AFTER_S = 0.2
"""Often enough to be seen moving."""
Advance = Callable[[int], None]
"""Told the bytes that were read or written since the last call."""


def ignore(size_bytes: int) -> None:
    """Take no note of `size_bytes`."""


def unknown() -> int:
    """The total of a step of which nobody knows how long it is."""
    return 0


def write_to_terminal(data: bytes) -> None:
    """Write to our stderr; a terminal that is gone sees nothing."""
    try:
        os.write(terminal_line.STDERR, data)
    except OSError:
        return


class Progress:
    """The present step; between steps nothing is counted.

    Two threads may advance it.
    """

    def __init__(
        self,
        *,
        is_shown: bool,
        write: Callable[[bytes], None] = write_to_terminal,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_allowed = is_shown
        self._write, self._clock = write, clock
        self._lock = allocate_lock()
        self._doing = ""
        self._count, self._total_bytes = unknown, -1
        self._done_bytes = 0
        self._next_s = 0.0
        self._is_drawn = False

    @contextmanager
    def step(self, doing: str, total_bytes: Callable[[], int] = unknown) -> Iterator[None]:
        """While inside, tell that we are `doing` something; the total is asked for when shown."""
        if not self._is_allowed:
            yield
            return
        self._count, self._total_bytes = total_bytes, -1
        self._done_bytes = 0
        self._next_s = self._clock() + FIRST_AFTER_S
        self._doing = doing
        try:
            yield
        finally:
            self._doing = ""
            if self._is_drawn:
                self._write(terminal_line.ERASED)
                self._is_drawn = False

    def advance(self, size_bytes: int) -> None:
        """So much more is done."""
        if not self._doing:
            return
        with self._lock:
            self._done_bytes += size_bytes
            if self._clock() >= self._next_s:
                self._draw()

    def _draw(self) -> None:
        self._next_s = self._clock() + AGAIN_AFTER_S
        if not terminal_line.is_in_foreground():
            return
        if self._total_bytes < 0:
            self._total_bytes = self._count()
        of_total = f" of {size(self._total_bytes)}" if self._total_bytes else ""
        words = f"buildopt: {self._doing}, {size(self._done_bytes)}{of_total}"
        self._write(terminal_line.drawn(words, terminal_line.terminal_columns()))
        self._is_drawn = True
