"""Every path of the API, in one table: what may be asked, what answers, and what it means.

The routes and the OpenAPI document are both made of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

from buildopt.monitor.hookspecs import Known
from monitor_plugins.dashboard import (
    alerts,
    findings,
    lists,
    measured,
    overview,
    runs,
)
from monitor_plugins.dashboard.asked import Asked, Parameter
from monitor_plugins.dashboard.shapes.alerts import (
    Acknowledge,
    Alert,
    Change,
    Hush,
    Nothing,
    Silence,
    Written,
)
from monitor_plugins.dashboard.shapes.figures import (
    Cached,
    Hour,
    Measured,
    Overview,
    Percentiles,
    Pool,
    Ranged,
)
from monitor_plugins.dashboard.shapes.monitor import Origin, Plugin
from monitor_plugins.dashboard.shapes.runs import (
    Bundle,
    Happened,
    Lookup,
    Process,
    Run,
    RunDetail,
    Step,
    Task,
)

MOST_POINTS = 2_000
NAMES = ("environment", "host", "project", "machine")
FILTERS = tuple(Parameter(name, f"only of this {name}") for name in NAMES)
SPAN = (
    Parameter("from", "seconds since 1970, a time of day, or how long ago: `24h`", "time"),
    Parameter("to", "the end, not inside any more", "time"),
)
LIMIT = Parameter("limit", "at most so many", "integer", 100, 1, 1_000)
CURSOR = Parameter("cursor", "goes on behind a page: its `next`")
TASK = Parameter("task", "only of this task")
RUN = Parameter("run", "only of this run")
OUTCOME = Parameter("outcome", "how it ended", choices=("fresh", "restored", "executed", "lost"))
METRIC = Parameter("metric", "a metric, or a series: `name{attribute=value}`", is_required=True)
RUN_ID = Parameter("run", "id of a run", is_path=True, is_required=True)


class Endpoint(NamedTuple):
    """One path and method."""

    method: Literal["GET", "POST"]
    path: str
    summary: str
    handler: Callable[[Known, Asked], Any]  # Any: what `answer` says
    answer: Any  # Any: a record, or what a list has as items
    form: Literal["object", "list", "lines", "bytes"] = "object"
    parameters: Sequence[Parameter] = ()
    body: type[Any] | None = None
    status: int = 200


def _listed(path: str, summary: str, handler: Any, item: Any, *parameters: Parameter) -> Endpoint:
    given = (*FILTERS, *SPAN, *parameters, LIMIT, CURSOR)
    return Endpoint("GET", path, summary, handler, item, "list", given)


V1 = "/api/v1"
PERFORMANCE = (*FILTERS, *SPAN)
ENDPOINTS: Sequence[Endpoint] = (
    _listed(f"{V1}/runs", "Runs, newest first.", lists.runs, Run, TASK, OUTCOME),
    Endpoint("GET", f"{V1}/runs/{{run}}", "All about a run.", runs.detail, RunDetail,
             parameters=(RUN_ID,)),
    Endpoint("GET", f"{V1}/runs/{{run}}/tasks", "Tasks of a run, with reasons, in order of start.",
             runs.steps, Step, "list", (RUN_ID,)),
    Endpoint("GET", f"{V1}/runs/{{run}}/processes", "Processes of a run, in order of start.",
             runs.processes, Process, "list", (RUN_ID,)),
    _listed(f"{V1}/tasks", "Tasks, newest first.", lists.tasks, Task, TASK, OUTCOME, RUN),
    _listed(f"{V1}/lookups", "Look-ups that missed, newest first, and why.", lists.lookups,
            Lookup, TASK, RUN),
    _listed(f"{V1}/bundles", "Analyses of outputs, newest first.", lists.bundles, Bundle,
            RUN),
    Endpoint("GET", f"{V1}/bundles/{{run}}", "All figures of the analyses of a run.",
             lists.bundle_figures, dict, "list", (RUN_ID,)),
    Endpoint("GET", f"{V1}/blobs/{{digest}}", "What an event names by digest: JSON.",
             runs.blob, None, "bytes",
             (Parameter("digest", "as in an event", is_path=True, is_required=True),)),
    Endpoint("GET", f"{V1}/query", "What a time comes to.", overview.view,
             Overview | Cached | Pool,
             parameters=(*PERFORMANCE, Parameter("view", "which", default="overview",
                                                 choices=("overview", "cache", "pool")))),
    Endpoint("GET", f"{V1}/cache", "How the cache does.", overview.cache, Cached,
             parameters=PERFORMANCE),
    Endpoint("GET", "/api/performance/overview", "The older name of `query?view=overview`.",
             overview.overview, Overview, parameters=PERFORMANCE),
    Endpoint("GET", "/api/performance/cache", "The older name of `query?view=cache`.",
             overview.cache, Cached, parameters=PERFORMANCE),
    Endpoint("GET", "/api/performance/pool", "The older name of `query?view=pool`.",
             measured.pool, Pool, parameters=PERFORMANCE),
    Endpoint("GET", f"{V1}/reports/hourly", "The runs of each hour; of each day beyond three days.",
             overview.hourly, Hour, "list", PERFORMANCE),
    Endpoint("GET", f"{V1}/metrics", "Every series that was measured.", measured.metrics,
             Measured, "list", (*FILTERS, Parameter("metric", "only of this metric"))),
    Endpoint("GET", f"{V1}/query_range", "A metric over a time, in columns.", measured.ranged,
             Ranged,
             parameters=(*FILTERS, *SPAN, METRIC,
                         Parameter("points", "at most so many columns", "integer", 300, 1,
                                   MOST_POINTS),
                         Parameter("exact", "`yes`: not the series with attributes", default="no",
                                   choices=("yes", "no")))),
    Endpoint("GET", f"{V1}/percentiles", "Quantiles of a metric in a time, within 2 %.",
             measured.percentiles, Percentiles,
             parameters=(*FILTERS, *SPAN, METRIC,
                         Parameter("q", "shares, commas between", default="0.5,0.95,0.99"),
                         Parameter("exact", "`yes`: not the series with attributes", default="no",
                                   choices=("yes", "no")))),
    Endpoint("GET", f"{V1}/changes", "Findings of baselines, the open ones first.",
             findings.changes, Change, "list",
             (*FILTERS, *SPAN, LIMIT, CURSOR,
              Parameter("state", "how it stands",
                        choices=("suspected", "confirmed", "withdrawn", "closed")))),
    Endpoint("GET", f"{V1}/alerts", "Incidents, those that go on first.", alerts.alerts,
             Alert, "list",
             (*FILTERS, *SPAN, LIMIT, CURSOR,
              Parameter("state", "how it stands", choices=("firing", "resolved")))),
    Endpoint("GET", f"{V1}/alerts/{{incident}}", "One incident, from its beginning.", alerts.one,
             Alert,
             parameters=(Parameter("incident", "its id", is_path=True, is_required=True),)),
    Endpoint("POST", f"{V1}/alerts/{{incident}}/ack", "Take care of an incident.",
             alerts.acknowledge, Written, body=Acknowledge, status=202,
             parameters=(Parameter("incident", "its id", is_path=True, is_required=True),)),
    Endpoint("GET", f"{V1}/silences", "What is held back.", alerts.silences, Silence,
             "list"),
    Endpoint("POST", f"{V1}/silences", "Hold notifications back.", alerts.silence,
             Written, body=Hush, status=202),
    Endpoint("POST", f"{V1}/silences/{{id}}/end", "End a silence now.", alerts.end_silence,
             Written, body=Nothing, status=202,
             parameters=(Parameter("id", "its id", is_path=True, is_required=True),)),
    Endpoint("GET", f"{V1}/events", "Events behind a position, oldest first: an object a line.",
             lists.events_after, Happened, "lines",
             (*FILTERS, *SPAN, Parameter("after", "a position; empty is the beginning"),
              Parameter("type", "beginnings of types, commas between"), LIMIT)),
    Endpoint("GET", f"{V1}/plugins", "Every plugin, and how it stands.",
             lambda known, _: {"items": known.plugins(), "next": None}, Plugin, "list"),
    Endpoint("GET", f"{V1}/origins", "What filters can ask for.", lists.origins, Origin,
             "list"),
)  # fmt: skip
