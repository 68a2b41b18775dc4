"""Tells a monitor which processes a run has while it goes on: `running/RUN.PID.N`, `+pid`, `-pid`.

The folder is there only where a monitor was started; without it nothing is written. One short
line a process, appended by the supervisor, so that nobody has to search all processes of the
machine for those of a build.
"""

from __future__ import annotations

import os
import time

FOLDER = "running"
"""In the state folder."""


def new_path(state: bytes, run_id: str) -> str:
    """Where the next command of a run is told of; empty where nobody reads it."""
    folder = os.path.join(os.fsdecode(state), FOLDER)
    if not state or not os.path.isdir(folder):
        return ""
    return os.path.join(folder, f"{run_id}.{os.getpid()}.{time.monotonic_ns()}")


def remove(path: str) -> None:
    """Tell that the command has ended."""
    if path:
        try:
            os.unlink(path)
        except OSError:
            pass  # the monitor was quicker, or has ended


class Roster:
    """The processes of one command. What cannot be written costs nothing but the monitor's view."""

    def __init__(self, path: str) -> None:
        """An empty path: nobody is told."""
        self._descriptor = -1
        if path:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            try:
                self._descriptor = os.open(path, flags, 0o600)
            except OSError:
                pass  # the monitor has just ended

    def joined(self, pid: int) -> None:
        """A process was met."""
        self._write(b"+%d\n" % pid)

    def left(self, pid: int) -> None:
        """A process has ended."""
        self._write(b"-%d\n" % pid)

    def _write(self, line: bytes) -> None:
        if self._descriptor >= 0:
            try:
                os.write(self._descriptor, line)
            except OSError:
                pass  # a full disk
