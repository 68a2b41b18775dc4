"""The page `Tests` of the dashboard: sessions, failed, flaky and slowest tests of a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
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


class Names(NamedTuple):
    """How suites are called: `shop`, or `shop/packages/a` for one of several of a project."""

    project: str
    """The one that the page shows, and that it need not name; empty for all."""
    roots: Mapping[str, str]
    """Run -> the folder that its project is in."""

    def of_session(self, row: Row) -> str:
        """As a session tells it."""
        root = self.roots.get(row["run"] or "", "")
        return self._label(row["project"], suite_of(row["data"], root))

    def of_finding(self, data: Mapping[str, Any]) -> str:  # Any: JSON
        """As a finding tells it."""
        return self._label(str(data.get("project", "")), str(data.get("suite", "")))

    def _label(self, project: str, suite: str) -> str:
        return suite if self.project else f"{project}/{suite}".strip("/")


class _Seen(NamedTuple):
    """A test in a session."""

    test: Result
    suite: str
    row: Row


def sessions(rows: Sequence[Row], names: Names) -> Answer:
    """How long each suite took, session by session."""
    lines: dict[str, list[tuple[float, float]]] = {}
    for row in reversed(rows):
        took_s = row["data"].get("duration_s")
        if row["type"] == FINISHED and isinstance(took_s, int | float):
            lines.setdefault(names.of_session(row), []).append((row["time_ns"] / NS, took_s))
    return {
        "unit": "s",
        "dots": True,
        "series": [
            {"name": name or "tests", "times_s": [at for at, _ in values],
             "values": [took_s for _, took_s in values]}
            for name, values in sorted(lines.items())
        ],
    }  # fmt: skip


def failed(rows: Sequence[Row], names: Names) -> Answer:
    """Tests that failed, those that failed last first."""
    found: dict[tuple[str, str], list[_Seen]] = {}
    runs: dict[tuple[str, str], int] = {}
    for seen in _tests(rows, names):
        key = (seen.suite, seen.test.name)
        runs[key] = runs.get(key, 0) + 1
        if seen.test.letter in FAILED or seen.test.was_rerun:
            found.setdefault(key, []).append(seen)
    return {
        "columns": ["Test", "Failed", "Of", "Last time", "Run"],
        "rows": [
            [_called(*key), {"value": len(times), "state": "bad"}, runs[key],
             moment(times[0].row["time_ns"]), _run(times[0].row)]
            for key, times in list(found.items())[:MOST_ROWS]
        ],
    }  # fmt: skip


def flaky(rows: Sequence[Row], names: Names) -> Answer:
    """Tests that failed and passed nevertheless, as far as that is known."""
    newest: dict[str, Row] = {}
    for row in rows:
        if row["data"].get("about") == "tests":
            newest.setdefault(str(row["data"].get("finding")), row)
    return {
        "columns": ["Test", "State", "Why", "Told", "Run"],
        "rows": [
            [_called(names.of_finding(row["data"]), str(row["data"].get("test"))),
             {"value": state, "state": STATES.get(state, "good")},
             _cause(row["data"]), moment(row["time_ns"]), _link(row["data"].get("since_run"))]
            for row in list(newest.values())[:MOST_ROWS]
            if (state := row["type"].rpartition(".")[2])
        ],
    }  # fmt: skip


def slowest(rows: Sequence[Row], names: Names) -> Answer:
    """The longest tests, as they were in the newest session that had them."""
    newest: dict[tuple[str, str], _Seen] = {}
    for seen in _tests(rows, names):
        newest.setdefault((seen.suite, seen.test.name), seen)
    total_s = sum(seen.test.duration_s for seen in newest.values())
    ranked = sorted(newest.items(), key=lambda item: -item[1].test.duration_s)
    return {
        "columns": ["Test", {"name": "Time", "unit": "s"}, {"name": "Share of all", "unit": "1"},
                    "Run"],
        "rows": [
            [_called(*key), seen.test.duration_s, seen.test.duration_s / total_s, _run(seen.row)]
            for key, seen in ranked[:MOST_ROWS] if seen.test.duration_s
        ],
    }  # fmt: skip


Maker = Callable[[Sequence[Row], Names], Answer]
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
    return Response(200, json.dumps(make(rows, Names(where.project, _roots(known, rows)))).encode())


def _roots(known: Known, rows: Sequence[Row]) -> dict[str, str]:
    ids = dict.fromkeys(row["run"] for row in rows if row["run"] and "root" in row["data"])
    return {id_: run["root"] for id_ in ids for run in known.runs(run=id_, limit=1)}


def _tests(rows: Sequence[Row], names: Names) -> Iterator[_Seen]:
    """All tests, those of the newest session first."""
    for row in rows:
        if row["type"] == RESULTS:
            suite = names.of_session(row)
            yield from (_Seen(test, suite, row) for test in tests_of(row["data"]))


def _called(suite: str, test: str) -> str:
    return f"{suite}: {test}" if suite else test


def _run(row: Row) -> Any:  # Any: a cell
    return _link(row["run"])


def _link(run: Any) -> Any:  # Any: JSON, a cell
    return {"value": "run", "href": f"/runs/{run}"} if isinstance(run, str) and run else None


def _cause(data: Mapping[str, Any]) -> str:  # Any: JSON
    cause = data.get("cause")
    return str(cause.get("text", "")) if isinstance(cause, Mapping) else ""
