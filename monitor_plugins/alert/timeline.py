"""Puts events of many clocks on one steady line.

Events of one boot are as far apart as their monotonic clock says, whatever is done to the wall
clock. Between boots, and between hosts, only the wall clock can tell. An event that lies behind
both clocks is late.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from monitor_plugins.alert.inputs import Moment


@dataclass(slots=True, kw_only=True)
class Timeline:
    """Where the last event stood on its own clock and on ours; plain data."""

    boot: str = ""
    mono_s: float = 0.0
    steady_s: float = 0.0
    is_begun: bool = False

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it."""
        return {name: getattr(self, name) for name in self.__slots__}

    def place(self, now: Moment, wall_s: float, mono_s: float, boot: str) -> tuple[Moment, float]:
        """The moment at which an event comes in, and how many seconds late it does."""
        if not self.is_begun:
            self.is_begun = True
            self._anchor(boot, mono_s, 0.0)
            return Moment(0.0, wall_s, 0.0), 0.0
        by_wall_s = wall_s - now.wall_s
        by_mono_s = by_wall_s
        if mono_s and boot == self.boot:
            by_mono_s = mono_s - self.mono_s + self.steady_s - now.steady_s
        if by_mono_s >= 0:
            steady_s = now.steady_s + by_mono_s
            self._anchor(boot, mono_s, steady_s)
            return Moment(steady_s, wall_s, 0.0), 0.0
        if by_wall_s >= 0:  # timers ran ahead while the machine slept
            self._anchor(boot, mono_s, now.steady_s)
            return Moment(now.steady_s, wall_s, 0.0), 0.0
        return now, min(-by_mono_s, -by_wall_s)

    def _anchor(self, boot: str, mono_s: float, steady_s: float) -> None:
        self.boot, self.mono_s, self.steady_s = boot, mono_s, steady_s


def at_tick(now: Moment, wall_s: float) -> Moment:
    """The moment of a timer: only the wall clock tells."""
    passed_s = max(0.0, wall_s - now.wall_s)
    return Moment(now.steady_s + passed_s, max(now.wall_s, wall_s), 0.0)
