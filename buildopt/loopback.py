"""Serving on this machine: what the servers of ours have in common.

A web page may have a browser ask any port of this machine, and a name of its own lead here. So
whoever asks has to name this very address, and a page that asks has to come from this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import Callable, Collection
from typing import Any
from urllib.parse import urlsplit

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_CONNECTIONS = 64
MOST_HEADER_BYTES = 16_384
HEADERS_WITHIN_S = 10.0
"""How long a client may take to say what it wants."""
END_S = 1
HEARTBEAT_S = 15.0
"""Of silence in a stream, after which a comment shows whether somebody still listens."""


def listening(port: int, host: str = "127.0.0.1") -> list[socket.socket]:
    """A socket of that address; of loopback one of IPv4, and of IPv6 where there is any.

    Raises OSError where the port is taken; 0 is any that is free.
    """
    if not is_loopback(host):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [socket.create_server((host, port), family=family)]
    first = socket.create_server(("127.0.0.1", port))
    sockets = [first]
    with contextlib.suppress(OSError):
        address = ("::1", first.getsockname()[1])
        sockets.append(socket.create_server(address, family=socket.AF_INET6))
    return sockets


def server_of(application: Callable[..., Any]) -> QuietServer:  # Any: ASGI
    """A server that says nothing by itself, with limits on what clients may take."""
    config = uvicorn.Config(
        application,
        loop="asyncio",
        http=ImpatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
        timeout_graceful_shutdown=END_S,
        server_header=False,
        date_header=False,
    )
    return QuietServer(config)


class QuietServer(uvicorn.Server):
    """Sleeps while nobody asks: uvicorn's own looks ten times a second whether it is to end."""

    _loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        """Serve until `end`."""
        self._ended = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self.should_exit:
            await self._ended.wait()

    def end(self) -> None:
        """Take no new request, let all go, and end; to be called from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._ended.set)


class ImpatientProtocol(H11Protocol):
    """Lets a client go that does not say within `HEADERS_WITHIN_S` what it wants."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Go on waiting where there is only a part of the headers."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        else:
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEADERS_WITHIN_S, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_host(host: str, port: int, allowed: Collection[str] = LOOPBACK) -> bool:
    """Whether a request was meant for us: else a name of somebody else's leads here."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname in allowed and parts.port == port
    except ValueError:
        return False


def is_local(origin: str) -> bool:
    """Whether a page was served by this machine."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    name = parts.hostname or ""
    return parts.scheme in ("http", "https") and (name in LOOPBACK or name.endswith(".localhost"))
