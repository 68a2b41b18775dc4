"""A request as checked values: every parameter is one that the endpoint's table has."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from buildopt.monitor.hookspecs import LAST_NS, Request, Where

NS = 1_000_000_000
UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"(\d{1,6})([smhdw])")
LONGEST_TEXT = 1_000
ENDS_FIRST = (400, "the time ends before it begins", "`from` has to be before `to`")
_PLACE = r"(?:[0-9]{8},[^,\r\n]{1,255},[0-9]{12})?"
_POSITION = re.compile(f"{_PLACE}/{_PLACE}")
T = TypeVar("T")
EARLIEST_S, LATEST_S = 0.0, LAST_NS / NS


class Problem(Exception):
    """Why a request is not answered as it was meant, as RFC 9457 tells it."""

    def __init__(self, status: int, title: str, detail: str = "") -> None:
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail


class Parameter(NamedTuple):
    """One parameter of a path or a query."""

    name: str
    text: str
    kind: Literal["string", "integer", "number", "time"] = "string"
    default: Any = None  # Any: of its kind
    least: float | None = None
    most: float | None = None
    choices: Sequence[str] = ()
    is_path: bool = False
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What a handler gets: checked values by name, and the request."""

    values: Mapping[str, Any]  # Any: of the parameter's kind
    request: Request
    now_s: float

    def __getitem__(self, name: str) -> Any:  # Any: as above
        """The value of a parameter."""
        return self.values[name]

    @property
    def where(self) -> Where:
        """The filters."""
        names = ("environment", "host", "project", "machine")
        filters = {name: self.values.get(name) or "" for name in names}
        start, end = self.values.get("from"), self.values.get("to")
        return Where(
            **filters,
            from_ns=0 if start is None else int(start * NS),
            to_ns=LAST_NS if end is None else int(end * NS),
        )

    @property
    def within(self) -> Where:
        """The filters in the time of `span_s`, also where no beginning is said."""
        start_ns = self.span_s[0] * NS
        return (
            self.where
            if self.values.get("from") is not None
            else self.where._replace(from_ns=start_ns)
        )

    @property
    def span_s(self) -> tuple[int, int]:
        """The time that is asked for, in whole seconds; the last day where none is said."""
        end = self.values.get("to")
        end_s = math.ceil(self.now_s if end is None else end)
        start = self.values.get("from")
        start_s = math.ceil(end_s - UNITS_S["d"] if start is None else start)
        if start_s >= end_s:
            raise Problem(*ENDS_FIRST)
        return start_s, end_s


def read(request: Request, parameters: Sequence[Parameter], now_s: float | None = None) -> Asked:
    """The values of a request; raises `Problem` for what the table does not allow."""
    at_s = time.time() if now_s is None else now_s
    known = {parameter.name: parameter for parameter in parameters}
    given = {**request.query, **request.parameters}
    if unknown := sorted(given.keys() - known.keys()):
        names = ", ".join(sorted(known)) or "none"
        raise Problem(400, f"unknown parameter `{unknown[0][:60]}`", f"known are: {names}")
    values = {name: _value(each, given.get(name), at_s) for name, each in known.items()}
    start, end = values.get("from"), values.get("to")
    if start is not None and end is not None and start >= end:
        raise Problem(*ENDS_FIRST)
    return Asked(values, request, at_s)


def body_of(request: Request, kind: type[T]) -> T:
    """The JSON body of a request."""
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "the body is not as it should be", str(error)[:200]) from error


def is_position(text: str) -> bool:
    """Whether it may be a position of the stream."""
    return _POSITION.fullmatch(text) is not None


def moment_of(text: str, now_s: float) -> float:
    """Seconds since 1970 of `1795534274.5`, `2026-11-29T14:30`, `24h` (ago) or `now`."""
    if text == "now":
        return now_s
    if ago := _AGO.fullmatch(text):
        return max(EARLIEST_S, now_s - int(ago[1]) * UNITS_S[ago[2]])
    try:
        found = float(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        found = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    if not EARLIEST_S <= found < LATEST_S:
        raise ValueError(text)
    return found


def _value(parameter: Parameter, text: str | None, now_s: float) -> Any:  # Any: of its kind
    if text is None or text == "":
        if parameter.is_required:
            raise Problem(400, f"`{parameter.name}` is missing", parameter.text)
        return parameter.default
    try:
        value = _converted(parameter, text, now_s)
    except (ValueError, OverflowError) as error:
        raise _refusal(parameter, text) from error
    if parameter.choices and value not in parameter.choices:
        raise _refusal(parameter, text)
    return value


def _converted(parameter: Parameter, text: str, now_s: float) -> Any:  # Any: of its kind
    if len(text) > LONGEST_TEXT or "\0" in text:
        raise ValueError(text)
    match parameter.kind:
        case "integer" | "number":
            if not text.isascii() or "_" in text:
                raise ValueError(text)
            number = int(text) if parameter.kind == "integer" else float(text)
            low = -math.inf if parameter.least is None else parameter.least
            high = math.inf if parameter.most is None else parameter.most
            if not low <= number <= high:
                raise ValueError(text)
            return number
        case "time":
            return moment_of(text, now_s)
    text.encode()  # no half pairs of UTF-16
    return text


def _refusal(parameter: Parameter, text: str) -> Problem:
    wanted = parameter.text
    if parameter.choices:
        wanted = f"one of {', '.join(parameter.choices)}"
    elif parameter.least is not None and parameter.most is not None:
        wanted = f"{parameter.least:g} to {parameter.most:g}"
    return Problem(400, f"`{parameter.name}` cannot be `{text[:60]}`", wanted)
