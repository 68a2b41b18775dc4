"""Collects what happens together into one message.

The first transition after a quiet time waits `group_wait` for others; after a message there is at
most one in each `group_interval`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from monitor_plugins.alert.alert import Alert, digest
from monitor_plugins.alert.rule import Rule

NEVER_S = -1.0


@dataclass(slots=True, kw_only=True)
class Group:
    """What waits to be told together."""

    key: str
    due_s: float = NEVER_S
    told_s: float = NEVER_S
    waiting: dict[str, str] = field(default_factory=dict)
    """Keys of alerts, with what made them wait."""
    came_and_went: int = 0
    """Alerts that began and ended between two messages."""

    def add(self, key: str, kind: str, rule: Rule, now_s: float) -> None:
        """Let an alert wait; what was to be told of it before is told by its state then."""
        held = self.waiting.pop(key, "")
        self.waiting[key] = held if kind == "repeat" and held else kind
        if self.due_s != NEVER_S:
            return
        due_s = now_s + rule.group_wait_s
        is_quiet = self.told_s == NEVER_S or now_s - self.told_s >= rule.group_interval_s
        self.due_s = due_s if is_quiet else max(due_s, self.told_s + rule.group_interval_s)

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(one.name for one in fields(Group))


def group_key(alert: Alert, rule: Rule) -> str:
    """Alerts with the same values of `group_by` are told together, else those of one rule."""
    if not rule.group_by or not all(name in alert.labels for name in rule.group_by):
        return digest("rule", rule.id)
    return digest(
        "labels", *(part for name in rule.group_by for part in (name, alert.labels[name]))
    )


def group_of(raw: Mapping[str, Any]) -> Group:  # Any: JSON
    """The group of what `as_json` gave."""
    return Group(**raw)
