"""The command's processes: whom a signal goes to, and who is left after one."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from typing import NamedTuple

from buildopt.execute.terminal import foreground_group

PROCESSES = "/proc"
"""Where this is not Linux's, only the command's own group or process is known."""


class _Process(NamedTuple):
    pid: int
    parent_pid: int
    session: int
    is_ended: bool


class Family:
    """The command `pid` and what it started.

    With a `terminal` (the master of its own one) it leads a session; else it is in our process
    group, as it would be without us. `marker` is `NAME=value` of a variable that only these
    processes have; empty: there is none.
    """

    def __init__(self, pid: int, *, terminal: int | None, marker: bytes) -> None:
        self.pid = pid
        self._terminal = terminal
        self._marker = marker

    @property
    def has_own_session(self) -> bool:
        """Whether what is sent to our process group does not reach the command."""
        return self._terminal is not None

    def send(self, number: int) -> None:
        """Send a signal to where it would have gone without us."""
        with contextlib.suppress(ProcessLookupError):
            if self._terminal is None:
                os.kill(self.pid, number)
                return
            for group in {self.pid, foreground_group(self._terminal) or self.pid}:
                os.killpg(group, number)

    def kill(self) -> None:
        """End everybody at once."""
        for pid in {self.pid, *self.members()}:
            self.kill_one(pid)

    def kill_one(self, pid: int) -> None:
        """End the process `pid`, if it is there and ours to end."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

    def members(self) -> set[int]:
        """All that run, but for those that left for a session of their own: they are daemons."""
        processes = [each for each in _processes() if not each.is_ended]
        session = self.pid if self.has_own_session else os.getsid(0)
        related = _descendants(self.pid, processes)
        for each in processes:
            if self.has_own_session or _is_marked(each.pid, self._marker):
                related.add(each.pid)
        found = {each.pid for each in processes if each.session == session} & related
        return found - {os.getpid()}


def _processes() -> Iterable[_Process]:
    try:
        names = [name for name in os.listdir(PROCESSES) if name.isdigit()]
    except OSError:
        return
    for name in names:
        try:
            with open(f"{PROCESSES}/{name}/stat", "rb") as file:
                # The program's name stands in parentheses and may hold any character.
                fields = file.read().rpartition(b") ")[2].split()
        except OSError:
            continue  # it has just ended
        yield _Process(int(name), int(fields[1]), int(fields[3]), fields[0] in b"ZX")


def _descendants(pid: int, processes: Iterable[_Process]) -> set[int]:
    children: dict[int, list[int]] = {}
    for each in processes:
        children.setdefault(each.parent_pid, []).append(each.pid)
    found = {pid}
    todo = [pid]
    while todo:
        new = children.get(todo.pop(), [])
        found.update(new)
        todo += new
    return found


def _is_marked(pid: int, marker: bytes) -> bool:
    if not marker:
        return False
    try:
        with open(f"{PROCESSES}/{pid}/environ", "rb") as file:
            return marker in file.read().split(b"\0")
    except OSError:
        return False  # another user's: not one of ours
