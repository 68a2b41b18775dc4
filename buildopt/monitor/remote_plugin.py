"""A plugin in a process of its own as a whole: what it contributes, and calls of that.

Its consumers have seats of their own (process_seat.py); this process answers the other hooks, so
that a consumer that is busy holds up no source, route or check of the same plugin.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from buildopt.monitor import remote_calls
from buildopt.monitor.consumer import FAILURES_TO_QUARANTINE, QUARANTINE_NS
from buildopt.monitor.process_seat import LOAD_LIMIT_S, Origin, PluginProcess
from buildopt.monitor.seat import Failed

CALLED = frozenset(
    ("detectors", "health_checks", "http_routes", "metric_sources", "notification_channels",
     "report_sections")
)  # fmt: skip
"""Hooks whose things are called; the others are told once."""
QUARANTINE_S = QUARANTINE_NS / 1e9


class RemotePlugin:
    """Loaded once to learn what it has; raises `Failed` where that does not work."""

    def __init__(
        self, origin: Origin, *, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._origin = origin
        self._monotonic_s = monotonic_s
        self._failures = 0
        self._quarantine_ends_s = 0.0
        self._process: PluginProcess | None = PluginProcess(origin)
        loaded = self._process.loaded
        self.import_s: float = loaded["import_s"]
        self.hooks: tuple[str, ...] = tuple(loaded["hooks"])

    def ask(self, hook: str) -> tuple[Any, ...]:
        """Stand-ins for what it gives for a hook; descriptions of its consumers."""
        rows = self._running().ask("describe", LOAD_LIMIT_S, hook=hook)
        if hook == "consumers":
            return tuple(rows)
        return tuple(
            remote_calls.stand_in(hook, index, row, self._call) for index, row in enumerate(rows)
        )

    def rest(self) -> None:
        """End the process unless something in it may be called."""
        if not CALLED.intersection(self.hooks):
            self.close()

    def close(self) -> None:
        """End the process; a call would start it again."""
        if self._process is not None:
            self._process.close()
        self._process = None

    def _call(self, hook: str, index: int, arguments: Sequence[Any]) -> Any:  # Any: JSON
        left_s = self._quarantine_ends_s - self._monotonic_s()
        if left_s > 0:
            raise Failed(f"quarantined for `{left_s:.0f} s`")
        try:
            answer = self._running().call(hook, index, arguments)
        except Failed:
            self._failures += 1
            if self._failures >= FAILURES_TO_QUARANTINE:
                self._failures = 0
                self._quarantine_ends_s = self._monotonic_s() + QUARANTINE_S
                self.close()
            raise
        self._failures = 0
        return answer

    def _running(self) -> PluginProcess:
        if self._process is None or not self._process.is_alive:
            self._process = PluginProcess(self._origin)
        return self._process
