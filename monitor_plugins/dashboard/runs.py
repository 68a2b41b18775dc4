"""One run: what it says of itself, its tasks and its processes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from buildopt.monitor.hookspecs import Known, Row
from monitor_plugins.dashboard.asked import Asked, Problem
from monitor_plugins.dashboard.lists import happened, not_stored_of, reasons_of, run_of
from monitor_plugins.dashboard.shapes.runs import Process, RunDetail, Step

FINISHED, TASK = "buildopt.run.finished", "buildopt.task.finished"
MOST_EVENTS = 1_000


def detail(known: Known, asked: Asked) -> RunDetail:
    """All about a run."""
    row, events = _told(known, asked["run"])
    return RunDetail(run=run_of(row), result=result_of(events), events=[*map(happened, events)])


def steps(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """Its tasks, in order of start."""
    _, events = _told(known, asked["run"])
    return {"items": steps_of(asked["run"], events), "next": None}


def processes(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """Its processes, as far as they are known and kept."""
    _, events = _told(known, asked["run"])
    return {"items": processes_of(known, events), "next": None}


def blob(known: Known, asked: Asked) -> bytes:
    """What an event names by digest."""
    content = known.blob(asked["digest"])
    if content is None:
        raise Problem(404, "nothing of that digest is kept")
    return content


def _told(known: Known, run: str) -> tuple[Row, Sequence[Row]]:
    rows = known.runs(run=run, limit=1)
    if not rows:
        raise Problem(404, "no run of that id has ended here")
    return rows[0], events_of(known, run)


def events_of(known: Known, run: str) -> Sequence[Row]:
    """What was told of a run, oldest first."""
    return known.events(run=run, limit=MOST_EVENTS)[::-1]


def result_of(events: Sequence[Row]) -> dict[str, Any]:  # Any: JSON
    """What the run said at its end."""
    return next((dict(row["data"]) for row in events if row["type"] == FINISHED), {})


def steps_of(run: str, events: Sequence[Row]) -> list[Step]:
    """The tasks of a run, in order of start; a plain run is its own."""
    result = result_of(events)
    listed = result.get("tasks")
    rows = listed if isinstance(listed, list) and listed else [result] if result else []
    found = [_step(run, row) for row in rows if isinstance(row, Mapping)]
    return sorted(found, key=lambda step: step.started_s)


def processes_of(known: Known, events: Sequence[Row]) -> list[Process]:
    """All processes in order of start; a step tells of some that its run tells of too."""
    digests = [str(row["data"].get("processes") or "") for row in events if row["type"] == TASK]
    found: list[Process] = []
    for digest in filter(None, digests):
        try:
            rows = json.loads(known.blob(digest) or b"[]")
            found += msgspec.convert(rows, list[Process], strict=False)
        except (ValueError, msgspec.ValidationError):
            continue  # damaged, or of another version
    once = {(one.pid, tuple(one.command)): one for one in reversed(found)}
    return sorted(once.values(), key=lambda process: process.start_s)


def _step(run: str, row: Mapping[str, Any]) -> Step:  # Any: JSON
    values = {
        **row,
        "run": run,
        "inside": row.get("inside") or "",
        "miss_reasons": [],
        "not_stored": [],
    }
    try:
        step = msgspec.convert(values, Step, strict=False)
    except msgspec.ValidationError:
        step = Step(run=run, task=str(row.get("task")), inside="", directory="", outcome="executed")
    step.miss_reasons = reasons_of(row.get("miss_reasons"))
    step.not_stored = not_stored_of(row.get("not_stored"))
    return step
