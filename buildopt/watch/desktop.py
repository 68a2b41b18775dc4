"""A note on the desktop, by the program that every one of them brings."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping

PROGRAM = "notify-send"
PLACES = ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS")


class Desktop:
    """Notes of one session. Nobody waits for them, and nobody hears of one that fails."""

    def __init__(self) -> None:
        self._shown: list[subprocess.Popen[bytes]] = []

    def note(self, text: str) -> None:
        """Show it."""
        self._shown = [each for each in self._shown if each.poll() is None]
        try:
            self._shown.append(
                subprocess.Popen(
                    (PROGRAM, "--app-name=buildopt", "buildopt", text),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
        except OSError:
            pass


def is_there(environ: Mapping[str, str]) -> bool:
    """Whether there is a desktop, and the program."""
    has_place = any(environ.get(name) for name in PLACES)
    return has_place and shutil.which(PROGRAM, path=environ.get("PATH")) is not None
