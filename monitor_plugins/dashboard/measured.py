"""Metrics over time: series in columns, quantiles, and what is measured now."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from buildopt.monitor.hookspecs import Known, Series
from monitor_plugins.dashboard.asked import Asked, Problem
from monitor_plugins.dashboard.running import running as running_builds
from monitor_plugins.dashboard.shapes.figures import Columns, Measured, Percentiles, Pool, Ranged

MOST_SERIES = 20
"""Of a metric: a chart with more lines says nothing."""
NOW_S = 5
"""What was measured so long ago is now: sources measure each second, and may be late."""


def metrics(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """Every series that was ever measured."""
    found = known.series(asked.where, metric=asked["metric"] or "")
    items = [
        Measured(
            name=one.name, metric=one.metric, host=one.host, source=one.project,
            environment=one.environment, machine=one.machine,
        )
        for one in found
    ]  # fmt: skip
    return {"items": sorted(items, key=lambda item: (item.name, item.host)), "next": None}


def ranged(known: Known, asked: Asked) -> Ranged:
    """A metric over a time, in at most as many columns as are asked for."""
    start_s, end_s = asked.span_s
    width_s = max(1, math.ceil((end_s - start_s) / asked["points"]))
    found = series_of(known, asked)
    return Ranged(
        metric=asked["metric"],
        from_s=start_s,
        to_s=end_s,
        width_s=width_s,
        series=[columns_of(known, one, (start_s, end_s), width_s) for one in found[:MOST_SERIES]],
        left_out=max(0, len(found) - MOST_SERIES),
    )


def percentiles(known: Known, asked: Asked) -> Percentiles:
    """What a metric comes to in a time."""
    shares = _shares(asked["q"])
    span_s = asked.span_s
    found = known.summary([one.id for one in series_of(known, asked)], span_s, shares)
    return Percentiles(
        metric=asked["metric"],
        from_s=span_s[0],
        to_s=span_s[1],
        count=found.n,
        mean=_finite(found.mean),
        min=_finite(found.min),
        max=_finite(found.max),
        quantiles={
            f"{share:g}": _finite(value)
            for share, value in zip(shares, found.quantiles, strict=False)
        },
    )


def pool(known: Known, asked: Asked) -> Pool:
    """What runs now, and what the machine does; a machine is that of every project."""

    def now(metric: str) -> float | None:
        return latest(known, asked, metric)

    builds = running_builds(known, asked)
    running = len(builds)
    return Pool(
        running=running,
        builds=builds,
        processes=int(now("buildopt.builds.process.count") or 0) if running else 0,
        memory_bytes=int(now("buildopt.builds.memory.usage") or 0) if running else 0,
        builds_cpu_utilization=now("buildopt.builds.cpu.utilization") if running else None,
        cpu_utilization=now("system.cpu.utilization"),
        memory_utilization=now("system.memory.utilization"),
        load_1m=now("system.cpu.load_average.1m"),
    )


def latest(known: Known, asked: Asked, metric: str) -> float | None:
    """The last value of a metric's own series; None where nothing was measured just now."""
    now_s = math.ceil(asked.now_s)
    for one in known.series(asked.where._replace(project=""), metric=metric):
        if one.name == metric:
            points = known.points(one.id, (now_s - NOW_S, now_s), 1)
            if points:
                return points[-1].sum / points[-1].n
    return None


def series_of(known: Known, asked: Asked) -> list[Series]:
    """The series of the metric, or the one of that name; the plain one first."""
    name = asked["metric"]
    metric = name.partition("{")[0]
    found = known.series(asked.where, metric=metric)
    if not found:
        raise Problem(404, f"nothing was measured as `{name[:60]}`", "see /api/v1/metrics")
    exact = [one for one in found if one.name == name]
    if "{" in name or (asked["exact"] == "yes" and exact):
        return exact
    return sorted(found, key=lambda one: (one.name != metric, one.name, one.host))


def columns_of(known: Known, series: Series, span_s: tuple[int, int], width_s: int) -> Columns:
    """One series in columns."""
    points = known.points(series.id, span_s, width_s)
    return Columns(
        name=series.name,
        host=series.host,
        times_s=[point.start_s for point in points],
        min=[point.min for point in points],
        max=[point.max for point in points],
        mean=[point.sum / point.n for point in points],
        sum=[point.sum for point in points],
        count=[point.n for point in points],
    )


def _shares(text: str) -> Sequence[float]:
    try:
        shares = [float(each) for each in text.split(",")][:20]
    except ValueError:
        shares = [math.nan]
    if not all(0 <= share <= 1 for share in shares):
        raise Problem(400, f"`q` cannot be `{text[:60]}`", "numbers of 0 to 1, commas between")
    return shares


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
