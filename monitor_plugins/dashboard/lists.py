"""Runs, tasks, look-ups, events and bundles as lists that go on behind a cursor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from buildopt.model import MissReason, NotStored
from buildopt.monitor.hookspecs import Known, Row, miss_phrase, not_stored_phrase
from monitor_plugins.dashboard.asked import NS, Asked, Problem, is_position
from monitor_plugins.dashboard.shapes.monitor import Origin
from monitor_plugins.dashboard.shapes.runs import Bundle, Happened, Lookup, Reason, Run, Task

BUNDLE = "buildopt.bundle.analyzed"
T = TypeVar("T")
Page = dict[str, Any]  # Any: `items` and `next`


def runs(known: Known, asked: Asked) -> Page:
    """Runs, newest first."""
    names = {"task": asked["task"] or "", "outcome": asked["outcome"] or ""}
    return page(asked, [(run_of(row), row) for row in _rows(known.runs, asked, names)])


def tasks(known: Known, asked: Asked) -> Page:
    """Tasks, newest first."""
    names = {"task": asked["task"] or "", "outcome": asked["outcome"] or ""}
    rows = _rows(known.tasks, asked, {**names, "run": asked["run"] or ""})
    return page(asked, [(_of(Task, row), row) for row in rows])


def lookups(known: Known, asked: Asked) -> Page:
    """Look-ups that missed, newest first."""
    names = {"task": asked["task"] or "", "run": asked["run"] or ""}
    return page(asked, [(lookup_of(row), row) for row in _rows(known.lookups, asked, names)])


def bundles(known: Known, asked: Asked) -> Page:
    """Analyses of outputs, newest first."""
    names = {"types": (BUNDLE,), "run": asked["run"] or ""}
    rows = _rows(known.events, asked, names)
    return page(asked, [(bundle_of(row), row) for row in rows])


def bundle_figures(known: Known, asked: Asked) -> Page:
    """All figures of the analyses of one run."""
    rows = known.events(types=(BUNDLE,), run=asked["run"], limit=100)
    if not rows:
        raise Problem(404, "no bundle of this run is known")
    return {"items": [row["data"] for row in rows], "next": None}


def events_after(known: Known, asked: Asked) -> Iterator[Happened]:
    """Events behind a position, oldest first."""
    types = tuple(filter(None, (asked["type"] or "").split(",")))
    after = asked["after"] or ""
    if after and not is_position(after):
        raise Problem(400, f"`after` cannot be `{after[:60]}`", "take one from `position`")
    rows = known.events_after(after, asked.where, types=types, limit=asked["limit"])
    return (happened(row) for row in rows)


def origins(known: Known, _: Asked) -> Page:
    """What filters can ask for."""
    return {"items": [_of(Origin, row) for row in known.origins()], "next": None}


def page(asked: Asked, rows: Sequence[tuple[object, Row]]) -> Page:
    """A page of a list, and where the next one begins."""
    limit = asked["limit"]
    more = rows[limit - 1][1]["cursor"] if len(rows) > limit else None
    return {"items": [item for item, _ in rows[:limit]], "next": more}


def run_of(row: Row) -> Run:
    """A run of its row."""
    return _of(Run, row)


def lookup_of(row: Row) -> Lookup:
    """A look-up of its row, its reason in words."""
    text = reason_text(MissReason(row["reason"], row["subject"])) if row["reason"] else ""
    return _of(Lookup, {**row, "text": text})


def bundle_of(row: Row) -> Bundle:
    """An analysis of its event; what is not of the form it should have is left out."""
    data = row["data"]
    totals = _object(data.get("totals"))
    archive = _object(data.get("archive"))
    return Bundle(
        run=row["run"],
        time_s=row["time_ns"] / NS,
        output=_text(data.get("output") or archive.get("path")),
        kind=_text(data.get("kind")),
        task=_text(data.get("task")),
        project=row["project"],
        is_estimate=data.get("is_estimate") is True,
        raw_bytes=_whole(totals.get("raw", archive.get("bytes"))),
        gzip_bytes=_whole(totals.get("gzip")),
        brotli_bytes=_whole(totals.get("brotli")),
        duplicates=_whole(data.get("duplicates")) or 0,
        findings=dict(_object(data.get("findings"))),
        document=_text(data.get("document")),
    )


def happened(row: Row) -> Happened:
    """An event of its row."""
    return _of(Happened, {**row, "id": row["event_id"]})


def reasons_of(rows: Any) -> list[Reason]:  # Any: JSON
    """Why no record held, in words."""
    return [_reason(row, MissReason, miss_phrase) for row in _objects(rows)]


def not_stored_of(rows: Any) -> list[Reason]:  # Any: JSON
    """Why nothing was stored, in words."""
    return [_reason(row, NotStored, not_stored_phrase) for row in _objects(rows)]


def reason_text(reason: MissReason) -> str:
    """`src/App.tsx` changed, names in backticks."""
    return miss_phrase(reason).text


def _reason(row: Mapping[str, Any], kind: Any, phrase: Any) -> Reason:  # Any: the two above
    name, subject = _text(row.get("kind")), _text(row.get("subject"))
    return Reason(kind=name, subject=subject, text=phrase(kind(name, subject)).text)


def _rows(ask: Any, asked: Asked, names: Mapping[str, Any]) -> Sequence[Row]:  # Any: of Known
    """One row more than is asked for tells whether there are more."""
    cursor = asked["cursor"] or ""
    try:
        found: Sequence[Row] = ask(asked.where, **names, before=cursor, limit=asked["limit"] + 1)
    except ValueError as error:
        raise Problem(400, f"`cursor` cannot be `{cursor[:60]}`", "take one from `next`") from error
    return found


def _of(kind: type[T], row: Row) -> T:
    """The record of a row: columns of its own names, times in seconds."""
    values = {**row, "time_s": row.get("time_ns", 0) / NS}
    if values.get("stored") is not None:
        values["stored"] = bool(values["stored"])  # the index has numbers
    return msgspec.convert(values, kind, strict=False)


def _object(value: Any) -> Mapping[str, Any]:  # Any: JSON
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:  # Any: JSON
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _text(value: Any) -> str:  # Any: JSON
    return value if isinstance(value, str) else ""


def _whole(value: Any) -> int | None:  # Any: JSON
    return value if isinstance(value, int) and not isinstance(value, bool) else None
