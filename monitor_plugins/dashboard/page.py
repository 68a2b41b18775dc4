"""The page: a view a path, made here and whole; scripts make it live where they were built."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache, partial

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from buildopt.monitor import hookspecs
from buildopt.monitor.hookspecs import Known, Panel, Request, Response, Route, printable
from monitor_plugins.dashboard.answers import LASTING, PROBLEM, tagged
from monitor_plugins.dashboard.asked import Problem
from monitor_plugins.dashboard.drawing import amount, change_of, measured, signed_share
from monitor_plugins.dashboard.panels import pages, slug_of
from monitor_plugins.dashboard.ranges import RANGES, shown
from monitor_plugins.dashboard.views import IN_NAVIGATION, VIEWS, View

FOLDER = os.path.dirname(os.path.abspath(__file__))
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
PLACES = ("assets", "built")
"""Folders of the package whose files are served, and no other file of the disk."""
STARTED = format(time.time_ns(), "x")
"""Stands in the addresses of files, which are read once: new with each start of the monitor."""
NAME_LIMIT = 300
"""Characters of a name that are shown; a longer one is cut, and says so."""


def routes(known: Known, panels: Sequence[Panel]) -> Iterator[Route]:
    """The views, and what they need."""
    for path, title, template, facts, parameters in VIEWS:
        handler = partial(_view, known, panels, (title, template, facts, parameters))
        yield Route("GET", path, handler)
    yield Route("GET", "/dashboard/{name}", _asset)


def _view(
    known: Known,
    panels: Sequence[Panel],
    view: tuple[str, str, View, Sequence[object]],
    request: Request,
) -> Response:
    title, template, facts, parameters = view
    try:
        asked = shown(request, *parameters)  # type: ignore[arg-type]  # of VIEWS
        found = facts(known, asked, panels)
        status = 200
    except Problem as trouble:
        if "text/html" not in request.headers.get("accept", ""):
            raise
        asked = shown(request._replace(query={}, parameters={}))
        title, template, status = trouble.title, "problem", trouble.status
        found = {"trouble": trouble}
    text = (
        environment()
        .get_template(f"{template}.html.j2")
        .render(
            title=title,
            here=asked,
            link=asked.link,
            ranges=RANGES,
            navigation=[*(view[:2] for view in VIEWS[:IN_NAVIGATION]), *pages(panels)],
            origins=known.origins(),
            is_built=is_built(),
            started=STARTED,
            position=known.position(),
            now_s=asked.asked.now_s,
            **found,
        )
    )
    body = text.encode("utf-8", "backslashreplace")
    if status != 200:
        return Response(status, body, "text/html; charset=utf-8")
    return tagged(request, body, "text/html; charset=utf-8")


def _asset(request: Request) -> Response:
    content = assets().get(request.parameters["name"])
    if content is None:
        return Response(404, b'{"status":404,"title":"not found"}', PROBLEM)
    kind = KINDS[os.path.splitext(request.parameters["name"])[1]]
    if request.query.get("v"):
        return Response(200, content, kind, LASTING)
    return tagged(request, content, kind)


@cache
def assets() -> dict[str, bytes]:
    """Everything that is served, by name; read once."""
    found = {}
    for place in PLACES:
        folder = os.path.join(FOLDER, place)
        for name in os.listdir(folder) if os.path.isdir(folder) else ():
            if os.path.splitext(name)[1] in KINDS:
                with open(os.path.join(folder, name), "rb") as file:
                    found[name] = file.read()
    return found


def is_built() -> bool:
    """Whether the scripts were built when this was installed."""
    return "dashboard.js" in assets()


@cache
def environment() -> Environment:
    """Templates, all of whose values are escaped."""
    made = Environment(
        loader=FileSystemLoader(os.path.join(FOLDER, "templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("duration", "size", "share", "counted", "exact_bytes"):
        made.filters[name] = getattr(hookspecs, name)
    made.filters.update(
        coded=coded, plain=plain, ago=ago, moment=moment, clock=clock, slug=slug_of,
        amount=amount, measured=measured, change=change_of, signed_share=signed_share,
    )  # fmt: skip
    made.globals["outcomes"] = OUTCOMES
    return made


OUTCOMES = {
    "fresh": "● fresh", "restored": "◐ restored", "executed": "▶ executed", "lost": "▲ lost",
    "failed": "✕ failed",
}  # fmt: skip
"""States by word and shape."""


def plain(text: object, limit: int = NAME_LIMIT) -> str:
    """A name as it can be shown: without controls and marks that turn text, and not without end."""
    name = str(text)
    cut = name if len(name) <= limit else f"{name[:limit]}… ({len(name):,} characters)"
    return printable(cut)


def coded(words: str) -> Markup:
    """Words whose names stand in backticks: names as code, and all of it as text only."""
    parts = plain(words).split("`")
    if len(parts) % 2 == 0:
        return escape(plain(words))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(parts)
    )


LAST_S = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()


def moment(time_s: float) -> str:
    """`2026-11-24 15:41:02 UTC`; years that no calendar has are the last one, or the first."""
    shown_s = min(max(time_s, 0.0), LAST_S)
    return datetime.fromtimestamp(shown_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(time_s: float, day_of_s: float) -> str:
    """`15:41`; with its date where that is not the day of the other time."""
    words, day = moment(time_s)[:16], moment(day_of_s)[:10]
    return words.removeprefix(day).strip()


def ago(time_s: float, now_s: float) -> str:
    """`12 min ago` up to a day, then the time."""
    past_s = now_s - time_s
    if past_s < 1:
        return "just now"
    if past_s < 60:
        return f"{past_s:.0f} s ago"
    if past_s < 3_600:
        return f"{past_s / 60:.0f} min ago"
    if past_s < 86_400:
        return f"{past_s / 3_600:.0f} h ago"
    return moment(time_s)[:16]
