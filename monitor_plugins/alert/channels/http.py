"""One POST with a time limit for all of it, and what its status means for another try."""

from __future__ import annotations

import email.utils
import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from buildopt.monitor.hookspecs import Delivery

TIMEOUT_S = 10.0
LONGEST_ANSWER_BYTES = 2_000
NO_ADDRESS = "the address is no http or https URL"
RETRIED = frozenset({408, 425, 429})
"""Statuses below 500 that ask for another try (RFC 9110, 6585, 8470)."""


def post(
    url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = TIMEOUT_S
) -> Delivery:
    """Send; never raises for a receiver that fails, hangs or goes away."""
    try:
        parts = urlsplit(url.strip())
        connection = _connection(parts, timeout_s)
    except ValueError:
        return Delivery("refused", NO_ADDRESS)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return Delivery("refused", NO_ADDRESS)
    ends_s = time.monotonic() + timeout_s
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body, dict(headers))
        _limit(connection, ends_s)
        answer = connection.getresponse()
        said = answer.read(LONGEST_ANSWER_BYTES).decode("utf-8", "replace")
    except TimeoutError:
        return Delivery("failed", f"no answer within {timeout_s:g} s")
    except (http.client.InvalidURL, ValueError):  # its words would show a secret
        return Delivery("refused", "the address or a header has characters that it must not have")
    except (OSError, http.client.HTTPException) as error:
        return Delivery("failed", f"{type(error).__name__}: {error}"[:200])
    finally:
        connection.close()
    return _meaning(answer, said)


def _meaning(answer: http.client.HTTPResponse, said: str) -> Delivery:
    if 200 <= answer.status < 300:
        return Delivery("delivered")
    detail = f"HTTP {answer.status} {said[:150]}".strip()
    if answer.status >= 500 or answer.status in RETRIED:
        return Delivery("failed", detail, _retry_after_s(answer.getheader("Retry-After")))
    return Delivery("refused", detail)


def _retry_after_s(value: str | None) -> float | None:
    """Seconds of the header, which may be a date."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _limit(connection: http.client.HTTPConnection, ends_s: float) -> None:
    """What sending took is no longer there for the answer."""
    if isinstance(connection.sock, socket.socket):
        connection.sock.settimeout(max(0.1, ends_s - time.monotonic()))
