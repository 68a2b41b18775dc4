"""The plugin `dashboard` of the monitor: the API, the stream and the page as routes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from buildopt.monitor.hookspecs import Known, Panel, Request, Response, Route, hookimpl
from monitor_plugins.dashboard import openapi
from monitor_plugins.dashboard.answers import json_of, lines_of, problem, tagged
from monitor_plugins.dashboard.asked import Problem, read
from monitor_plugins.dashboard.endpoints import ENDPOINTS, V1, Endpoint
from monitor_plugins.dashboard.stream import Streams

BUILDOPT_API = 1
Handler = Callable[[Request], Response]


@hookimpl
def http_routes(dashboard_panels: Sequence[Panel], known: Known) -> Iterable[Route]:
    """All paths."""
    from monitor_plugins.dashboard.page import routes  # imports jinja2, only where it is served

    panels = tuple(dashboard_panels)
    yield from (
        Route(each.method, each.path, guarded(partial(_answer, each, known))) for each in ENDPOINTS
    )
    yield Route("GET", f"{V1}/stream", guarded(Streams(known).answer))
    yield Route("GET", f"{V1}/panels", guarded(partial(_panels, panels)))
    yield Route("GET", f"{V1}/openapi.json", guarded(_openapi))
    yield from (
        Route(route.method, route.path, guarded(route.handler)) for route in routes(known, panels)
    )


def guarded(handler: Handler) -> Handler:
    """The handler, whose problems are answers."""

    def answer(request: Request) -> Response:
        try:
            return handler(request)
        except Problem as trouble:
            return problem(trouble)

    return answer


def _answer(endpoint: Endpoint, known: Known, request: Request) -> Response:
    asked = read(request, endpoint.parameters)
    found = endpoint.handler(known, asked)
    if endpoint.form == "lines":
        return tagged(request, lines_of(found), "application/x-ndjson")
    body = found if endpoint.form == "bytes" else json_of(found)
    if endpoint.method == "POST":
        return Response(endpoint.status, body)
    return tagged(request, body)


def _panels(panels: Sequence[Panel], request: Request) -> Response:
    read(request, ())
    return tagged(request, json_of({"items": [panel._asdict() for panel in panels], "next": None}))


def _openapi(request: Request) -> Response:
    try:
        told = version("buildopt")
    except PackageNotFoundError:
        told = "unknown"
    return tagged(request, json_of(openapi.document(told)))
