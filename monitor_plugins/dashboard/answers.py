"""Answers of the API: JSON with a tag, NDJSON, and problems as RFC 9457 has them."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from buildopt.monitor.hookspecs import Request, Response
from monitor_plugins.dashboard.asked import Problem

PROBLEM = "application/problem+json"
REVALIDATE = {"cache-control": "no-cache"}
"""A browser may keep it, and asks each time whether it is still so."""
LASTING = {"cache-control": "private, max-age=31536000, immutable"}
"""What stands at this address never changes."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")


def json_of(value: Any) -> bytes:  # Any: Structs, JSON
    """Compact JSON; texts that are no UTF-8 cannot be in the index."""
    return _ENCODER.encode(value)


def tagged(request: Request, body: bytes, content_type: str = "application/json") -> Response:
    """The answer with the digest of its body as tag; 304 for one who has it already."""
    tag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**REVALIDATE, "etag": tag}
    known = request.headers.get("if-none-match", "").split(",")
    if tag in (each.strip().removeprefix("W/") for each in known):  # proxies weaken tags
        return Response(304, b"", content_type, headers)
    return Response(200, body, content_type, headers)


def lines_of(rows: Iterable[Any]) -> bytes:  # Any: Structs, JSON
    """NDJSON: an object a line."""
    return b"".join(json_of(row) + b"\n" for row in rows)


def problem(trouble: Problem) -> Response:
    """What is wrong with a request."""
    told = {"status": trouble.status, "title": trouble.title}
    if trouble.detail:
        told["detail"] = trouble.detail
    return Response(trouble.status, json_of(told), PROBLEM)
