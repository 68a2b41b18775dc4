"""Tells pages in a browser to load themselves anew after a good round: a server-sent event.

    /reload.js   what a page includes; it listens, and reloads
    /events      `reload`, once for each good round that changed something; nothing else is told

It listens on loopback only. What is asked of it has to name this very address (a foreign name that
leads here is refused), and the page that listens has to come from this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from threading import Thread

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from buildopt.loopback import HEARTBEAT_S, is_host, is_local, listening, server_of

SCRIPT = """\
new EventSource(new URL("/events", document.currentScript.src))
  .addEventListener("reload", () => location.reload());
"""


class LiveReload:
    """The server of one session, in a thread of its own."""

    def __init__(self, port: int) -> None:
        """Raises OSError where the port is taken; 0 is any that is free."""
        self._sockets = listening(port)
        self.port = int(self._sockets[0].getsockname()[1])
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listeners: set[asyncio.Queue[str]] = set()
        self._server = server_of(self._application())
        self._thread = Thread(target=self._serve, name="live-reload", daemon=True)

    @property
    def address(self) -> str:
        """What a page includes."""
        return f"http://localhost:{self.port}/reload.js"

    def start(self) -> None:
        """Begin to answer. No signal ever comes to its thread."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            self._thread.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def reload(self) -> None:
        """Tell all who listen."""
        self._tell("event: reload\ndata: \n\n")

    def stop(self) -> None:
        """Let all go, and end."""
        self._server.end()
        self._tell("")
        self._thread.join()

    def _tell(self, text: str) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                loop.call_soon_threadsafe(self._put, text)

    def _put(self, text: str) -> None:
        for listener in self._listeners:
            listener.put_nowait(text)

    def _serve(self) -> None:
        self._server.run(sockets=self._sockets)

    def _application(self) -> Starlette:
        routes = [
            Route("/reload.js", self._script),
            Route("/events", self._events),
        ]
        return Starlette(routes=routes, lifespan=self._lifespan)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        self._loop = asyncio.get_running_loop()
        yield

    async def _script(self, request: Request) -> Response:
        if not is_host(request.headers.get("host", ""), self.port):
            return _refused()
        headers = {"cross-origin-resource-policy": "cross-origin", "cache-control": "no-cache"}
        return PlainTextResponse(SCRIPT, media_type="text/javascript", headers=headers)

    async def _events(self, request: Request) -> Response:
        host, origin = request.headers.get("host", ""), request.headers.get("origin", "")
        site = request.headers.get("sec-fetch-site", "none")
        is_ours = is_local(origin) if origin else site in ("none", "same-origin")
        if not is_host(host, self.port) or not is_ours:
            return _refused()
        headers = {"cache-control": "no-store", "vary": "Origin"}
        if origin:
            headers["access-control-allow-origin"] = origin
        return StreamingResponse(self._stream(), media_type="text/event-stream", headers=headers)

    async def _stream(self) -> AsyncIterator[str]:
        listener: asyncio.Queue[str] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            yield ": listening\n\n"
            while not self._server.should_exit:
                try:
                    text = await asyncio.wait_for(listener.get(), HEARTBEAT_S)
                except TimeoutError:
                    text = ":\n\n"
                if text:
                    yield text
        finally:
            self._listeners.discard(listener)


def _refused() -> Response:
    return PlainTextResponse("not for this address or page\n", status_code=403)
