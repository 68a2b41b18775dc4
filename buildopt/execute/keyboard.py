"""The user's keystrokes on their way to the command's pseudo-terminal.

While it is held, our terminal hands every keystroke on as it is: editing, echo and Ctrl-C are
the pseudo-terminal's. It is held only in the foreground, and never taken from somebody who
holds it already: a pager behind us, another run beside us.
"""

from __future__ import annotations

import os
import select
import termios
import time
from collections.abc import Iterator
from typing import Any, Literal

from buildopt.execute.streams import STDIN
from buildopt.execute.terminal import (
    LOCAL_FLAGS,
    OUTPUT_FLAGS,
    foreground_group,
    is_foreground,
)

Request = Literal["interrupt", "suspend"]

LOOK_AGAIN_S = 0.25
"""How often a terminal that is not held is looked at: nothing tells of `fg` in every shell."""

PAGER_WAIT_S = 1.0
"""How long one is waited for that stands behind us in a pipeline and wants the keyboard."""

READ_BYTES = 4096
"""As much as a terminal holds for one reader (N_TTY_BUF_SIZE)."""

RAW_INPUT = ~(
    termios.IGNBRK
    | termios.BRKINT
    | termios.PARMRK
    | termios.ISTRIP
    | termios.INLCR
    | termios.IGNCR
    | termios.ICRNL
    | termios.IXON
)
RAW_LOCAL = ~(termios.ICANON | termios.ECHO | termios.ECHONL | termios.ISIG | termios.IEXTEN)
"""Flags taken off as in cfmakeraw(3); output processing stays, for others write to it too."""

Settings = list[Any]
"""What `tcgetattr` returns: the type stubs have no better name for it."""


class Keyboard:
    """Our stdin, which is a terminal, and the pseudo-terminal that gets what is typed there.

    With `in_pipeline` our stdout is a pipe, perhaps to a pager.
    """

    def __init__(self, master: int, *, in_pipeline: bool) -> None:
        self._master = master
        self._may_take_s = time.monotonic() + (PAGER_WAIT_S if in_pipeline else 0.0)
        self._as_made = _settings(master)
        self._before: Settings | None = None
        self._held: Settings = []
        self._pending = b""
        self.was_used = False

    @property
    def is_held(self) -> bool:
        """Whether our terminal is set up for handing on."""
        return self._before is not None

    def take(self) -> None:
        """Hold the terminal, if that is right now."""
        if self.is_held or time.monotonic() < self._may_take_s or not is_foreground(STDIN):
            return
        settings = _settings(STDIN)
        if settings is None or not settings[LOCAL_FLAGS] & termios.ICANON:
            return
        self._renew(settings)
        self._before = settings
        self._held = _raw(settings)
        _set(self._held)

    def release(self) -> None:
        """Put the terminal back, unless somebody else has it by now."""
        if self._is_ours():
            _set(self._before or [])
        self._before = None

    def resume(self) -> None:
        """Begin anew after a stop: a shell has used the terminal meanwhile."""
        if not self._is_ours():
            self._before = None
        self.take()

    def follow_output(self) -> None:
        """Let our terminal process output as the command has its own do (full screen)."""
        theirs = _settings(self._master)
        if not self.is_held or theirs is None:
            return
        if theirs[OUTPUT_FLAGS] != self._held[OUTPUT_FLAGS] and self._is_ours():
            self._held[OUTPUT_FLAGS] = theirs[OUTPUT_FLAGS]
            _set(self._held)

    def interests(self) -> Iterator[tuple[int, int]]:
        """Descriptors to wait for, and for what."""
        if self._pending:
            yield self._master, select.POLLOUT
        elif self.is_held:
            yield STDIN, select.POLLIN

    def forward(self) -> frozenset[Request]:
        """Hand on what was typed; what of it is for us."""
        if self._pending:
            self._flush()
            return frozenset()
        if not self._is_ours():
            self._before = None
            return frozenset()
        try:
            typed = os.read(STDIN, READ_BYTES)
        except OSError:  # EIO: in the background since just now
            typed = b""
        if not typed:
            self.release()
            self._may_take_s = time.monotonic() + LOOK_AGAIN_S
            return frozenset()
        self.was_used = True
        return self._hand_on(typed)

    def _hand_on(self, typed: bytes) -> frozenset[Request]:
        settings = _settings(self._master)
        if settings is None:
            return frozenset()
        requests: set[Request] = set()
        if settings[LOCAL_FLAGS] & termios.ISIG:
            characters = settings[6]
            suspend = characters[termios.VSUSP]
            if suspend in typed and self._stops_nobody():
                typed = typed.replace(suspend, b"")
                requests.add("suspend")
            if characters[termios.VINTR] in typed or characters[termios.VQUIT] in typed:
                requests.add("interrupt")
        self._pending = typed
        self._flush()
        return frozenset(requests)

    def _stops_nobody(self) -> bool:
        """Whether the system would ignore Ctrl-Z, as for every group led by a session's leader.

        A shell that the command started stops its jobs by itself.
        """
        group = foreground_group(self._master)
        return group != 0 and os.getsid(group) == group

    def _flush(self) -> None:
        try:
            self._pending = self._pending[os.write(self._master, self._pending) :]
        except BlockingIOError:
            return
        except OSError:  # the command's side is gone
            self._pending = b""

    def _renew(self, settings: Settings) -> None:
        """Give the command the terminal as it is now, the first time that it is the command's.

        What was copied at the start may have been the settings of a shell editing its line, or
        of a pager. Not where the command has set up its own meanwhile.
        """
        if self._as_made is not None and self._as_made == _settings(self._master):
            _set(settings, self._master)
        self._as_made = None

    def _is_ours(self) -> bool:
        """Whether the terminal is still as we set it, and ours to set."""
        if self._before is None or not is_foreground(STDIN):
            return False
        settings = _settings(STDIN)
        return settings is not None and settings[LOCAL_FLAGS] == self._held[LOCAL_FLAGS]


def _raw(settings: Settings) -> Settings:
    input_flags, output_flags, control_flags, local_flags, *speeds, characters = settings
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    raw_input, raw_local = input_flags & RAW_INPUT, local_flags & RAW_LOCAL
    return [raw_input, output_flags, control_flags, raw_local, *speeds, characters]


def _settings(terminal: int) -> Settings | None:
    try:
        return termios.tcgetattr(terminal)
    except termios.error:  # hung up
        return None


def _set(settings: Settings, terminal: int = STDIN) -> None:
    try:
        termios.tcsetattr(terminal, termios.TCSANOW, settings)
    except termios.error:
        return
