"""The plugin `reports` of the monitor: a report of each hour, and digests for people."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from buildopt.monitor.hookspecs import (
    Consumer,
    Panel,
    Request,
    Response,
    Route,
    Worker,
    hookimpl,
    page_of_reports,
)
from monitor_plugins.reports.consumer import ReportsConsumer
from monitor_plugins.reports.files import INDEX, TITLE, listed, read_page
from monitor_plugins.reports.options import Options, read_options
from monitor_plugins.reports.worker import ReportsWorker

BUILDOPT_API = 1
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Beside the one in the page, which names the digest of its style sheet: the stricter one holds."""

LISTED = "/api/v1/reports/listed"
MOST_ROWS = 48
"""Hours in the dashboard: two days, if something was built in each."""

_given: dict[str, Options] = {}
_workers: list[ReportsWorker] = []
"""Of one monitor: its folder is where pages are served from."""


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take the table `[plugins.reports]`; raises SettingsError for what makes no sense."""
    _workers.clear()
    _given["options"] = read_options(options)


@hookimpl
def consumers() -> Iterable[Consumer]:
    """Who keeps the runs."""
    return [ReportsConsumer(_options())]


@hookimpl
def workers() -> Iterable[Worker]:
    """Who writes and sends."""
    return [_worker()]


@hookimpl
def dashboard_panels() -> Iterable[Panel]:
    """The page `Reports`."""
    return [Panel("reports", TITLE, "table", path=LISTED, view="Reports")]


@hookimpl
def http_routes() -> Iterable[Route]:
    """The list, and each report."""
    yield Route("GET", LISTED, _table)
    yield Route("GET", "/reports", _list)
    yield Route("GET", "/reports/{name}", _page)


def _list(_: Request) -> Response:
    return Response(303, b"", headers={"Location": f"/reports/{INDEX}"})


def _table(_: Request) -> Response:
    folder = _worker().folder
    hours = [*islice(listed(folder), MOST_ROWS + 1)] if folder else []
    rows = [
        [
            {"value": each.title, "href": f"/reports/{each.href}"},
            each.runs,
            each.hit_ratio,
            {"value": each.failed, "state": "bad"} if each.failed else 0,
            each.verdict,
        ]
        for each in hours[:MOST_ROWS]
    ]
    text = "A report of each hour in which something was built, a minute after it is over."
    if len(hours) > MOST_ROWS:
        text += " All that are kept: /reports."
    columns = ["Time (UTC)", "Runs", {"name": "Answered", "unit": "1"}, "Failed", "What came of it"]
    told = {"text": text, "columns": columns, "rows": rows}
    return Response(200, json.dumps(told).encode("ascii"), "application/json")


def _page(request: Request) -> Response:
    name = request.parameters["name"]
    folder = _worker().folder
    content = read_page(folder, name) if folder else None
    if content is None and name == INDEX:
        content = page_of_reports(TITLE, ())
    if content is None:
        return Response(404, b"no such report: the first is written when an hour is over\n",
                        "text/plain; charset=utf-8")  # fmt: skip
    kind = "application/json" if name.endswith(".json") else "text/html; charset=utf-8"
    return Response(200, content, kind, {"content-security-policy": POLICY})


def _options() -> Options:
    return _given.get("options", Options())


def _worker() -> ReportsWorker:
    if not _workers:
        _workers.append(ReportsWorker(_options()))
    return _workers[0]
