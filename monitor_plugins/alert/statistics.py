"""Counts incidents by rule: how many, how long, and how many were false alarms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]  # Any: JSON


def statistics_of(entries: Iterable[Entry], sent: Iterable[Entry]) -> dict[str, Any]:  # Any: JSON
    """Sums over transitions, and over what was sent of them."""
    of_rule: defaultdict[str, list[Entry]] = defaultdict(list)
    for one in entries:
        of_rule[one["rule"]].append(one)
    rules = {rule: _of_rule(mine) for rule, mine in sorted(of_rule.items())}
    incidents = sum(row["incidents"] for row in rules.values())
    false_alarms = sum(row["false_alarms"] for row in rules.values())
    return {
        "incidents": incidents,
        "false_alarms": false_alarms,
        "false_share": round(false_alarms / incidents, 4) if incidents else 0.0,
        "rules": rules,
        "outbox": dict(Counter(row["state"] for row in sent)),
    }


def _of_rule(entries: list[Entry]) -> dict[str, Any]:  # Any: JSON
    durations = sorted(one["duration_s"] for one in entries if one["kind"] == "resolved")
    return {
        "incidents": len({one["incident"] for one in entries if one.get("incident")}),
        "false_alarms": len({one["incident"] for one in entries if one.get("false_alarm")}),
        "resolved": len(durations),
        "median_duration_s": durations[len(durations) // 2] if durations else 0.0,
        "transitions": dict(Counter(one["kind"] for one in entries)),
    }
