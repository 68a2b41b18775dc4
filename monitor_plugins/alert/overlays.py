"""What holds a message back: silences, suppression windows, and alerts that explain others.

Decided when a message would be sent, in this order. Silences and windows go by the wall clock,
since people set them so; a window goes by that of its time zone, also when the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from monitor_plugins.alert.alert import Alert

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Nothing is told of the alerts that match, until it ends."""

    id: str
    start_wall_s: float
    end_wall_s: float
    match: Mapping[str, str] = field(default_factory=dict)
    """Labels with their values; `rule` is the rule's name. Empty: everything."""
    by: str = ""
    comment: str = ""

    def covers(self, alert: Alert, wall_s: float) -> bool:
        """Whether it holds back that alert now."""
        return self.start_wall_s <= wall_s < self.end_wall_s and matches(self.match, alert)

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time of each day, or of some weekdays, in which nothing is told: deploys, nights."""

    name: str
    start: time
    end: time
    """On the next day where it is not after `start`."""
    zone: str
    days: tuple[str, ...] = WEEKDAYS
    """On which it begins."""
    match: Mapping[str, str] = field(default_factory=dict)

    def ends_wall_s(self, wall_s: float) -> float | None:
        """When the window that is open at `wall_s` ends; None where none is open."""
        today = datetime.fromtimestamp(wall_s, ZoneInfo(self.zone)).date()
        for day in (today - timedelta(days=1), today):
            start_s, end_s = self._on(day)
            if start_s <= wall_s < end_s and WEEKDAYS[day.weekday()] in self.days:
                return end_s
        return None

    def _on(self, day: date) -> tuple[float, float]:
        zone = ZoneInfo(self.zone)
        last = day + timedelta(days=1) if self.end <= self.start else day
        return (
            datetime.combine(day, self.start, zone).timestamp(),
            datetime.combine(last, self.end, zone).timestamp(),
        )


def matches(match: Mapping[str, str], alert: Alert) -> bool:
    """Whether an alert has all those labels."""
    known = {**alert.labels, "rule": alert.rule, "incident": alert.incident_id}
    return all(known.get(name) == value for name, value in match.items())


def held_by(
    alert: Alert,
    wall_s: float,
    *,
    silences: Iterable[Silence],
    windows: Iterable[Window],
    sources: Iterable[Alert],
) -> str:
    """What holds the alert back, in words; empty for nothing. `sources` inhibit it."""
    for silence in silences:
        if silence.covers(alert, wall_s):
            return f"silence {silence.id}"
    for source in sources:
        return f"inhibited by {source.rule}"
    for window in windows:
        if matches(window.match, alert) and window.ends_wall_s(wall_s) is not None:
            return f"window {window.name}"
    return ""
