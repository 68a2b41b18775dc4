"""The page `Tests` of the dashboard: sessions, failed, flaky and slowest tests of a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, NamedTuple

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
from monitor_plugins.testing.sessions import (
    FAILED,
    FINISHED,
    RESULTS,
    Result,
    suite_of,
    tests_of,
)

VIEW = "Tests"
FINDING = "buildopt.finding."
MOST_EVENTS = {FINISHED: 500, RESULTS: 60, FINDING: 500}
"""Of the newest; an event of results has up to 40 kB."""
MOST_ROWS = 50
NS = 1_000_000_000
STATES = {"confirmed": "bad", "suspected": "warn"}

Answer = dict[str, Any]  # Any: JSON, see hookspecs.Panel
Roots = Mapping[str, str]
"""Run -> the folder that its project is in."""


class _Seen(NamedTuple):
    """A test in a session."""

    test: Result
    suite: str
    row: Row


def sessions(rows: Sequence[Row], roots: Roots) -> Answer:
    """How long each suite took, session by session."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in reversed(rows):
        took_s = row["data"].get("duration_s")
        if row["type"] == FINISHED and isinstance(took_s, int | float):
            lines.setdefault(_suite(row, roots), []).append((row["time_ns"] / NS, took_s))
    return {
        "unit": "s",
        "dots": True,
        "series": [
            {"name": name or "tests", "times_s": [at for at, _ in values],
             "values": [took_s for _, took_s in values]}
            for name, values in sorted(lines.items())
        ],
    }  # fmt: skip


def failed(rows: Sequence[Row], roots: Roots) -> Answer:
    """Tests that failed, those that failed last first."""
    found: dict[tuple[str, str], list[_Seen]] = {}
    runs: dict[tuple[str, str], int] = {}
    for seen in _tests(rows, roots):
        key = (seen.suite, seen.test.name)
        runs[key] = runs.get(key, 0) + 1
        if seen.test.letter in FAILED or seen.test.was_rerun:
            found.setdefault(key, []).append(seen)
    name = _namer(suite for suite, _ in runs)
    return {
        "columns": ["Test", "Failed", "Of", "Last time", "Run"],
        "rows": [
            [name(*key), {"value": len(times), "state": "bad"}, runs[key],
             moment(times[0].row["time_ns"]), _run(times[0].row)]
            for key, times in list(found.items())[:MOST_ROWS]
        ],
    }  # fmt: skip


def flaky(rows: Sequence[Row], _: Roots) -> Answer:
    """Tests that failed and passed nevertheless, as far as that is known."""
    newest: dict[str, Row] = {}
    for row in rows:
        if row["data"].get("about") == "tests":
            newest.setdefault(str(row["data"].get("finding")), row)
    name = _namer(_found_in(row["data"]) for row in newest.values())
    return {
        "columns": ["Test", "State", "Why", "Since", "Run"],
        "rows": [
            [name(_found_in(row["data"]), str(row["data"].get("test"))),
             {"value": state, "state": STATES.get(state, "good")},
             _cause(row["data"]), moment(row["time_ns"]), _run(row)]
            for row in list(newest.values())[:MOST_ROWS]
            if (state := row["type"].rpartition(".")[2])
        ],
    }  # fmt: skip


def slowest(rows: Sequence[Row], roots: Roots) -> Answer:
    """The longest tests, as they were in the newest session that had them."""
    newest: dict[tuple[str, str], _Seen] = {}
    for seen in _tests(rows, roots):
        newest.setdefault((seen.suite, seen.test.name), seen)
    total_s = sum(seen.test.duration_s for seen in newest.values())
    ranked = sorted(newest.items(), key=lambda item: -item[1].test.duration_s)
    name = _namer(suite for suite, _ in newest)
    return {
        "columns": ["Test", {"name": "Time", "unit": "s"}, {"name": "Share of all", "unit": "1"},
                    "Run"],
        "rows": [
            [name(*key), seen.test.duration_s, seen.test.duration_s / total_s, _run(seen.row)]
            for key, seen in ranked[:MOST_ROWS] if seen.test.duration_s
        ],
    }  # fmt: skip


Maker = Callable[[Sequence[Row], Roots], Answer]
Kind = Literal["line", "table"]
PANELS: Sequence[tuple[str, str, Kind, Maker, tuple[str, ...]]] = (
    ("sessions", "How long tests take", "line", sessions, (FINISHED,)),
    ("failed", "Tests that failed", "table", failed, (RESULTS,)),
    ("flaky", "Flaky tests", "table", flaky, (FINDING,)),
    ("slowest", "Slowest tests", "table", slowest, (RESULTS,)),
)
"""Name, title, kind, what makes it, the types of events that it is made of."""


def panels() -> Iterator[Panel]:
    """In the order in which they stand."""
    for name, title, kind, _, _ in PANELS:
        yield Panel(f"tests-{name}", title, kind, path=f"/api/v1/tests/{name}", view=VIEW)


def routes(known: Known) -> Iterator[Route]:
    """Where the values of the panels are."""
    for name, _, _, make, types in PANELS:
        yield Route("GET", f"/api/v1/tests/{name}", partial(_answer, known, make, types))


def _answer(known: Known, make: Maker, types: Sequence[str], request: Request) -> Response:
    where = where_of(request.query)
    if FINDING in types:  # the monitor tells these, of all projects
        everywhere = where._replace(project="")
        rows = known.events(everywhere, types=types, limit=MOST_EVENTS[FINDING])
        rows = [r for r in rows if where.project in ("", r["data"].get("project"))]
    else:
        rows = known.events(where, types=types, limit=MOST_EVENTS[types[0]])
    return Response(200, json.dumps(make(rows, _roots(known, rows))).encode())


def _roots(known: Known, rows: Sequence[Row]) -> Roots:
    ids = dict.fromkeys(row["run"] for row in rows if row["run"] and "root" in row["data"])
    return {id_: run["root"] for id_ in ids for run in known.runs(run=id_, limit=1)}


def _tests(rows: Sequence[Row], roots: Roots) -> Iterator[_Seen]:
    """All tests, those of the newest session first."""
    for row in rows:
        if row["type"] == RESULTS:
            suite = _suite(row, roots)
            yield from (_Seen(test, suite, row) for test in tests_of(row["data"]))


def _suite(row: Row, roots: Roots) -> str:
    """`shop`, or `shop/packages/a` for one of several suites of a project."""
    return _label(row["project"], suite_of(row["data"], roots.get(row["run"] or "", "")))


def _found_in(data: Mapping[str, Any]) -> str:  # Any: JSON
    """The same, as a finding tells it."""
    return _label(str(data.get("project", "")), str(data.get("suite", "")))


def _label(project: str, suite: str) -> str:
    return f"{project}/{suite}".strip("/")


def _namer(suites: Iterable[str]) -> Callable[[str, str], str]:
    """How tests are called: by their suite too, where there are several."""
    is_one = len(set(suites)) < 2
    return lambda suite, test: test if is_one or not suite else f"{suite}: {test}"


def _run(row: Row) -> Any:  # Any: a cell
    return {"value": "run", "href": f"/runs/{row['run']}"} if row["run"] else None


def _cause(data: Mapping[str, Any]) -> str:  # Any: JSON
    cause = data.get("cause")
    return str(cause.get("text", "")) if isinstance(cause, Mapping) else ""
