"""The plugin `web` of the monitor: pages send what they measure, and see it beside their build."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from buildopt.monitor.hookspecs import (
    Consumer,
    Known,
    MetricSource,
    Panel,
    Request,
    Response,
    Route,
    hookimpl,
)
from monitor_plugins.web import panels, script
from monitor_plugins.web.consumer import Web
from monitor_plugins.web.limits import Tally
from monitor_plugins.web.receiving import PURPOSE, Receiver

BUILDOPT_API = 1
SCRIPT_HEADERS = {
    "cross-origin-resource-policy": "cross-origin",  # pages of other sites load it
    "cache-control": "max-age=300",
}
RULE = {
    "id": "front-end",
    "signal": {
        "event": "buildopt.finding.",
        "bad": "about == 'web' and state == 'confirmed' and direction == 'worse'",
        "good": "about == 'web' and state == 'closed'",
    },
    "identity": ["finding", "name", "project"],
    "resolve_identity": ["finding"],
    "resolve_after": "30d",
    "group_by": ["group"],
    "title": "a page is slower than the build before made it",
    "advice": "see which chunk grew: `buildopt bundle diff`",
    "runbook": "docs/guides/front-end-metrics.md",
}

_tally = Tally()


@hookimpl
def consumers() -> Iterable[Consumer]:
    """Who holds builds against each other."""
    return [Web()]


@hookimpl
def metric_sources() -> Iterable[MetricSource]:
    """How many beacons came, and how many were refused."""
    return [_tally]


@hookimpl
def alert_rules() -> Iterable[Mapping[str, Any]]:  # Any: as in TOML
    """One for what the consumer finds."""
    return [RULE]


@hookimpl
def dashboard_panels() -> Iterable[Panel]:
    """The page `Front end`."""
    return panels.panels()


@hookimpl
def http_routes(known: Known) -> Iterable[Route]:
    """The script, the beacons, and what the panels show."""
    receiver = Receiver(known, _tally)
    yield Route("GET", script.PATH, _script, is_open=True)
    yield Route("POST", "/api/v1/vitals", receiver.answer, is_open=True)
    yield Route("GET", "/api/v1/vitals/token", partial(_token, known))
    yield from panels.routes(known)


def _script(_: Request) -> Response:
    source = script.source()
    if source is None:
        return Response(404, script.NOT_BUILT.encode(), "text/plain")
    return Response(200, source, "text/javascript; charset=utf-8", SCRIPT_HEADERS)


def _token(known: Known, _: Request) -> Response:
    return Response(200, json.dumps({"token": known.token(PURPOSE)}).encode())
