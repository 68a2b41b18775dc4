"""The Observer protocol: how a run is watched, whatever the way."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Protocol

from buildopt.model import Observed, ObserverName, Task

DigestFile = Callable[[str], str]
"""Digest of a file's content as `Observation.value` has it; raises OSError."""


class Watch(Protocol):
    """One run under observation, from before its start to after its end."""

    def child_setup(self) -> None:
        """Prepare the forked child, after its descriptors are in place and just before exec.

        What it raises fails the start of the command; a way of observing that cannot be had
        must therefore be found out before (`Observer.watch`).
        """

    def started(self, pid: int) -> None:
        """Take note, in the parent, of the child that was just forked."""

    def request(self, data: bytes) -> bytes:
        """Have the recorder do something meanwhile (`steps.py`); raises OSError if it cannot."""

    def finish(self) -> Observed:
        """Tell what was seen; called once, after the command's main process was reaped."""


class Observer(Protocol):
    """A way of finding out what a command reads and writes."""

    @property
    def name(self) -> ObserverName:
        """The way's name, as results tell it."""

    def watch(self, task: Task, digest: DigestFile, own: frozenset[str]) -> Watch:
        """Begin to observe a run of `task`, which is started after this returns.

        `own` are paths that earlier runs of the task made in this checkout.
        """

    def list_folder(self, task: Task, folder: str, own: Container[str]) -> str:
        """`Observation.value` of a folder's listing now, without the paths of `own`."""
