"""The time and the filters that a page shows; all of it stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from buildopt.monitor.hookspecs import Request
from monitor_plugins.dashboard.asked import NS, UNITS_S, Asked, Parameter, read
from monitor_plugins.dashboard.endpoints import FILTERS, SPAN

RANGES = ("15m", "1h", "6h", "24h", "7d", "30d")
DEFAULT = "24h"
KEPT = ("range", "from", "to", "environment", "host", "project")
"""What links to other views take along."""
PARAMETERS = (*FILTERS, *SPAN, Parameter("range", "how far back", choices=RANGES))


@dataclass(frozen=True, slots=True)
class Shown:
    """A page that was asked for."""

    asked: Asked
    query: Mapping[str, str]
    path: str

    @property
    def range(self) -> str:
        """`24h`; empty where the address has a time of its own."""
        if self.query.get("from") or self.query.get("to"):
            return ""
        return self.query.get("range") or DEFAULT

    @property
    def words(self) -> str:
        """`in 24 h`, for sentences."""
        return f"in {self.range[:-1]} {WORDS[self.range[-1]]}" if self.range else "in this time"

    def link(self, path: str = "", **changes: Any) -> str:  # Any: texts, numbers, None for away
        """An address with the filters of this page; `path` empty is this view."""
        names = self.query if not path else {k: v for k, v in self.query.items() if k in KEPT}
        query = {**names, **changes}
        if "range" in changes:
            query = {k: v for k, v in query.items() if k not in ("from", "to")}
        query.pop("cursor", None) if "cursor" not in changes else None
        text = urlencode({k: str(v) for k, v in query.items() if v not in (None, "")})
        return f"{path or self.path}?{text}" if text else (path or self.path)

    def api(self, path: str, **names: Any) -> str:  # Any: as above
        """An address of the API with the same filters."""
        start_s, end_s = self.asked.span_s
        where = self.asked.where
        filters = {name: getattr(where, name) for name in ("environment", "host", "project")}
        query = {**filters, "from": start_s, "to": end_s, **names}
        return f"{path}?{urlencode({k: v for k, v in query.items() if v not in (None, '')})}"


WORDS = {"m": "min", "h": "h", "d": "days"}


def shown(request: Request, *more: Parameter) -> Shown:
    """What a request asks for; a relative range ends now."""
    parameters = (*PARAMETERS, *more)
    asked = read(request, parameters)
    if not (request.query.get("from") or request.query.get("to")):
        length = request.query.get("range") or DEFAULT
        start_s = asked.now_s - int(length[:-1]) * UNITS_S[length[-1]]
        asked = Asked({**asked.values, "from": start_s, "to": None}, request, asked.now_s)
    return Shown(asked, request.query, request.path)


def seconds(time_ns: int) -> float:
    """Seconds since 1970."""
    return time_ns / NS
