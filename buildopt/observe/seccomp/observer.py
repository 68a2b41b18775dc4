"""The observer itself: a way of watching a run that the rest of the program chooses by name."""

from __future__ import annotations

from buildopt.model import Observed, ObserverName, Task
from buildopt.observe.access import RecorderFactory, ResultReader
from buildopt.observe.observer import DigestFile, Watch


class SeccompObserver:
    """Observes every call that names a path; `self_test.is_available` says where that works.

    `supervises_in_thread`: see `watch.py`; `self_test.must_supervise_in_thread` says where that
    is needed.
    """

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
        """Start the supervisor of a run, and its guard."""
        # ctypes and socket cost some milliseconds, which a hit must not pay.
        from buildopt.observe.seccomp.watch import SeccompWatch

        def read_result(result: bytes) -> Observed:
            return self._read_result(result, task, digest)

        return SeccompWatch(
            lambda: self._make_recorder(task), read_result, in_thread=self._supervises_in_thread
        )
