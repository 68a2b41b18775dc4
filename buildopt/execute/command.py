"""What is to be started, and who wants to have a hand in the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

StdinChoice = Literal["inherit", "null"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command as the user gave it; the umask, the limits and the priority are inherited.

    `environment` is all that the command gets; its `PATH` finds the program. `lock_fds` reach
    the command besides 0, 1 and 2, so that a lock lives as long as any of its processes;
    with `pass_fds` so does every descriptor that we inherited ourselves. `renamed` is a text that
    tools print only because of us, and what they would print without us.
    """

    argv: tuple[str, ...]
    directory: str
    environment: Mapping[str, str]
    stdin: StdinChoice = "inherit"
    pass_fds: bool = False
    lock_fds: tuple[int, ...] = ()
    renamed: tuple[bytes, bytes] | None = None


class ChildSetup(Protocol):
    """The observer's part in a start; every `observe.observer.Watch` is one."""

    def child_setup(self) -> None:
        """Prepare the forked child, just before exec; what it raises fails the start."""

    def started(self, pid: int) -> None:
        """Take note, in the parent, of the child that was just forked."""


class Unobserved:
    """The part of nobody: a start without observation."""

    def child_setup(self) -> None:
        """Leave the child as it is."""

    def started(self, pid: int) -> None:
        """Take no note of `pid`."""
