"""Our line on the terminal while the command is silent; no byte of it is ever recorded.

          1 s without output, the cursor at a line's start, nobody asked for keys
    hidden ──────────────────────────────────────────────────────────────────────> shown
       ^                                                                             │
       └────────── output, a key's echo, a stop, another size, the end: erased ──────┘

It goes through the outlet that the command's own output takes, and so never overtakes it.
"""

from __future__ import annotations

import termios
import time
from collections.abc import Callable
from typing import NamedTuple

from buildopt import terminal_line
from buildopt.execute.cursor import Cursor
from buildopt.execute.outlet import Outlet
from buildopt.execute.terminal import LOCAL_FLAGS
from buildopt.phrases import printable
from buildopt.quantities import duration

SILENCE_S = 1.0
"""A build that printed something a second ago needs no word of ours."""

REDRAW_S = 1.0
"""How often the time is set anew."""


class Status(NamedTuple):
    """What is told about a run while it lasts: `usual_s` is 0 where nobody knows."""

    title: str
    usual_s: float = 0.0
    is_live: bool = True
    """False: no line, only a newline where the command's last line has none."""
    silence_s: float = SILENCE_S


class StatusLine:
    """The line of one command. Without a `status` or an `outlet` nothing is ever written.

    `is_calm` says whether the terminal is neither used by somebody else nor asked for keys.
    """

    def __init__(
        self,
        status: Status | None,
        outlet: Outlet | None,
        is_calm: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._status = status or Status("", is_live=False)
        self._outlet = outlet if status else None
        self._is_calm, self._clock = is_calm, clock
        self._cursor = Cursor()
        self._is_shown = False
        self._started_s = clock()
        self._next_s = self._started_s + self._status.silence_s

    @property
    def wait_s(self) -> float | None:
        """Seconds until `look` has something to do; None: never."""
        if self._outlet is None or not self._status.is_live:
            return None
        return max(0.0, self._next_s - self._clock())

    def look(self) -> None:
        """Draw the line, or the time in it, if this is the moment."""
        if self.wait_s != 0.0:
            return
        self._next_s = self._clock() + REDRAW_S
        if not self._has_room():
            self.hide()
            return
        title = f"buildopt: {printable(self._status.title)}"
        columns = terminal_line.terminal_columns()
        self._send(terminal_line.drawn(title, columns, self._times()))
        self._is_shown = True

    def make_way(self, data: bytes) -> None:
        """Be gone before `data` is shown."""
        self.hide()
        self._cursor.follow(data)
        self._next_s = self._clock() + self._status.silence_s

    def hide(self, erasing: bytes = terminal_line.ERASED) -> None:
        """Be gone until it is time to look again."""
        if self._is_shown:
            self._send(erasing)
            self._is_shown = False

    def draw_anew(self) -> None:
        """Fit into a window of another size, at once."""
        if self._is_shown:
            self.hide(terminal_line.ERASED_BELOW)
            self._next_s = self._clock()

    def end(self) -> None:
        """Be gone for good, with the cursor where a line of ours can begin."""
        self.hide()
        if not self._cursor.is_at_start:
            self._send(b"\n")
        self._outlet = None

    def _has_room(self) -> bool:
        if self._outlet is None or self._outlet.is_pending or not self._is_calm():
            return False
        return self._cursor.is_at_start and not self._cursor.is_steered

    def _times(self) -> str:
        took = duration(round(self._clock() - self._started_s, 1))
        usual_s = self._status.usual_s
        usual = f" of usually {duration(usual_s)}" if usual_s else ""
        return f"  {took}{usual}"

    def _send(self, data: bytes) -> None:
        if self._outlet is not None:
            self._outlet.send(data)


def reads_lines(descriptor: int) -> bool:
    """Whether a terminal is as a shell leaves it: whole lines, echoed.

    Else somebody asks for single keys or for a password, or the terminal hung up.
    """
    try:
        flags = termios.tcgetattr(descriptor)[LOCAL_FLAGS]
    except termios.error:
        return False
    wanted = termios.ICANON | termios.ECHO
    return bool(flags & wanted == wanted)
