"""Keys that a person presses while `buildopt watch` waits; off where stdin is no terminal."""

from __future__ import annotations

import os
import termios
from types import TracebackType
from typing import Literal

Key = Literal["run", "clear", "explain", "bundle", "report", "pause", "quit", "help"]
KEYS: dict[bytes, Key] = {
    b"r": "run", b"\r": "run", b"\n": "run", b"c": "clear", b"e": "explain", b"b": "bundle",
    b"o": "report", b"p": "pause", b"q": "quit", b"h": "help", b"?": "help",
}  # fmt: skip
HELP = "r run, p pause, e explain, b bundle, o report, c clear, q quit"
STDIN = 0
_LOCAL_FLAGS, _CONTROL = 3, 6


class Keyboard:
    """Single keys of the terminal, without an echo, for as long as the `with` lasts.

    Ctrl-C and Ctrl-Z stay what they are. In the background, or without a terminal, it is silent.
    """

    def __init__(self) -> None:
        self._before: list[object] | None = None
        self.is_on = False

    def __enter__(self) -> Keyboard:
        self.resume()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.give_back()

    def resume(self) -> None:
        """Ask for single keys, also after a stop, in which the shell had the terminal."""
        if self.is_on:
            return
        try:
            if not os.isatty(STDIN) or not _is_in_foreground():
                return
            now = termios.tcgetattr(STDIN)
        except (OSError, termios.error):
            return
        self._before = list(now)
        wanted = list(now)
        wanted[_LOCAL_FLAGS] = now[_LOCAL_FLAGS] & ~(termios.ICANON | termios.ECHO)
        control = list(now[_CONTROL])
        control[termios.VMIN], control[termios.VTIME] = 1, 0
        wanted[_CONTROL] = control
        termios.tcsetattr(STDIN, termios.TCSADRAIN, wanted)
        self.is_on = True

    def give_back(self) -> None:
        """Leave the terminal as it was."""
        if self._before is not None and self.is_on and _is_in_foreground():
            try:
                termios.tcsetattr(STDIN, termios.TCSADRAIN, self._before)  # type: ignore[arg-type]  # as tcgetattr gave it
            except termios.error:
                pass
        self.is_on = False

    def pressed(self) -> tuple[Key, ...]:
        """The keys that wait to be read; at the end of the input it is off for good."""
        try:
            data = os.read(STDIN, 64)
        except OSError:
            data = b""
        if not data:
            self.is_on = False
        return tuple(KEYS[bytes([byte])] for byte in data if bytes([byte]) in KEYS)


def _is_in_foreground() -> bool:
    """Whether the terminal is ours to set; where it is a shell's by now it is left alone."""
    try:
        return os.tcgetpgrp(STDIN) == os.getpgrp()
    except OSError:
        return False
