"""What a plugin in a process of its own contributes, as the host sees it: stand-ins that ask.

`describe` and `answer` work in the plugin's process, the stand-ins in the host. What crosses the
pipe are the records of hookspecs.py as JSON; bodies of HTTP as base64.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from buildopt.events import Event, decode, encode
from buildopt.monitor.hookspecs import (
    Delivery,
    Finding,
    HealthState,
    Measurement,
    Notification,
    Panel,
    Request,
    Response,
    Route,
    Ticking,
)

FIELDS: Mapping[str, Sequence[str]] = {
    "consumers": ("name", "version", "types", "state_version"),
    "dashboard_panels": Panel._fields,
    "detectors": ("name",),
    "health_checks": ("name", "interval_s"),
    "http_routes": ("method", "path", "is_open"),
    "metric_sources": ("name", "interval_s"),
    "notification_channels": ("name",),
    "report_sections": ("name", "title"),
}
"""What the host is told of each thing. Workers are not among them: they need the file."""


class Ask(Protocol):
    """Calls a thing of the plugin: its hook, its index there, the arguments; the JSON answer."""

    def __call__(self, hook: str, index: int, arguments: Sequence[Any]) -> Any:  # Any: JSON
        """Ask, and wait for the answer; raises `Failed`."""


# ---- in the plugin's process ------------------------------------------------------------------


def describe(hook: str, things: Sequence[Any]) -> list[Any]:  # Any: things of a plugin, JSON
    """What a plugin gives for a hook."""
    if hook == "alert_rules":
        return [dict(rule) for rule in things]
    rows = [{field: _plain(getattr(thing, field)) for field in FIELDS[hook]} for thing in things]
    if hook == "consumers":
        for row, thing in zip(rows, things, strict=True):
            row["is_ticking"] = isinstance(thing, Ticking)
    return rows


def answer(hook: str, thing: Any, arguments: Sequence[Any]) -> Any:  # Any: things, JSON
    """Call a thing and make JSON of what it gives."""
    match hook:
        case "metric_sources":
            return [each._asdict() for each in thing.sample(*arguments)]
        case "detectors":
            return [each._asdict() for each in thing.detect(*arguments)]
        case "notification_channels":
            return thing.send(Notification(*arguments))._asdict()
        case "health_checks":
            return thing.check(*arguments)._asdict()
        case "report_sections":
            return [list(row) for row in thing.rows([decode(each.encode()) for each in arguments])]
        case "http_routes":
            asked = dict(zip(Request._fields, arguments, strict=True))
            request = Request(**{**asked, "body": b64decode(asked["body"])})
            return _response_json(thing.handler(request))
    raise ValueError(f"nothing of the hook `{hook}` can be called")


def _response_json(response: Response) -> dict[str, Any]:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    return {**response._asdict(), "body": b64encode(body).decode()}


def _plain(value: Any) -> Any:  # Any: fields, JSON
    return list(value) if isinstance(value, tuple) else value


# ---- in the host ------------------------------------------------------------------------------


def stand_in(hook: str, index: int, row: Any, ask: Ask) -> Any:  # Any: JSON, a stand-in
    """What stands for a thing of the plugin in the host."""
    match hook:
        case "alert_rules":
            return row
        case "dashboard_panels":
            return Panel(**row)
        case "http_routes":
            handler = _Remote(hook, index, row, ask).handle
            return Route(row["method"], row["path"], handler, row.get("is_open", False))
    return _Remote(hook, index, row, ask)


class _Remote:
    """A source, check, channel, section or detector of another process, and a route's handler."""

    def __init__(self, hook: str, index: int, row: Mapping[str, Any], ask: Ask) -> None:
        self.name = row.get("name", "")
        self.title = row.get("title", "")
        self.interval_s = row.get("interval_s", 0.0)
        self._hook = hook
        self._index = index
        self._ask = ask

    def sample(self, now_ns: int) -> Iterable[Measurement]:
        """Of a metric source."""
        return [Measurement(**each) for each in self._call(now_ns)]

    def detect(
        self, metric: str, times_s: Sequence[float], values: Sequence[float]
    ) -> Iterable[Finding]:
        """Of a detector."""
        return [Finding(**each) for each in self._call(metric, list(times_s), list(values))]

    def send(self, notification: Notification) -> Delivery:
        """Of a notification channel."""
        return Delivery(**self._call(*notification))

    def check(self, now_ns: int) -> HealthState:
        """Of a health check."""
        return HealthState(**self._call(now_ns))

    def rows(self, events: Sequence[Event]) -> Iterable[tuple[str, str]]:
        """Of a report section."""
        return [(label, text) for label, text in self._call(*(encode(e).decode() for e in events))]

    def handle(self, request: Request) -> Response:
        """Of a route."""
        told = self._call(*request[:-1], b64encode(request.body).decode())
        return Response(**{**told, "body": b64decode(told["body"])})

    def _call(self, *arguments: Any) -> Any:  # Any: JSON
        return self._ask(self._hook, self._index, arguments)
