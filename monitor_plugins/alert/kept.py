"""What the plugin's file has, for those who ask: alerts, silences, history, and what was sent."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

from buildopt.errors import UsageError
from buildopt.monitor.hookspecs import Caller
from monitor_plugins.alert import store
from monitor_plugins.alert.alert import Alert, alert_of
from monitor_plugins.alert.consumer import NAME
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.wording import plain

Entry = Mapping[str, Any]  # Any: JSON
MOST_NAMED = 10


def alerts(caller: Caller) -> list[Alert]:
    """All that are known, the gravest first."""
    rows = caller.read(NAME, store.OF_KIND, ("alert",))
    found = [alert_of(json.loads(text)) for (text,) in rows]
    return sorted(found, key=lambda one: (one.level != "critical", one.since_wall_s, one.key))


def silences(caller: Caller) -> list[Silence]:
    """Those that hold something back now, the one that ends first in front."""
    rows = caller.read(NAME, store.OF_KIND, ("silence",))
    found = [Silence(**json.loads(text)) for (text,) in rows]
    now_s = time.time()
    return sorted(
        (one for one in found if one.end_wall_s > now_s), key=lambda one: (one.end_wall_s, one.id)
    )


def history(caller: Caller, *, incident: str = "", days: int = store.HISTORY_DAYS) -> list[Entry]:
    """Transitions of the last days, the newest last; of incidents that begin so."""
    since_s = time.time() - days * store.DAY_S
    rows = caller.read(NAME, store.HISTORY, (since_s, len(incident), incident))
    return [json.loads(text) for (text,) in rows]


def history_of(caller: Caller, incident: str) -> tuple[str, list[Entry]]:
    """One incident by its first digits, and all that happened to it; raises UsageError."""
    entries = [one for one in history(caller, incident=incident) if one.get("incident")]
    if not entries:
        raise no_incident(incident)
    found = entries[-1]["incident"]
    return found, [one for one in entries if one["incident"] == found]


def sent(caller: Caller, incident: str) -> list[dict[str, Any]]:  # Any: JSON
    """What was to be sent, and what came of it; of all incidents for an empty one."""
    rows = caller.read(NAME, store.SENT, (incident,))
    return [
        {"channel": channel, "state": state, **_tries(json.loads(text))}
        for channel, state, text in rows
    ]


def open_incident(caller: Caller, start: str) -> str:
    """One that goes on, by its first digits or its rule; raises UsageError."""
    found = [
        alert.incident_id for alert in alerts(caller)
        if alert.is_open and (alert.incident_id.startswith(start) or alert.rule == start)
    ]  # fmt: skip
    if not found:
        raise no_incident(start)
    if len(found) > 1:
        raise UsageError(
            f"`{plain(start)}` is more than one incident",
            hint=f"say which: {', '.join(one[:8] for one in found[:MOST_NAMED])}",
            slug="unknown-incident",
        )
    return found[0]


def no_incident(start: str) -> UsageError:
    """Nothing begins so."""
    return UsageError(
        f"there is no incident `{plain(start)}`",
        hint="`buildopt alert list` and `buildopt alert history` name them",
        slug="unknown-incident",
    )


def _tries(row: Entry) -> dict[str, Any]:  # Any: JSON
    return {"key": row["key"], "tries": row["tries"], "detail": row["detail"]}
