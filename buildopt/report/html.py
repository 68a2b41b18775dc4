"""Views as HTML files that need nothing else: no script, no address, no font."""

from __future__ import annotations

import shlex

from buildopt.report.chart import chart_of, spans_of
from buildopt.report.comparison import Comparison
from buildopt.report.history import SHAPES
from buildopt.report.page import render
from buildopt.report.period import Period
from buildopt.report.period_drawing import columns_of, first_and_last
from buildopt.report.system_drawing import system_drawn
from buildopt.report.timeline_drawing import drawn
from buildopt.report.trend_drawing import trend_drawn
from buildopt.report.view import RunView

STYLES = ("tokens.css", "page.css", "report.css", "timeline.css", "bundle/treemap.css")


def page_of(view: RunView) -> bytes:
    """The page, UTF-8."""
    timeline, trend = view.details.timeline, view.details.trend
    system = view.details.system
    facts = {
        "view": view,
        "command": shlex.join(view.command),
        "chart": chart_of(view.history),
        "spans": spans_of(view.steps),
        "shapes": SHAPES,
        "timeline_drawn": drawn(timeline) if timeline else None,
        "system_drawn": system_drawn(system) if system else None,
        "trend_drawn": trend_drawn(trend, view.usual) if trend else None,
        "sections": _sections(view),
    }
    return render("report.html.j2", facts, styles=STYLES)


def page_of_comparison(found: Comparison) -> bytes:
    """The page of two runs, UTF-8."""
    return render(
        "compare.html.j2", {"found": found}, styles=("tokens.css", "page.css", "report.css")
    )


def page_of_period(period: Period) -> bytes:
    """The page of all runs of a time, UTF-8."""
    columns, most = columns_of(period)
    facts = {
        "period": period,
        "columns": columns,
        "most": most,
        "ends": first_and_last(period) if columns else ("", ""),
    }
    return render("period.html.j2", facts, styles=("tokens.css", "page.css", "report.css"))


def _sections(view: RunView) -> list[tuple[str, str]]:
    """Anchor and title of each section that there is."""
    details = view.details
    there = (
        ("why", "Why it ran", view.reasons),
        ("advice", "Suggestions", details.advice),
        ("steps", f"{view.steps.word.capitalize()}s", view.steps.rows),
        ("timeline", "Timeline", details.timeline),
        ("system", "System", details.system),
        ("inputs", "Inputs", True),
        ("outputs", "Outputs", True),
        ("bundles", "Bundles", details.made),
        ("bundler", "Bundler", details.bundlers),
        ("history", "History", not view.history.no_data),
        ("trend", "Trend", details.trend),
        ("cache", "Cache", True),
        ("tests", "Tests", details.tests),
        ("environment", "Environment", details.surroundings.facts),
    )
    added = [each.title for each in details.added if each.rows]
    return [
        *((name, title) for name, title, exists in there if exists),
        *((f"added-{number}", title) for number, title in enumerate(added, 1)),
    ]
