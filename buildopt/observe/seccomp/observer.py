"""The observer itself: starts a supervisor and a guard for each run, and asks for the record.

The supervisor is a process of its own, and a thread of the main process is its guard. Where the
system lets a process read only its descendants' memory (Yama), it is the other way round: the
supervisor is a thread of the main process, all of the run descend from that, and the guard is a
process of its own.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import Thread

from buildopt.model import NotStored, ObserverName, Observed, Task
from buildopt.observe.access import RecorderFactory, ResultReader
from buildopt.observe.observer import DigestFile, Watch
from buildopt.observe.seccomp.numbers import MACHINES

NO_SUPERVISOR = NotStored(kind="incomplete", subject="supervisor")

_left_behind: list[int] = []
"""Processes of ours that serve survivors of earlier runs; reaped when there is a chance."""


class SeccompObserver:
    """Observes every call that names a path; `self_test.is_available` says where that works."""

    name: ObserverName = "seccomp"

    def __init__(
        self,
        make_recorder: RecorderFactory,
        read_result: ResultReader,
        *,
        supervises_in_thread: bool = False,
    ) -> None:
        self._make_recorder = make_recorder
        self._read_result = read_result
        self._supervises_in_thread = supervises_in_thread

    def watch(self, task: Task, digest: DigestFile) -> Watch:
        """Start the supervisor of a run, or its guard."""
        _reap_left_behind()

        def read_result(result: bytes) -> Observed:
            return self._read_result(result, task, digest)

        kind = ThreadWatch if self._supervises_in_thread else ProcessWatch
        return kind(lambda: self._make_recorder(task), read_result)
