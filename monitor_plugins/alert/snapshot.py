"""The engine's state as rows of plain JSON, and back: what a store keeps in one transaction.

    ("alert", key) ("group", key) ("points", rule/key) ("silence", id) ("engine", "state")
    ("engine", "moment")    what every sample changes

Only the rows that changed are given out, and those two. The same rows and the same rules make the
same engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from monitor_plugins.alert.alert import Alert, alert_of
from monitor_plugins.alert.engine import Engine, Policy
from monitor_plugins.alert.groups import Group, group_of
from monitor_plugins.alert.inputs import Moment
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.rule import Rule

RowKey = tuple[str, str]
STATE: RowKey = ("engine", "state")
MOMENT: RowKey = ("engine", "moment")


def changed_rows(engine: Engine) -> list[tuple[RowKey, Any]]:  # Any: JSON
    """Rows to write, None for those to remove, and forget that they changed."""
    rows: list[tuple[RowKey, Any]] = []  # Any: as above
    for kind, key in sorted(engine.dirty):
        rows.append(((kind, key), _row(engine, kind, key)))
    engine.dirty.clear()
    rows.append((STATE, _state(engine)))
    rows.append((MOMENT, _moment(engine)))
    return rows


def engine_of(
    rows: Iterable[tuple[RowKey, Any]], rules: Mapping[str, Rule], policy: Policy
) -> Engine:  # Any: JSON
    """The engine that was kept, with the rules of now."""
    kept: dict[str, dict[str, Any]] = {}  # Any: JSON
    for (kind, key), raw in rows:
        kept.setdefault(kind, {})[key] = raw
    engine = kept.get("engine", {})
    state = {**engine.get("state", {}), **engine.get("moment", {})}
    return Engine(
        rules=rules,
        policy=policy,
        now=Moment(*state.get("now", (0.0, 0.0, 0.0))),
        alerts={key: alert_of(raw) for key, raw in kept.get("alert", {}).items()},
        groups={key: group_of(raw) for key, raw in kept.get("group", {}).items()},
        silences={key: Silence(**raw) for key, raw in kept.get("silence", {}).items()},
        points={
            key: [(*point, 1) if len(point) == 2 else tuple(point) for point in raw]
            for key, raw in kept.get("points", {}).items()
        },
        gauges=dict(state.get("gauges", {})),
        seen=list(state.get("seen", ())),
        usual=dict(state.get("usual", {})),
        overflow=dict(state.get("overflow", {})),
        incidents=state.get("incidents", 0),
    )


def _row(engine: Engine, kind: str, key: str) -> Any:  # Any: JSON
    if kind == "points":
        return engine.points.get(key)
    records: dict[str, Mapping[str, Alert | Group | Silence]] = {
        "alert": engine.alerts,
        "group": engine.groups,
        "silence": engine.silences,
    }
    found = records[kind].get(key)
    return None if found is None else found.as_json()


def _state(engine: Engine) -> dict[str, Any]:  # Any: JSON
    return {
        "seen": engine.seen,
        "overflow": dict(engine.overflow),
        "incidents": engine.incidents,
    }


def _moment(engine: Engine) -> dict[str, Any]:  # Any: JSON
    return {"now": list(engine.now), "gauges": engine.gauges, "usual": engine.usual}
