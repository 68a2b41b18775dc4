"""How alerts and silences look in a terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.wording import plain, quantity

AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


def print_json(data: Mapping[str, Any]) -> None:  # Any: JSON
    """One object on one line."""
    click.echo(json.dumps(data))


def alert_json(alert: Alert) -> dict[str, Any]:  # Any: JSON
    """An alert for machines."""
    return {
        "incident": alert.incident_id, "rule": alert.rule, "phase": alert.phase,
        "level": alert.level, "value": alert.value, "peak": alert.peak, "labels": alert.labels,
        "since": alert.since_wall_s, "stale": alert.is_stale, "flapping": alert.is_flapping,
        "acknowledged_by": alert.acked_by, "held_by": alert.held_by if alert.held_wall_s else "",
        "occurrences": alert.occurrences, "run": alert.run,
    }  # fmt: skip


def alert_line(alert: Alert) -> str:
    """An alert for people."""
    marks: list[str] = [alert.phase]
    marks += ["stale"] if alert.is_stale else []
    marks += ["flapping"] if alert.is_flapping else []
    marks += [f"acknowledged by {plain(alert.acked_by)}"] if alert.acked_by else []
    marks += [f"held: {plain(alert.held_by)}"] if alert.held_wall_s else []
    labels = " ".join(f"{k}={plain(v)}" for k, v in sorted(alert.labels.items()) if v)
    return (
        f"{alert.incident_id[:8]}  {alert.level:<8} {alert.rule}  {quantity(alert.value, '')}  "
        f"since {clock(alert.since_wall_s)}  {', '.join(marks)}  {labels}"
    ).rstrip()


def silence_line(silence: Silence) -> str:
    """A silence for people."""
    why = f": {plain(silence.comment)}" if silence.comment else ""
    until = clock(silence.end_wall_s)
    return (
        f"{plain(silence.id)[:8]}  silence  {match_text(silence.match)}  until {until}"
        f"  by {plain(silence.by) or 'somebody'}{why}"
    )


def match_text(match: Mapping[str, str]) -> str:
    """What a silence holds back."""
    pairs: Iterable[str] = (f"{name}={plain(value)}" for name, value in sorted(match.items()))
    return " ".join(pairs) or "everything"


def clock(wall_s: float) -> str:
    """A time of the wall clock, in the local zone."""
    return datetime.fromtimestamp(wall_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")
