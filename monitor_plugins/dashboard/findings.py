"""Findings as events of baselines leave them: what has changed for good."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from buildopt.monitor.hookspecs import LAST_NS, Known, Row
from monitor_plugins.dashboard.asked import NS, Asked
from monitor_plugins.dashboard.concerned import concerns, told_until
from monitor_plugins.dashboard.paging import page_of
from monitor_plugins.dashboard.shapes.alerts import Change

PREFIXES = ("buildopt.baseline.", "buildopt.finding.")
"""Baselines, and whatever another plugin finds: `data` has the same fields."""
MOST_EVENTS = 5_000
OPEN = ("suspected", "confirmed")
_COMMAND = re.compile(r"[a-z]{1,20}")


def changes(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """Findings, those that are open first, then the newest."""
    state, start_s = asked["state"], asked.where.from_ns / NS
    kept = [
        change for change in standing(known, asked)
        if state in (None, change.state) and (is_open(change) or change.time_s >= start_s)
    ]  # fmt: skip
    return page_of(kept, lambda change: change.finding, asked, asked["limit"])._asdict()


def standing(known: Known, asked: Asked) -> list[Change]:
    """Every finding that the filters ask for, whenever it was told: a level lasts."""
    rows = told_until(known, asked.where, PREFIXES, MOST_EVENTS)
    return changes_of(list(filter(concerns(known, asked.where), rows)))


def changes_of(rows: Sequence[Row]) -> list[Change]:
    """What events of findings, newest first, come to: the last one of each counts."""
    found: dict[str, Change] = {}
    for row in rows:
        finding = row["data"].get("finding")
        if isinstance(finding, str) and finding and finding not in found:
            found[finding] = _change(finding, row)
    return sorted(found.values(), key=lambda change: (not is_open(change), -change.time_s))


def is_open(change: Change) -> bool:
    """Whether somebody may want to do something."""
    return change.state in OPEN and change.direction != "better"


def _change(finding: str, row: Row) -> Change:
    data = row["data"]
    cause = data.get("cause")
    return Change(
        finding=finding,
        name=str(data.get("name") or row["subject"]),
        state=row["type"].rpartition(".")[2],
        direction=str(data.get("direction") or ""),
        time_s=row["time_ns"] / NS,
        since_s=_since_ns(row) / NS,
        since_run=str(data.get("since_run") or ""),
        before=_number(data.get("before")),
        after=_number(data.get("after")),
        effect=_number(data.get("effect")),
        confidence=_number(data.get("confidence")),
        smallest_change=_number(data.get("smallest_change")),
        unit=str(data.get("unit") or ""),
        project=str(data.get("project") or row["project"]),
        task=str(data.get("task") or ""),
        metric=str(data.get("metric") or ""),
        machine=str(data.get("machine") or ""),
        cache=str(data.get("cache") or ""),
        series=str(data.get("series") or ""),
        accept_by=_accept_by(row),
        cause=str(cause.get("text") or "") if isinstance(cause, Mapping) else "",
    )


def _accept_by(row: Row) -> str:
    """`baseline` of `buildopt baseline accept FINDING`; empty where no command does it."""
    if row["type"].startswith(PREFIXES[0]):
        return "baseline"
    told = row["data"].get("accept_by")
    return told if isinstance(told, str) and _COMMAND.fullmatch(told) else ""


def _since_ns(row: Row) -> int:
    """When it began, exactly: a build of that time is behind the change."""
    since_ns = row["data"].get("since_ns")
    is_time = isinstance(since_ns, int) and 0 < since_ns < LAST_NS
    return int(since_ns if is_time else row["time_ns"])


def _number(value: Any) -> float | None:  # Any: JSON
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < 1e300 else None
