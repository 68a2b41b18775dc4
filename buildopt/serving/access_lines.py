"""Reads lines of access logs: the combined format of Apache and nginx, and JSON objects.

    combined   HOST - USER [TIME] "GET /a HTTP/1.1" 200 512 "REFERER" "AGENT" [DURATION]
    json       {"method": "GET", "path": "/a", "status": 200, "duration_s": 0.012, "time": …}

A last field `0.012` of a combined line is seconds (nginx' `$request_time`), one without a point
microseconds (Apache's `%D`). Names of JSON fields are those of the table below, dots may nest.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, get_args

Format = Literal["combined", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
METHOD = ("http.request.method", "request_method", "method", "verb")
ROUTE = ("http.route", "route")
PATH = ("url.path", "path", "request_uri", "uri", "request_path", "url", "request")
STATUS = ("http.response.status_code", "status", "status_code", "response_status")
TIME = ("time", "timestamp", "@timestamp", "time_iso8601", "ts", "msec", "time_local")
DURATIONS: tuple[tuple[str, float], ...] = (
    ("http.server.request.duration", 1.0), ("request_time", 1.0), ("duration_s", 1.0),
    ("duration_seconds", 1.0), ("elapsed_s", 1.0), ("duration_ms", 1e-3),
    ("response_time_ms", 1e-3), ("latency_ms", 1e-3), ("elapsed_ms", 1e-3),
    ("responseTime", 1e-3), ("duration_us", 1e-6), ("duration_ns", 1e-9), ("duration", 1.0),
)  # fmt: skip
"""Names of durations, and how many seconds one of them is."""
_COMBINED = re.compile(
    r'\S+ \S+ .*?\[(?P<time>[^\]]{1,40})\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) \S+'
    r"(?P<rest>.*)"
)
_DURATION = re.compile(r"(?:\w+=)?(\d{1,18}(?:\.\d{1,9})?)")
_APACHE_TIME = "%d/%b/%Y:%H:%M:%S %z"


class Served(NamedTuple):
    """One request, as a line tells it."""

    method: str
    path: str
    status: int
    duration_s: float | None = None
    time_s: float | None = None
    """Seconds since 1970 at which it was written."""
    route: str = ""


def parse(line: str, form: Format) -> Served | None:
    """The request of a line; None for what is none."""
    return _PARSERS[form](line)


def _combined(line: str) -> Served | None:
    found = _COMBINED.fullmatch(line)
    if found is None:
        return None
    method, path = _request(found["request"])
    return Served(
        method=method,
        path=path,
        status=int(found["status"]),
        duration_s=_combined_duration_s(found["rest"]),
        time_s=_time_s(found["time"]),
    )


def _combined_duration_s(rest: str) -> float | None:
    """What the last field says, if it is a number."""
    found = _DURATION.fullmatch(rest.rstrip().rpartition(" ")[2])
    if found is None:
        return None
    return float(found[1]) if "." in found[1] else int(found[1]) / 1e6


def _json(line: str) -> Served | None:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(raw, dict):
        return None
    status = _number(_first(raw, STATUS))
    method, path = str(_first(raw, METHOD) or ""), str(_first(raw, PATH) or "")
    if " " in path:
        method, path = _request(path)
    route = str(_first(raw, ROUTE) or "")
    if status is None or not 0 <= status <= 999 or not (path or route):
        return None
    return Served(method, path, int(status), _duration_s(raw), _time_s(_first(raw, TIME)), route)


_PARSERS: Mapping[Format, Callable[[str], Served | None]] = {"combined": _combined, "json": _json}


def _request(text: str) -> tuple[str, str]:
    """Method and path of `GET /a HTTP/1.1`; what is no such line has an empty method."""
    words = text.split(" ")
    return (words[0], words[1]) if len(words) in (2, 3) else ("", "/{malformed}")


def _duration_s(raw: Mapping[str, Any]) -> float | None:  # Any: JSON
    for name, unit_s in DURATIONS:
        value = _number(_first(raw, (name,)))
        if value is not None and value >= 0:
            return value * unit_s
    return None


def _first(raw: Mapping[str, Any], names: tuple[str, ...]) -> Any:  # Any: JSON
    for name in names:
        value = raw.get(name)
        if value is None and "." in name:
            value = _inside(raw, name)
        if value is not None:
            return value
    return None


def _inside(raw: Mapping[str, Any], name: str) -> Any:  # Any: JSON
    found: Any = raw  # Any: JSON
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _number(value: object) -> float | None:
    """A finite number, also one that is written as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _time_s(value: object) -> float | None:
    number = _number(value)
    if number is not None:
        return number / 1000 if number > 1e11 else number  # milliseconds since 1970
    if not isinstance(value, str):
        return None
    try:
        if ":" in value[:13] and "/" in value:
            return datetime.strptime(value, _APACHE_TIME).timestamp()
        at = datetime.fromisoformat(value)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
