"""One message: what is said, about which incidents, and to whom. Plain data, kept in the outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor_plugins.alert.alert import Alert, digest
from monitor_plugins.alert.inputs import Moment
from monitor_plugins.alert.rule import Rule, rank

LATE_S = 60.0
"""From here on a message says that it comes late."""
Entry = Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Some incidents for some channels. `entries` are what `entry_of` gave, the gravest first."""

    wall_s: float
    steady_s: float
    channels: tuple[str, ...]
    entries: tuple[Entry, ...]
    held: int = 0
    """Alerts of the same group that something holds back."""
    came_and_went: int = 0

    @property
    def lead(self) -> Entry:
        """The entry that gives the message its name."""
        return max(
            self.entries, key=lambda entry: (entry["kind"] != "resolved", rank(entry["level"]))
        )

    def key(self, channel: str) -> str:
        """The idempotency key: the same incidents in the same transitions over the same channel."""
        return message_key(self.entries, channel)


def message_key(entries: tuple[Entry, ...], channel: str) -> str:
    """Hash of incident, transition number and channel."""
    parts = [part for entry in entries for part in (entry["incident"], str(entry["number"]))]
    return digest(*parts, channel)


def entry_of(
    alert: Alert, rule: Rule, kind: str, now: Moment, *, usual: float | None = None
) -> dict[str, Any]:  # Any: JSON
    """What is to be said of one incident in one transition."""
    is_over = not alert.is_open
    ended_wall_s = alert.good_wall_s if is_over else now.wall_s
    entry: dict[str, Any] = {  # Any: JSON
        "kind": kind,
        "rule": alert.rule,
        "incident": alert.incident_id,
        "number": alert.number,
        "level": alert.level,
        "value": alert.value,
        "threshold": alert.threshold,
        "compare": rule.compare,
        "unit": rule.unit,
        "labels": alert.labels,
        "since": alert.since_wall_s,
        "fired": alert.fired_wall_s,
        "duration_s": max(0.0, round(ended_wall_s - alert.since_wall_s, 3)),
        "peak": alert.peak,
        "run": alert.run,
        "title": rule.title,
        "advice": rule.advice,
        "runbook": rule.runbook,
    }
    optional = {
        "ended": alert.good_wall_s if is_over else 0.0,
        "held_since": alert.held_wall_s,
        "slept_s": round(alert.slept_s, 1),
        "late_s": round(alert.lag_s, 1) if alert.lag_s >= LATE_S else 0.0,
        "occurrences": alert.occurrences if alert.occurrences > 1 else 0,
        "flaps": alert.flaps if kind in ("flapping", "settled") else 0,
        "note": alert.note,
        "state": ("firing" if alert.is_open else "resolved") if kind == "settled" else "",
        "context": alert.context,
    }
    if usual is not None:
        entry["usual"] = round(usual, 6)
    return entry | {name: value for name, value in optional.items() if value}
