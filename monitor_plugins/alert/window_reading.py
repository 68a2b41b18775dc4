"""Reads the tables `[alert.windows.NAME]`: times in which nothing is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time
from zoneinfo import ZoneInfo

from monitor_plugins.alert.overlays import WEEKDAYS, Window
from monitor_plugins.alert.section import Section

WINDOW_KEYS = ("start", "end", "zone", "days", "match")


def read_windows(alert: Section) -> Iterable[Window]:
    """The windows; raises SettingsError."""
    raw = alert.part("windows", "a table for each window")
    for name in raw.table:
        window = raw.part(name, "a table with `start` and `end`")
        window.only(WINDOW_KEYS)
        match = window.part("match", "a table of labels").table
        yield Window(
            name=name,
            start=_time(window, "start"),
            end=_time(window, "end"),
            zone=_zone(window),
            days=_days(window),
            match={str(label): str(value) for label, value in match.items()},
        )


def _zone(window: Section) -> str:
    zone = window.text("zone") or "UTC"
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        raise window.wrong("zone", zone, "a time zone as `Europe/Berlin`") from None
    return zone


def _days(window: Section) -> tuple[str, ...]:
    days = tuple(day.lower()[:3] for day in window.names("days")) or WEEKDAYS
    if any(day not in WEEKDAYS for day in days):
        raise window.wrong("days", ", ".join(days), ", ".join(WEEKDAYS))
    return days


def _time(window: Section, key: str) -> time:
    value = window.table.get(key)
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise window.wrong(key, value or "nothing", 'a time as "22:00"') from None
