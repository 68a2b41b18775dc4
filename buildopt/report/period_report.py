"""All runs of a time in every form at once, and a page that lists such reports: for plugins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from buildopt.events import Event


class PeriodReport(NamedTuple):
    """The runs of a time: `text` is Markdown, `page` HTML that needs nothing else."""

    verdict: str
    text: str
    page: bytes
    data: Mapping[str, Any]  # Any: JSON


class ListedReport(NamedTuple):
    """A row of the page that lists reports; `href` leads to one from where the page stands."""

    href: str
    title: str
    verdict: str
    runs: int
    failed: int
    hit_ratio: float | None


def period_report(
    events: Iterable[Event], span_ns: tuple[int, int], where: str = ""
) -> PeriodReport:
    """The runs among some events that ended in a time, its end not inside."""
    from buildopt.report.html import page_of_period
    from buildopt.report.markdown_more import markdown_of_period
    from buildopt.report.period import period_of
    from buildopt.report.plain import data_of

    period = period_of(events, span_ns, where)
    return PeriodReport(
        verdict=period.verdict,
        text=markdown_of_period(period),
        page=page_of_period(period),
        data={**data_of(period), "hit_ratio": period.hit_ratio},
    )


def page_of_reports(title: str, rows: Sequence[ListedReport]) -> bytes:
    """The page that lists reports, in the order of the rows."""
    from buildopt.report.page import render

    styles = ("tokens.css", "page.css", "report.css")
    return render("reports.html.j2", {"title": title, "rows": rows}, styles=styles)
