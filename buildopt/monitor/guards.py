"""What a request to the monitor's server has to pass before a route sees it.

    Host  ->  Origin, Sec-Fetch-Site  ->  token  ->  kind and size of the body  ->  route
    Host  ->  size of the body  ->  a route that is open to pages of other sites

A page of another site, a name of somebody else's that leads to this machine, another user of the
machine and a program that sends without end are each told no, in that order.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildopt.loopback import LOOPBACK, is_host
from buildopt.monitor.door_page import door_headers, door_page, is_person
from buildopt.monitor.socket_file import is_socket

MOST_BODY_BYTES = 1_000_000
MOST_OPEN_BYTES = 64 * 1024
"""Of what pages of other sites send: browsers send no larger beacons."""
OPEN_PATHS = frozenset({"/healthz", "/enter"})
"""What is answered without a token: one word, and the exchange of a token for a cookie."""
METRICS_PATH = "/metrics"
READING = frozenset({"GET", "HEAD"})
SIMPLE = "POST"
"""What a page of another site may send without asking before (a "simple request" of Fetch)."""
EVERYWHERE = frozenset({"0.0.0.0", "::"})
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "manifest-src 'self'; connect-src 'self'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


class Doors(NamedTuple):
    """Where a server listens, and the token that opens it."""

    host: str
    port: int
    token: str
    open_routes: frozenset[tuple[str, str]] = frozenset()
    """Method and path of the routes that check a token of their own."""

    @property
    def cookie(self) -> str:
        """Name of the cookie: browsers share cookies between ports, so it holds ours."""
        return f"buildopt-{self.port}"

    @property
    def metrics_token(self) -> str:
        """A token that opens nothing but `/metrics`."""
        return derived_token(self.token, "metrics")


def derived_token(token: str, purpose: str) -> str:
    """A token for one purpose, from which nobody finds the other one."""
    return hmac.new(token.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]


class Refusal(NamedTuple):
    """Why a request is not answered, as RFC 9457 tells it."""

    status: int
    title: str


class Guards:
    """The application with its guards in front."""

    def __init__(
        self,
        application: ASGIApp,
        doors: Doors,
        *,
        mono_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._application = application
        self._doors = doors
        self._open = 0
        self._mono_s = mono_s
        self._left_s = mono_s()
        self.refused: Counter[int] = Counter()
        """Status -> requests that were answered so, by the guards or by a route."""

    @property
    def idle_s(self) -> float:
        """How long nobody has been here whom the guards let in."""
        return 0.0 if self._open else self._mono_s() - self._left_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.refused[message["status"]] += message["status"] >= 400
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = refusal_of(scope["method"], scope["path"], Headers(scope=scope), self._doors)
        is_open = (scope["method"], scope["path"]) in self._doors.open_routes
        if refusal is None and is_open:
            await self._application(scope, _measured(receive, MOST_OPEN_BYTES), answer)
        elif refusal is None:
            self._open += scope["path"] not in OPEN_PATHS
            try:
                await self._application(scope, _measured(receive), answer)
            finally:
                self._open -= scope["path"] not in OPEN_PATHS
                self._left_s = self._mono_s() if scope["path"] not in OPEN_PATHS else self._left_s
        else:
            await _refuse(refusal, scope, answer)


TOO_LARGE = Refusal(413, "the body is too large")
ELSEWHERE = Refusal(403, "asked by a page of another site")
NO_TOKEN = Refusal(401, "the token is missing or wrong")
FOR_PEOPLE = (ELSEWHERE, NO_TOKEN)
"""What a person can do something about."""


def refusal_of(method: str, path: str, headers: Mapping[str, str], doors: Doors) -> Refusal | None:
    """Why a request with these headers is not answered; None: it is."""
    if not _is_meant_for(headers.get("host", ""), doors):
        return Refusal(403, "this is not the address that you asked for")
    if (method, path) in doors.open_routes:
        return _too_large(headers, MOST_OPEN_BYTES)
    if not _is_of_ours(headers):
        return ELSEWHERE
    if path not in OPEN_PATHS and not _has_token(path, method, headers, doors):
        return NO_TOKEN
    if method in READING or (method != SIMPLE and not _has_body(headers)):
        return None
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        return Refusal(415, "the body has to be application/json")
    return _too_large(headers, MOST_BODY_BYTES)


def is_token(given: str, *wanted: str) -> bool:
    """Whether one of the wanted ones was given; how long it takes tells nothing."""
    return max(hmac.compare_digest(given.encode(), each.encode()) for each in wanted)


def _is_meant_for(host: str, doors: Doors) -> bool:
    if is_socket(doors.host):  # no page leads there, whatever it is called
        return True
    allowed = {*LOOPBACK, doors.host}
    if doors.host in EVERYWHERE:
        # A name may be anybody's and lead here; a number leads where it says.
        allowed |= {os.uname().nodename.lower(), _address(host)}
    return is_host(host, doors.port, allowed)


def _address(host: str) -> str:
    """The host of a header where it is a number, else nothing."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        ipaddress.ip_address(name)
    except ValueError:
        return ""
    return name


def _is_of_ours(headers: Mapping[str, str]) -> bool:
    origin = headers.get("origin")
    if origin is not None and origin != f"http://{headers.get('host', '')}":
        return False
    return headers.get("sec-fetch-site", "none") in ("none", "same-origin")


def _has_token(path: str, method: str, headers: Mapping[str, str], doors: Doors) -> bool:
    wanted = [doors.token]
    if path == METRICS_PATH and method in READING:
        wanted.append(doors.metrics_token)
    scheme, _, given = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return is_token(given.strip(), *wanted)
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(doors.cookie)
    except CookieError:
        return False
    return cookie is not None and is_token(cookie.value, *wanted)


def _has_body(headers: Mapping[str, str]) -> bool:
    return "transfer-encoding" in headers or headers.get("content-length", "0") != "0"


def _too_large(headers: Mapping[str, str], most_bytes: int) -> Refusal | None:
    size = headers.get("content-length", "0")
    return TOO_LARGE if not size.isdigit() or int(size) > most_bytes else None


def _measured(receive: Receive, most_bytes: int = MOST_BODY_BYTES) -> Receive:
    """`receive`, which ends a body that is longer than it may be."""
    got_bytes = 0

    async def measured() -> Message:
        nonlocal got_bytes
        message = await receive()
        got_bytes += len(message.get("body", b""))
        if got_bytes > most_bytes:
            raise HTTPException(*TOO_LARGE)
        return message

    return measured


async def _refuse(refusal: Refusal, scope: Scope, send: Send) -> None:
    body, headers = _words_of(refusal, scope)
    headers = {**headers, "content-length": str(len(body))}
    if refusal.status == 401:
        headers["www-authenticate"] = "Bearer"
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": refusal.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _words_of(refusal: Refusal, scope: Scope) -> tuple[bytes, Mapping[str, str]]:
    """What a refusal says, and headers of it: a page for people, JSON for all others."""
    headers = Headers(scope=scope)
    if refusal in FOR_PEOPLE and is_person(scope["method"], headers):
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        page = door_page(refusal.status, refusal.title, headers.get("host", ""), target)
        return page, door_headers()
    problem = {"status": refusal.status, "title": refusal.title}
    return json.dumps(problem).encode(), {"content-type": "application/problem+json"}
