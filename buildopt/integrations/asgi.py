"""Middleware for ASGI applications (Starlette, FastAPI, Django, Quart, …): one line to add.

    app.add_middleware(BuildoptMiddleware)          # Starlette, FastAPI
    app = BuildoptMiddleware(app)                   # any other

Counts each request by route, status and error with its duration, until its last byte was handed
over. What it passes on is what came: bodies, exceptions, websockets and lifespan untouched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from time import perf_counter
from typing import Any

from buildopt.integrations.routing import Routes
from buildopt.serving.telling import Teller
from buildopt.serving.window import Key

Message = MutableMapping[str, Any]  # Any: as ASGI has it
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
START, BODY = "http.response.start", "http.response.body"


class BuildoptMiddleware:
    """An ASGI application around another one."""

    def __init__(self, app: App, *, service: str = "", teller: Teller | None = None) -> None:
        """`service` names it (OpenTelemetry's `service.name`); else `OTEL_SERVICE_NAME` or the
        folder's name.
        """
        self.app = app
        self._teller = teller or Teller(service)
        self._routes = Routes()
        self.outermost = app if hasattr(app, "routes") else None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Pass one connection on."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = _Request(self, scope, send)
        try:
            await self.app(scope, receive, request.send)
        except BaseException as error:
            request.finish(error)
            raise
        request.finish()

    async def _live(self, scope: Message, receive: Receive, send: Send) -> None:
        """The application's life: at its end all is told, since uvicorn ends by a signal."""
        try:
            await self.app(scope, receive, send)
        finally:
            self._teller.flush_guarded()


class _Request:
    """One request on its way."""

    __slots__ = (
        "_app", "_began_s", "_ended_s", "_middleware", "_scope", "_send", "_status", "_window",
    )  # fmt: skip

    def __init__(self, middleware: BuildoptMiddleware, scope: Message, send: Send) -> None:
        self._middleware = middleware
        self._scope = scope
        self._app = scope.get("app") or middleware.outermost
        self._send = send
        self._status = 0
        self._ended_s = 0.0
        self._window = middleware._teller.window
        self._window.begin()
        self._began_s = perf_counter()

    async def send(self, message: Message) -> None:
        """Pass a message on, and note what it says."""
        await self._send(message)
        kind = message.get("type")
        if kind == START:
            self._status = message.get("status", 0)
        elif kind == BODY and not message.get("more_body", False):
            self._ended_s = perf_counter()

    def finish(self, error: BaseException | None = None) -> None:
        """Count it; what went on behind the last byte (background tasks) took no part in it."""
        try:
            ended_s = self._ended_s or perf_counter()
            key = Key(
                self._scope["method"],
                self._middleware._routes.of_scope(self._scope, self._app),
                self._status or _status_of(error),
                type(error).__qualname__ if error else "",
            )
            self._window.end(key, ended_s - self._began_s)
            self._middleware._teller.wake()
        except Exception:  # noqa: BLE001  # a promise: our trouble is no request's
            self._window.cancel()


def _status_of(error: BaseException | None) -> int:
    """What the server answers for an application that raised before its answer; 0 for nothing."""
    is_trouble = isinstance(error, Exception) and not isinstance(error, asyncio.CancelledError)
    return 500 if is_trouble else 0
