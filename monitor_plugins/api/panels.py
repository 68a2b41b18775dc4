"""The page `API` of the dashboard: endpoints as a table, and over time; cache and pool."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

from buildopt.monitor.hookspecs import Known, Panel, Request, Response, Route
from monitor_plugins.api.endpoints import Answer, endpoints, errors, response, throughput
from monitor_plugins.api.history import Asked, asked_of, parts
from monitor_plugins.api.resources import over_time

PREFIX = "/api/v1/http/"
VIEW = "API"
PANELS = (
    Panel("api-endpoints", "Endpoints", "table", path=f"{PREFIX}endpoints", view=VIEW),
    Panel("api-response", "Response time, p95", "line", path=f"{PREFIX}response", view=VIEW),
    Panel("api-errors", "Requests that failed (5xx)", "line", path=f"{PREFIX}errors", view=VIEW),
    Panel("api-throughput", "Requests a second", "line", path=f"{PREFIX}throughput", view=VIEW),
    Panel("api-cache", "Cache of the application", "line", path=f"{PREFIX}cache", view=VIEW),
    Panel("api-pool", "Pool of the application", "line", path=f"{PREFIX}pool", view=VIEW),
    Panel("api-wait", "Waiting for the pool", "line", path=f"{PREFIX}wait", view=VIEW),
)


def routes(known: Known) -> Iterator[Route]:
    """Where the panels' values come from."""
    for name, answer in ANSWERS.items():
        yield Route("GET", f"{PREFIX}{name}", partial(_answer, known, answer))


ANSWERS: dict[str, Callable[[Known, Asked], Answer]] = {
    "endpoints": lambda known, asked: endpoints(list(parts(known, asked)), asked),
    "response": lambda known, asked: response(list(parts(known, asked)), asked),
    "errors": lambda known, asked: errors(list(parts(known, asked)), asked),
    "throughput": lambda known, asked: throughput(list(parts(known, asked)), asked),
    "cache": partial(over_time, resource="cache"),
    "pool": partial(over_time, resource="pool"),
    "wait": partial(over_time, resource="wait"),
}


def _answer(known: Known, answer: Callable[[Known, Asked], Answer], request: Request) -> Response:
    try:
        asked = asked_of(request.query)
    except (ValueError, OverflowError) as error:
        told = {"status": 400, "title": "the time makes no sense", "detail": str(error)[:200]}
        return Response(400, json.dumps(told).encode(), "application/problem+json")
    return Response(200, json.dumps(answer(known, asked)).encode())
