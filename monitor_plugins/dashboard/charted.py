"""Which charts there are: metrics of the machine and of builds, and what runs come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Literal, NamedTuple

from buildopt.monitor.hookspecs import Known, Panel, Series
from monitor_plugins.dashboard.asked import UNITS_S
from monitor_plugins.dashboard.drawing import UNITS, Chart, Unit, spaced
from monitor_plugins.dashboard.overview import LONG_S, Happened, hours_of
from monitor_plugins.dashboard.ranges import Shown
from monitor_plugins.dashboard.shapes.figures import Hour

COLUMNS = 60
"""Of a chart that is drawn here; scripts ask for more."""
MOST_LINES = 6
"""Beyond six, colours tell nothing apart."""


class Metric(NamedTuple):
    """A metric that is shown."""

    title: str
    metric: str
    unit: Unit
    is_exact: bool = False
    top: float | None = None
    is_of_machine: bool = True


SYSTEM = (
    Metric("Processors", "system.cpu.utilization", "ratio", is_exact=True, top=1.0),
    Metric("Memory", "system.memory.utilization", "ratio", top=1.0),
    Metric("Waiting for", "buildopt.system.pressure.some", "ratio"),
    Metric("Load, 1 min", "system.cpu.load_average.1m", "count"),
    Metric("Disk", "system.disk.io", "bytes/s"),
    Metric("Network", "system.network.io", "bytes/s"),
    Metric("File systems", "system.filesystem.utilization", "ratio", top=1.0),
)
BUILDS = (
    Metric("Builds at once", "cicd.pipeline.run.active", "count"),
    Metric("Processors used by builds", "buildopt.builds.cpu.utilization", "ratio", top=1.0),
    Metric("Memory of builds", "buildopt.builds.memory.usage", "bytes"),
    Metric("Processes of builds", "buildopt.builds.process.count", "count"),
)
FEW = SYSTEM[:2]
"""What the overview shows."""


def of_metrics(known: Known, shown: Shown, metrics: Sequence[Metric]) -> list[Chart]:
    """Their charts; one without a series is left out."""
    return [chart for one in metrics if (chart := of_metric(known, shown, one))]


def of_metric(known: Known, shown: Shown, metric: Metric) -> Chart | None:
    """The chart of a metric; None where it was never measured."""
    where = shown.asked.where
    if metric.is_of_machine:
        where = where._replace(project="")
    found = known.series(where, metric=metric.metric)
    if metric.is_exact:
        found = [one for one in found if one.name == metric.metric]
    if not found:
        return None
    span_s = shown.asked.span_s
    width_s = spaced(*span_s, COLUMNS)
    lines = sorted(found, key=lambda one: (one.name, one.host))[:MOST_LINES]
    columns: dict[float, list[float | None]] = {}
    for place, one in enumerate(lines):
        for point in known.points(one.id, span_s, width_s):
            value = point.sum / width_s if metric.unit == "bytes/s" else point.sum / point.n
            columns.setdefault(point.start_s, [None] * len(lines))[place] = value
    return Chart(
        id="chart-" + "".join(c if c.isalnum() else "-" for c in metric.metric),
        title=metric.title,
        unit=metric.unit,
        names=[_label(one, lines, metric.title) for one in lines],
        rows=sorted(columns.items()),
        span_s=span_s,
        metric=metric.metric,
        is_exact=metric.is_exact,
        is_of_machine=metric.is_of_machine,
        width_s=width_s,
        top=metric.top,
    )


def of_panel(known: Known, shown: Shown, panel: Panel) -> list[Chart]:
    """The charts of a panel that a plugin brings."""
    unit = UNITS.get(panel.unit, "count")
    kind: Literal["line", "bars"] = "bars" if panel.kind == "bar" else "line"
    shown_metrics = panel.metrics[:MOST_LINES]
    titles = [panel.title] if len(shown_metrics) == 1 else _told_apart(shown_metrics)
    metrics = [
        Metric(title, name, unit, is_of_machine=False)
        for title, name in zip(titles, shown_metrics, strict=True)
    ]
    charts = of_metrics(known, shown, metrics)
    return [replace(chart, kind=kind, id=f"panel-{panel.id}-{chart.id}") for chart in charts]


def _told_apart(metrics: Sequence[str]) -> list[str]:
    """`used` and `limit` of `pool.used` and `pool.limit`: the title of the panel says the rest."""
    words = [metric.split(".") for metric in metrics]
    beginnings = zip(*(each[:-1] for each in words), strict=False)
    shared = len(list(takewhile(lambda same: len(set(same)) == 1, beginnings)))
    return [" ".join(each[shared:]).replace("_", " ") for each in words]


PIECES_S = ((UNITS_S["h"], 300, "each 5 min"), (12 * UNITS_S["h"], 1_800, "each 30 min"),
            (LONG_S, UNITS_S["h"], "an hour"))  # fmt: skip
"""Up to how long a time has pieces of what length, and how they are called; days beyond."""


def of_hours(shown: Shown, found: Happened) -> Iterator[Chart]:
    """Runs, hits and time saved: of each hour, day, or shorter piece of a short time."""
    start_s, end_s = shown.asked.span_s
    width_s, each = next(
        ((width_s, each) for most_s, width_s, each in PIECES_S if end_s - start_s <= most_s),
        (UNITS_S["d"], "a day"),
    )
    first_s = start_s - start_s % width_s
    hours = {hour.start_s: hour for hour in hours_of(found, width_s)}
    times = range(first_s, end_s, width_s) if hours else ()
    values: Sequence[tuple[str, str, Unit, Callable[[Hour | None], float | None]]] = (
        ("runs", f"Runs {each}", "count", lambda hour: hour.runs if hour else 0),
        ("hits", "Tasks from the cache", "ratio",
         lambda hour: hour.hits / hour.tasks if hour and hour.tasks else None),
        ("saved", "Time saved", "seconds", lambda hour: hour.time_saved_s if hour else 0.0),
    )  # fmt: skip
    for name, title, unit, value_of in values:
        yield Chart(
            id=f"chart-hourly-{name}", title=title, unit=unit, names=[title],
            rows=[(at_s, [value_of(hours.get(at_s))]) for at_s in times],
            span_s=(first_s, end_s), kind="bars", width_s=width_s,
            top=1.0 if unit == "ratio" else None,
        )  # fmt: skip


def of_sizes(rows: Sequence[tuple[float, int | None, int | None]]) -> Chart:
    """The size of an output over its builds, oldest first: raw and compressed."""
    times = [at_s for at_s, _, _ in rows]
    return Chart(
        id="chart-sizes", title="Size, build by build", unit="bytes", names=["raw", "gzip"],
        rows=[(at_s, [raw, gzip]) for at_s, raw, gzip in rows],
        span_s=(min(times) - 1, max(times) + 1),
    )  # fmt: skip


def _label(series: Series, among: Sequence[Series], title: str) -> str:
    """What tells a series from the others: its attributes' values, and where it was measured."""
    attributes = series.name[len(series.metric) :].strip("{}")
    values = [pair.partition("=")[2] for pair in attributes.split(",") if pair]
    places = [
        str(getattr(series, name))
        for name in ("host", "environment", "machine")
        if len({getattr(one, name) for one in among}) > 1
    ]
    return " ".join(filter(None, [*values, *places])) or title
