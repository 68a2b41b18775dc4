"""The forms in which `buildopt report` shows a run, a comparison of two, or all runs of a time."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NamedTuple

from buildopt import journal
from buildopt.cli.history import find_run
from buildopt.cli.report_present import present_of
from buildopt.report import html
from buildopt.report.plain import data_of
from buildopt.report.view import RunView, view_from
from buildopt.report.write import blobs_of, read_run, read_runs


class Forms(NamedTuple):
    """Each is made when it is asked for. Only a run has a `trace`."""

    page: Callable[[], bytes]
    data: Callable[[], dict[str, object]]
    markdown: Callable[[], str]
    trace: Callable[[], bytes] | None = None

    def printed(self, *, as_json: bool) -> bytes:
        """What goes to stdout, UTF-8 whatever the locale, since a file is where it ends."""
        if as_json:
            return json.dumps(self.data()).encode("ascii") + b"\n"
        return self.markdown().encode("utf-8", "backslashreplace")


class Place(NamedTuple):
    """The state folder and the project's root."""

    state: bytes
    root: str


def of_run(place: Place, wanted: str) -> Forms:
    """One run; raises UsageError where there is none of that id."""
    run_id = find_run(place.state, place.root, wanted)[1].run_id
    found, blob = read_run(place.state, run_id), blobs_of(place.state)
    view = view_from(found, blob, present_of(place.root, place.state))

    def trace() -> bytes:
        from buildopt.report.chrome_trace import trace_of
        from buildopt.report.processes import processes_of

        tasks, shown = found.tasks_shown()
        return trace_of(view, processes_of(shown, tasks, blob)[0])

    return Forms(
        page=lambda: html.page_of(view),
        data=lambda: data_of(view),
        markdown=lambda: _markdown_of_run(view),
        trace=trace,
    )


def of_two(place: Place, before: str, after: str) -> Forms:
    """From one run to another; raises UsageError where there is none of an id."""
    from buildopt.report.comparison import compare
    from buildopt.report.markdown_more import markdown_of_comparison

    ids = [find_run(place.state, place.root, wanted)[1].run_id for wanted in (before, after)]
    one, two = read_runs(place.state, ids)
    found = compare(one, two, blobs_of(place.state))
    return Forms(
        page=lambda: html.page_of_comparison(found),
        data=lambda: data_of(found),
        markdown=lambda: markdown_of_comparison(found),
    )


def of_time(place: Place, span_ns: tuple[int, int], project: str) -> Forms:
    """All runs of the checkout in a time."""
    from buildopt.events import RunFinished
    from buildopt.report.markdown_more import markdown_of_period
    from buildopt.report.period import period_of

    runs = journal.read_backwards(place.state, RunFinished.type)
    here = (event for event in runs if event.data.get("root") == place.root)
    period = period_of(here, span_ns, project)
    return Forms(
        page=lambda: html.page_of_period(period),
        data=lambda: data_of(period),
        markdown=lambda: markdown_of_period(period),
    )


def _markdown_of_run(view: RunView) -> str:
    from buildopt.report.markdown import markdown_of

    return markdown_of(view)
