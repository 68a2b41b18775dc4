"""Which tasks run now, and whether one of them takes longer than it usually does.

A task that really runs begins with its look-up and ends with `task.finished`, or with its run.
One that is not watched has no look-up: that it runs is told by what is measured of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.alert.inputs import real
from monitor_plugins.alert.windows import quantile

SLOWER = 1.5
"""A run is slow that takes half as long again as nine in ten did."""
LEAST_RUNS = 5
MOST_RUNS = 30
"""Durations that are remembered for each task."""
MOST_TASKS = 500
MOST_ACTIVE = 2_000
LONGEST_RUN_S = 86_400.0
"""A run of which nothing was heard for a day is over."""

Data = Mapping[str, Any]  # Any: JSON


@dataclass(slots=True, kw_only=True)
class Running:
    """Tasks that run, and how long they took before; plain data."""

    active: dict[str, tuple[str, float]] = field(default_factory=dict)
    """By run and task: the task with its project, and when it began on the steady clock."""
    durations_s: dict[str, list[float]] = field(default_factory=dict)
    active_builds: float = 0.0
    """As measured."""

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it; the lists in it are never changed, but replaced."""
        return {
            "active": dict(self.active),
            "durations_s": dict(self.durations_s),
            "active_builds": self.active_builds,
        }

    def began(self, run: str, data: Data, at_s: float) -> None:
        """A task was looked up, and runs."""
        if len(self.active) < MOST_ACTIVE:
            self.active[_in_run(run, data)] = (_name(data), at_s)

    def ended(self, run: str, data: Data) -> None:
        """A task that really ran is over."""
        self.active.pop(_in_run(run, data), None)
        duration_s = data.get("duration_s")
        if data.get("outcome", "executed") == "executed" and isinstance(duration_s, int | float):
            self._remember(_name(data), real(duration_s))

    def run_ended(self, run: str) -> None:
        """All that belongs to a run is over."""
        for key in [key for key in self.active if key.startswith(f"{run}/")]:
            del self.active[key]

    def gauges(self, now_s: float) -> dict[str, float]:
        """Facts for the gates of rules."""
        for key in [k for k, (_, at_s) in self.active.items() if now_s - at_s >= LONGEST_RUN_S]:
            del self.active[key]
        is_slower = any(
            now_s - began_s > SLOWER * usual_s
            for name, began_s in self.active.values()
            if (usual_s := self._usual_s(name)) > 0
        )
        return {
            "run.active": float(bool(self.active) or self.active_builds > 0),
            "run.slower": float(is_slower),
        }

    def _remember(self, name: str, duration_s: float) -> None:
        if name not in self.durations_s and len(self.durations_s) >= MOST_TASKS:
            del self.durations_s[next(iter(self.durations_s))]
        self.durations_s[name] = [*self.durations_s.get(name, ()), duration_s][-MOST_RUNS:]

    def _usual_s(self, name: str) -> float:
        known = sorted(self.durations_s.get(name, ()))
        return quantile(known, 0.9) if len(known) >= LEAST_RUNS else 0.0


def _name(data: Data) -> str:
    return f"{data.get('project', '')}/{data.get('task', '')}"


def _in_run(run: str, data: Data) -> str:
    return f"{run}/{data.get('task', '')}"
