"""Says how a channel does: one that fails, or has given messages up, is a warning of the monitor.

Who is to be told of a trouble by a channel that does not work learns of that nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from buildopt.monitor.hookspecs import HealthState
from monitor_plugins.alert.durations import spoken
from monitor_plugins.alert.wording import plain

NS = 1e9
RECENT_S = 86_400.0
"""How long a message that was given up is a warning."""
LONGEST_DETAIL = 120


class Standing(NamedTuple):
    """How sending goes, as the channel's worker has seen it last."""

    waiting: int = 0
    dead: int = 0
    """Messages of the last day that were given up."""
    fails_since_s: float = 0.0
    """0: the last try went well, or there was none."""
    detail: str = ""


class ChannelCheck:
    """The health of one channel."""

    interval_s = 10.0

    def __init__(self, channel: str, look: Callable[[], Standing]) -> None:
        self.name = f"channel {channel}"
        self._look = look

    def check(self, now_ns: int) -> HealthState:
        """How it stands now."""
        standing = self._look()
        said = []
        if standing.fails_since_s:
            lasted = spoken(max(0.0, now_ns / NS - standing.fails_since_s))
            said.append(f"fails for {lasted}, {standing.waiting} wait")
        if standing.dead:
            said.append(f"{standing.dead} given up within a day")
        if not said:
            return HealthState("pass", f"{standing.waiting} wait", standing.waiting)
        if standing.detail:
            said.append(plain(standing.detail[:LONGEST_DETAIL]))
        return HealthState("warn", ": ".join(said), standing.waiting + standing.dead)
