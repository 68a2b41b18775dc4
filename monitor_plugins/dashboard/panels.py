"""Panels that plugins bring: on the overview, or on pages of their own in the navigation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from buildopt.monitor.hookspecs import Known, Panel
from monitor_plugins.dashboard import charted
from monitor_plugins.dashboard.drawing import Chart
from monitor_plugins.dashboard.ranges import Shown

PREFIX = "/panels/"


class Placed(NamedTuple):
    """A panel as it stands on a page: its charts, or where its values come from."""

    panel: Panel
    charts: Sequence[Chart]
    address: str


def placed(known: Known, shown: Shown, panels: Sequence[Panel]) -> list[Placed]:
    """Panels with what they show in the time of the page."""
    return [
        Placed(panel, charted.of_panel(known, shown, panel), _address(shown, panel.path))
        for panel in panels
    ]


def of_view(panels: Sequence[Panel], slug: str) -> list[Panel]:
    """The panels of one page; the empty slug is the overview."""
    return [panel for panel in panels if slug_of(panel.view) == slug]


def pages(panels: Sequence[Panel]) -> list[tuple[str, str]]:
    """Address and name of each page that panels ask for, in the order in which they come."""
    names: dict[str, str] = {}
    for panel in panels:
        if slug := slug_of(panel.view):
            names.setdefault(slug, panel.view)
    return [(PREFIX + slug, name) for slug, name in names.items()]


def slug_of(view: str) -> str:
    """`front-end` of `Front end`."""
    return "-".join(re.findall(r"[a-z0-9]+", view.lower()))


def _address(shown: Shown, path: str) -> str:
    """Where the values of a panel are, on this server only; empty for none."""
    if not path.startswith("/") or path.startswith(("//", "/\\")):
        return ""
    base, mark, query = path.partition("?")
    asked = shown.api(base)
    return f"{asked}&{query}" if mark else asked
