"""The page `Front end` of the dashboard: vitals, chunks, components of the time that is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from buildopt.monitor.hookspecs import (
    Known,
    Panel,
    Request,
    Response,
    Route,
    Row,
    moment,
    where_of,
)
from monitor_plugins.web.lighthouse import MEASURED
from monitor_plugins.web.receiving import CHUNK, FAILED, RENDERED, VITAL
from monitor_plugins.web.shifts import LEAST_VIEWS, p75_of, verdict_of

VIEW = "Front end"
MOST_EVENTS = 5_000
MOST_ROWS = 200
STATES = {"good": "good", "needs improvement": "warn", "poor": "bad"}
ORDER = ("LCP", "INP", "CLS", "FCP", "TTFB")
SMOKE = f"fewer than {LEAST_VIEWS} page views: a smoke signal"

Cell = Any  # Any: JSON, see hookspecs.Panel
Table = dict[str, Any]  # Any: as above


class _Page(NamedTuple):
    """What tells the values of a table apart."""

    route: str
    project: str
    build: str


def panels() -> Iterator[Panel]:
    """In the order in which they stand."""
    for id_, (title, _) in TABLES.items():
        yield Panel(id_, title, "table", path=f"/api/v1/web/{id_}", view=VIEW)
    yield Panel(
        "web-beacons", "Beacons that came, and that were refused", "bar",
        metrics=("buildopt.beacon.operations", "buildopt.beacon.errors"), view=VIEW,
    )  # fmt: skip


def routes(known: Known) -> Iterator[Route]:
    """Where the values of the panels are."""
    for id_, (_, table) in TABLES.items():
        yield Route("GET", f"/api/v1/web/{id_}", partial(_answer, known, table))


def vitals(rows: Sequence[Row], names: Mapping[str, str]) -> Table:
    """The p75 of each vital by route and build."""
    values: dict[tuple[_Page, str], dict[str, float]] = {}
    for row in reversed(rows):
        data = row["data"]
        value = data.get("browser.web_vital.value")
        if row["type"] == VITAL and isinstance(value, int | float):
            key = (_page(data), str(data.get("browser.web_vital.name", "")).upper())
            values.setdefault(key, {})[str(data.get("browser.web_vital.id"))] = value
    newest = list(dict.fromkeys(page for page, _ in reversed(values)))
    table = []
    for page, name in sorted(values, key=lambda each: (each[0].route, newest.index(each[0]))):
        found = list(values[page, name].values())
        p75 = p75_of(found)
        verdict = verdict_of(name, p75)
        table.append((page, name, p75, len(found), verdict))
    table.sort(key=lambda r: (r[0].route, newest.index(r[0]), _rank(r[1])))
    return {
        "columns": ["Route", "Vital", "p75", "Page views", "Build", "Note"],
        "rows": [
            [page.route, name, _vital(name, p75, verdict), views, _build(page, names),
             SMOKE if views < LEAST_VIEWS else verdict]
            for page, name, p75, views, verdict in table[:MOST_ROWS]
        ],
    }  # fmt: skip


def chunks(rows: Sequence[Row], names: Mapping[str, str]) -> Table:
    """How long the chunks of each build take to load, the slowest first."""
    loads: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    failed: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        for chunk in _listed(row["data"], "chunks"):
            page = _page(row["data"])
            key = (str(chunk.get("chunk")), page.project, page.build)
            if row["type"] == FAILED:
                failed[key] += 1
            elif row["type"] == CHUNK:
                loads.setdefault(key, []).append(chunk)
    table = []
    for key in {**loads, **failed}:
        found = loads.get(key, [])
        # What came from a cache says nothing of the network.
        times = [c["buildopt.chunk.load.duration"] for c in found if not c.get("is_cached")]
        p75 = p75_of(times) if times else None
        size = max((int(c.get("size_bytes") or 0) for c in found), default=0)
        share = sum(bool(c.get("is_cached")) for c in found) / len(found) if found else None
        lazy = sum(bool(c.get("is_lazy")) for c in found)
        when = "on demand" if 2 * lazy > len(found) else "at start" if found else ""
        table.append((key, p75, size, share, len(found), when))
    table.sort(key=lambda r: (-failed[r[0]], -(r[1] or 0.0), r[0]))
    return {
        "columns": ["Chunk", "Loaded", {"name": "p75 to load", "unit": "s"},
                    {"name": "Size", "unit": "By"}, {"name": "From a cache", "unit": "1"},
                    "Loads", "Failed", "Build"],
        "rows": [
            [key[0], when, p75, size or None, share, loads_,
             {"value": failed[key], "state": "bad"} if failed[key] else 0,
             _build(_Page("", key[1], key[2]), names)]
            for key, p75, size, share, loads_, when in table[:MOST_ROWS]
        ],
    }  # fmt: skip


def components(rows: Sequence[Row], names: Mapping[str, str]) -> Table:
    """How long components take to render, by the page's own User Timing measures."""
    times: dict[tuple[_Page, str], list[float]] = {}
    for row in rows:
        if row["type"] != RENDERED:
            continue
        for each in _listed(row["data"], "components"):
            if isinstance(each.get("duration_s"), int | float):
                key = (_page(row["data"]), str(each.get("component")))
                times.setdefault(key, []).append(each["duration_s"])
    table = sorted(times.items(), key=lambda item: -p75_of(item[1]))
    return {
        "columns": ["Component", "Route", {"name": "p75 to render", "unit": "s"},
                    {"name": "longest", "unit": "s"}, "Renders", "Build"],
        "rows": [
            [name, page.route, p75_of(found), max(found), len(found), _build(page, names)]
            for (page, name), found in table[:MOST_ROWS]
        ],
    }  # fmt: skip


def lab(rows: Sequence[Row], _: Mapping[str, str]) -> Table:
    """The newest Lighthouse report of each page."""
    newest: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row["type"] == MEASURED:
            key = (str(row["data"].get("project")), str(row["data"].get("route")))
            newest.setdefault(key, row)
    return {
        "columns": ["Page", {"name": "Score", "unit": "1"}, {"name": "LCP", "unit": "s"}, "CLS",
                    {"name": "Blocking", "unit": "s"}, "Measured"],
        "rows": [
            [route, row["data"].get("score"), row["data"].get("lcp_s"), row["data"].get("cls"),
             row["data"].get("total_blocking_time_s"), moment(row["time_ns"])]
            for (_, route), row in sorted(newest.items())[:MOST_ROWS]
        ],
    }  # fmt: skip


Maker = Callable[[Sequence[Row], Mapping[str, str]], Table]
TABLES: Mapping[str, tuple[str, Maker]] = {
    "vitals": ("Web Vitals by route and build", vitals),
    "chunks": ("Chunks as they are loaded", chunks),
    "components": ("Components as they render", components),
    "lighthouse": ("Lighthouse reports", lab),
}
TYPES: Mapping[Maker, tuple[str, ...]] = {
    vitals: (VITAL,), chunks: (CHUNK, FAILED), components: (RENDERED,), lab: (MEASURED,),
}  # fmt: skip


def _answer(known: Known, table: Maker, request: Request) -> Response:
    asked = where_of(request.query)
    where = asked._replace(project="")  # that of the page is in the data: the monitor tells
    rows = known.events(where, types=TYPES[table], limit=MOST_EVENTS)
    rows = [row for row in rows if asked.project in ("", row["data"].get("project"))]
    found = table(rows, _names(known, rows))
    if len(rows) == MOST_EVENTS:
        found["text"] = f"Of the last {MOST_EVENTS:,} events of this time."
    return Response(200, json.dumps(found).encode())


def _names(known: Known, rows: Sequence[Row]) -> dict[str, str]:
    """Build -> how people call it: its task and when it ended."""
    builds = list(dict.fromkeys(str(row["data"].get("build") or "") for row in rows))
    found = [run for build in builds[:MOST_ROWS] if build for run in known.runs(run=build, limit=1)]
    return {run["run"]: f"{run['task']}, {moment(run['time_ns'])}" for run in found}


def _page(data: Mapping[str, Any]) -> _Page:
    return _Page(*(str(data.get(name) or "") for name in ("route", "project", "build")))


def _build(page: _Page, names: Mapping[str, str]) -> Cell:
    if page.build in names:
        return {"value": names[page.build], "href": f"/runs/{page.build}"}
    return page.build or "unknown"


def _vital(name: str, p75: float, verdict: str) -> Cell:
    if name == "CLS":
        return {"value": round(p75, 3), "state": STATES[verdict]}
    return {"value": p75 / 1000, "unit": "s", "state": STATES[verdict]}


def _rank(name: str) -> int:
    return ORDER.index(name) if name in ORDER else len(ORDER)


def _listed(data: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    found = data.get(name)
    return [row for row in found if isinstance(row, Mapping)] if isinstance(found, list) else []
