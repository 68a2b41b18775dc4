"""The one server: health, metrics, and the routes of plugins, behind the guards.

    /                what there is, where no plugin has a page of its own
    /healthz         one word: pass, warn (200) or fail (503); needs no token
    /enter?token=T   the token from the printed address, exchanged for a cookie
    /enter?ticket=T  the same for a ticket, which lets in once
    /tickets         a ticket, for who has the token and opens a browser
    /metrics         Prometheus text
    /api/v1/health   every component, as `buildopt monitor health --json` prints it
    /assets/…        the style sheets that all pages of ours have

The only asynchronous place: handlers of plugins may block and run in threads.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from threading import Thread
from typing import Any, NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request as HttpRequest
from starlette.responses import (
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    StreamingResponse,
)
from starlette.responses import Response as HttpResponse
from starlette.routing import Route as HttpRoute
from starlette.types import ASGIApp

from buildopt.loopback import listening, server_of
from buildopt.monitor.door_page import door_headers, door_page, is_person
from buildopt.monitor.exposition import CONTENT_TYPE
from buildopt.monitor.guards import NO_TOKEN, Doors, Guards, is_token
from buildopt.monitor.hookspecs import Request, Route
from buildopt.monitor.socket_file import PREFIX, is_socket, listening_at, remove_dead
from buildopt.monitor.tickets import Tickets
from buildopt.report.page import stylesheet

STOP_WITHIN_S = 1.5
ASK_AGAIN_S = 0.2
"""A stream that has nothing is asked for more so often."""
STYLES = ("tokens.css", "page.css")
COOKIE_S = 30 * 24 * 3600


class Shown(NamedTuple):
    """What the server tells; each is called when somebody asks."""

    health: Callable[[], Mapping[str, Any]]  # Any: JSON
    metrics: Callable[[], str]
    routes: Iterable[Route] = ()


class Server:
    """The server of one monitor, in a thread of its own."""

    def __init__(self, host: str, port: int, token: str, shown: Shown) -> None:
        """Raises OSError where the port is taken; 0 is any that is free."""
        self._sockets = [listening_at(host)] if is_socket(host) else listening(port, host)
        shown = shown._replace(routes=tuple(shown.routes))
        self.doors = Doors(
            host,
            0 if is_socket(host) else int(self._sockets[0].getsockname()[1]),
            token,
            frozenset((route.method, route.path) for route in shown.routes if route.is_open),
        )
        self._guards = Guards(application(shown, self.doors), self.doors)
        self._server = server_of(self._guards)
        self._thread = Thread(target=self._serve, name="http", daemon=True)

    @property
    def url(self) -> str:
        """Where it answers."""
        if is_socket(self.doors.host):
            return self.doors.host
        host = f"[{self.doors.host}]" if ":" in self.doors.host else self.doors.host
        return f"http://{host}:{self.doors.port}"

    def start(self) -> None:
        """Begin to answer. No signal ever comes to its thread."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def begin_to_stop(self) -> None:
        """Take no new request, and let all go."""
        self._server.end()

    def stop(self, timeout_s: float = STOP_WITHIN_S) -> None:
        """The same, and wait for the end."""
        self.begin_to_stop()
        self._thread.join(timeout_s)
        if is_socket(self.doors.host):
            remove_dead(self.doors.host.removeprefix(PREFIX))

    @property
    def idle_s(self) -> float:
        """How long nobody has asked for anything."""
        return self._guards.idle_s

    @property
    def refused(self) -> Mapping[int, int]:
        """Status of 400 and above -> requests that were answered so."""
        return {status: n for status, n in tuple(self._guards.refused.items()) if n}

    @property
    def is_alive(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def _serve(self) -> None:
        self._server.run(sockets=self._sockets)


def application(shown: Shown, doors: Doors) -> ASGIApp:
    """All routes; the guards stand in front of them (`guards.Guards`)."""

    async def healthz(_: HttpRequest) -> HttpResponse:
        status = (await run_in_threadpool(shown.health))["status"]
        return PlainTextResponse(f"{status}\n", status_code=503 if status == "fail" else 200)

    tickets = Tickets()

    async def ticket(_: HttpRequest) -> HttpResponse:
        return JSONResponse({"ticket": tickets.issue()}, 201)

    async def enter(request: HttpRequest) -> HttpResponse:
        asked = request.query_params
        if not (
            is_token(asked.get("token", ""), doors.token) or tickets.take(asked.get("ticket", ""))
        ):
            if is_person(request.method, request.headers):
                return HttpResponse(door_page(*NO_TOKEN), 401, dict(door_headers()))
            return _problem(*NO_TOKEN)
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(
            doors.cookie, doors.token, max_age=COOKIE_S, httponly=True, samesite="strict"
        )
        return answer

    async def metrics(_: HttpRequest) -> HttpResponse:
        text = await run_in_threadpool(shown.metrics)
        return HttpResponse(text, headers={"content-type": CONTENT_TYPE})

    async def health(_: HttpRequest) -> HttpResponse:
        return JSONResponse(await run_in_threadpool(shown.health))

    async def front(_: HttpRequest) -> HttpResponse:
        paths = [route.path for route in routes]
        lines = "".join(f"{path}\n" for path in sorted(paths))
        return PlainTextResponse(f"buildopt monitor: {shown.health()['status']}\n\n{lines}")

    async def style(request: HttpRequest) -> HttpResponse:
        name = request.path_params["name"]
        if name not in STYLES:
            raise HTTPException(404)
        lasting = {"cache-control": "private, max-age=31536000, immutable"}
        headers = lasting if "v" in request.query_params else {"cache-control": "no-cache"}
        content = await run_in_threadpool(stylesheet, name)
        return HttpResponse(content, media_type="text/css", headers=headers)

    own = [
        HttpRoute("/assets/{name}", style),
        HttpRoute("/healthz", healthz),
        HttpRoute("/enter", enter),
        HttpRoute("/tickets", ticket, methods=["POST"]),
        HttpRoute("/metrics", metrics),
        HttpRoute("/api/v1/health", health),
    ]
    routes = [*own, *map(_mounted, shown.routes), HttpRoute("/", front)]
    return Starlette(
        routes=routes,
        exception_handlers={HTTPException: _refused, Exception: _failed},
    )


def _mounted(route: Route) -> HttpRoute:
    async def answer(request: HttpRequest) -> HttpResponse:
        asked = Request(
            method=request.method,
            path=request.url.path,
            parameters={name: str(value) for name, value in request.path_params.items()},
            query=dict(request.query_params),
            headers=dict(request.headers),
            body=await request.body(),
        )
        given = await run_in_threadpool(route.handler, asked)
        headers = {**given.headers, "content-type": given.content_type}
        if isinstance(given.body, bytes):
            return HttpResponse(given.body, given.status, headers)
        return StreamingResponse(_pieces(given.body), given.status, headers)

    return HttpRoute(route.path, answer, methods=[route.method])


async def _pieces(body: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What comes, and a rest where nothing does: a stream that waits holds no thread."""
    try:
        async for piece in iterate_in_threadpool(body):
            if piece:
                yield piece
            else:
                await asyncio.sleep(ASK_AGAIN_S)
    finally:
        if isinstance(body, Generator):
            body.close()


async def _refused(request: HttpRequest, error: Exception) -> HttpResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and is_person(request.method, request.headers):
        return HttpResponse(door_page(404, "Not found"), 404, dict(door_headers()))
    return _problem(error.status_code, error.detail.lower())


async def _failed(_: HttpRequest, error: Exception) -> HttpResponse:
    return _problem(500, f"{type(error).__name__} in the handler")


def _problem(status: int, title: str) -> HttpResponse:
    """An error as RFC 9457 has it."""
    body = json.dumps({"status": status, "title": title})
    return HttpResponse(body, status, headers={"content-type": "application/problem+json"})
