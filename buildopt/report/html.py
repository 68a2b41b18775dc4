"""The view as one HTML file that needs nothing else: no script, no address, no font."""

from __future__ import annotations

import shlex

from buildopt.report.chart import chart_of, spans_of
from buildopt.report.history import SHAPES
from buildopt.report.page import render
from buildopt.report.view import RunView


def page_of(view: RunView) -> bytes:
    """The page, UTF-8."""
    facts = {
        "view": view,
        "command": shlex.join(view.command),
        "chart": chart_of(view.history),
        "spans": spans_of(view.steps),
        "shapes": SHAPES,
    }
    return render("report.html.j2", facts, styles=("tokens.css", "page.css", "report.css"))
