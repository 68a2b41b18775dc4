"""Time as an argument: two clocks, and waiting that the end of the host cuts short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol


class Pace(Protocol):
    """Time, as an argument."""

    def now_ns(self) -> int:
        """Wall time."""

    def monotonic_s(self) -> float:
        """Seconds that no setting of a clock moves."""

    def pause(self, timeout_s: float) -> bool:
        """Wait so long; False when it is time to end."""


class HostPace:
    """The clocks of a host, and its end."""

    def __init__(self, now_ns: Callable[[], int], monotonic_s: Callable[[], float]) -> None:
        self.now_ns = now_ns
        self.monotonic_s = monotonic_s
        self._ended = threading.Event()

    def pause(self, timeout_s: float) -> bool:
        """Wait so long; False when it is time to end."""
        return not self._ended.wait(timeout_s)

    def end(self) -> None:
        """All that pauses ends."""
        self._ended.set()
