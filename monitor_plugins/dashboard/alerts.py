"""Alerts and silences as events of the alert plugin leave them; what people do are events too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from buildopt.monitor.hookspecs import Known, Row, fact
from monitor_plugins.dashboard.asked import NS, Asked, Problem, body_of
from monitor_plugins.dashboard.concerned import concerns, told_until
from monitor_plugins.dashboard.paging import page_of
from monitor_plugins.dashboard.shapes.alerts import (
    Acknowledge,
    Alert,
    Hush,
    Moment,
    Nothing,
    Silence,
    Written,
)

PREFIX = "buildopt.alert."
ACKNOWLEDGED, MARKED = PREFIX + "acknowledged", PREFIX + "marked"
SILENCED, UNSILENCED = PREFIX + "silenced", PREFIX + "unsilenced"
OF_PEOPLE = (ACKNOWLEDGED, MARKED, SILENCED, UNSILENCED)
MOST_EVENTS = 5_000


def alerts(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """Incidents, those that go on first, then the newest."""
    state, start_s = asked["state"], asked.where.from_ns / NS
    kept = [
        alert for alert in standing(known, asked)
        if state in (None, alert.state) and goes_on_since(alert, start_s)
    ]  # fmt: skip
    return page_of(kept, lambda alert: alert.incident, asked, asked["limit"])._asdict()


def one(known: Known, asked: Asked) -> Alert:
    """One incident, from its beginning."""
    incident = asked["incident"]
    for alert in alerts_of(known.events(types=(PREFIX,), limit=MOST_EVENTS)):
        if alert.incident == incident:
            return alert
    raise Problem(404, "there is no such incident")


def silences(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """What is held back."""
    rows = known.events(types=(SILENCED, UNSILENCED), limit=MOST_EVENTS)
    return {"items": silences_of(rows, asked.now_s), "next": None}


def acknowledge(known: Known, asked: Asked) -> Written:
    """Take care of an incident."""
    body = body_of(asked.request, Acknowledge)
    incident = one(known, asked).incident
    until = asked.now_s + body.for_s
    return _write(
        known, ACKNOWLEDGED, incident, {"incident": incident, "until": until, "by": body.by}, asked
    )


def silence(known: Known, asked: Asked) -> Written:
    """Hold notifications back."""
    body = body_of(asked.request, Hush)
    until = asked.now_s + body.for_s
    id_ = blake2b(f"{until} {sorted(body.match.items())}".encode(), digest_size=4).hexdigest()
    data = {
        "id": id_, "match": body.match, "until": until, "by": body.by, "comment": body.comment,
    }  # fmt: skip
    return _write(known, SILENCED, id_, data, asked)


def end_silence(known: Known, asked: Asked) -> Written:
    """End a silence now."""
    body_of(asked.request, Nothing)
    return _write(known, UNSILENCED, asked["id"], {"id": asked["id"]}, asked)


def standing(known: Known, asked: Asked) -> list[Alert]:
    """Every incident that the filters ask for, as it stands at the end of the time."""
    rows = told_until(known, asked.where, (PREFIX,), MOST_EVENTS)
    is_meant = concerns(known, asked.where)
    told = (row for row in rows if row["type"] not in OF_PEOPLE)
    meant = {_incident_of(row) for row in told if is_meant(row)}
    return alerts_of([row for row in rows if _incident_of(row) in meant])


def goes_on_since(alert: Alert, start_s: float) -> bool:
    """Whether it went on at or after a time: an open one does, whenever it began."""
    return alert.state == "firing" or alert.changed_s >= start_s


def alerts_of(rows: Sequence[Row]) -> list[Alert]:
    """What events of alerts, newest first, come to."""
    found: dict[str, Alert] = {}
    for row in reversed(rows):
        incident = _incident_of(row)
        if not incident:
            continue
        if row["type"] in OF_PEOPLE:
            _obey(found.get(incident), row)
        else:
            before = found.pop(incident, None)
            found[incident] = _moved(before, incident, row)
    newest = sorted(found.values(), key=lambda alert: alert.changed_s, reverse=True)
    return sorted(newest, key=lambda alert: (alert.state != "firing", alert.level != "critical"))


def silences_of(rows: Sequence[Row], now_s: float) -> list[Silence]:
    """What is held back, newest first."""
    ended = {str(row["data"].get("id")) for row in rows if row["type"] == UNSILENCED}
    found = []
    for row in rows:
        data = row["data"]
        if row["type"] != SILENCED:
            continue
        id_, until_s = str(data.get("id") or row["event_id"]), _number(data.get("until")) or 0.0
        match = data.get("match")
        found.append(
            Silence(
                id=id_,
                match=dict(match) if isinstance(match, Mapping) else {},
                until_s=until_s,
                by=str(data.get("by") or ""),
                comment=str(data.get("comment") or ""),
                is_active=until_s > now_s and id_ not in ended,
            )
        )
    return found


def _moved(before: Alert | None, incident: str, row: Row) -> Alert:
    """The incident behind one more transition."""
    data = row["data"]
    kind = row["type"].removeprefix(PREFIX)
    state = data.get("state") if kind == "settled" else kind
    labels = data.get("labels")
    at_s = row["time_ns"] / NS
    value, threshold, unit = _measured(data)
    alert = Alert(
        incident=incident,
        rule=str(data.get("rule") or ""),
        level=str(data.get("level") or ""),
        state="resolved" if state in ("resolved", "stale") else "firing",
        title=str(data.get("title") or data.get("rule") or ""),
        since_s=_number(data.get("since")) or at_s,
        changed_s=at_s,
        duration_s=_number(data.get("duration_s")) or 0.0,
        value=value,
        threshold=threshold,
        unit=unit,
        labels=dict(labels) if isinstance(labels, Mapping) else {},
        advice=str(data.get("advice") or ""),
        run=str(data.get("run") or ""),
        timeline=before.timeline if before else [],
    )
    if before and alert.state == "firing":
        alert.acknowledged_by = before.acknowledged_by
        alert.acknowledged_until_s = before.acknowledged_until_s
        alert.is_false_alarm = before.is_false_alarm
    alert.timeline.append(Moment(time_s=at_s, kind=kind, level=alert.level, value=alert.value))
    return alert


def _measured(data: Row) -> tuple[float | None, float | None, str]:
    """Value, threshold and unit: of a change what it came to, of a command that failed none."""
    context = data.get("context")
    context = context if isinstance(context, Mapping) else {}
    if "exit_code" in context:
        return None, None, ""
    if "before" in context and "after" in context:
        return _number(context["after"]), None, str(context.get("unit") or "")
    unit = str(data.get("unit") or "")
    return _number(data.get("value")), _number(data.get("threshold")), unit


def _obey(alert: Alert | None, row: Row) -> None:
    """What a person said of it."""
    if alert is None:
        return
    data, at_s = row["data"], row["time_ns"] / NS
    by = str(data.get("by") or "")
    if row["type"] == ACKNOWLEDGED:
        alert.acknowledged_by = by or "somebody"
        alert.acknowledged_until_s = _number(data.get("until"))
    elif row["type"] == MARKED:
        alert.is_false_alarm = bool(data.get("false_alarm", True))
    alert.timeline.append(Moment(time_s=at_s, kind=row["type"].removeprefix(PREFIX), by=by))


def _write(known: Known, kind: str, id_: str, data: Mapping[str, Any], asked: Asked) -> Written:
    event = fact(kind, data, time_ns=int(asked.now_s * NS), subject=id_)
    try:
        return Written(event=known.emit(event).id, id=id_)
    except PermissionError as error:
        raise Problem(403, str(error)) from error


def _incident_of(row: Row) -> str:
    return str(row["data"].get("incident") or "")


def _number(value: Any) -> float | None:  # Any: JSON
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None
