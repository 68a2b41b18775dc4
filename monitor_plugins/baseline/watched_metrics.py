"""Which sampled metrics are judged, and what of them is never worth an incident.

Left out are those of single runs, cores and modes, which come and go, and those that only count
up. What a build does to the machine is what it is for: a load is not judged while one runs.
"""

from __future__ import annotations

from typing import NamedTuple

LEFT_OUT_ENDS = (
    ".io", ".time", ".uptime", ".limit", ".count", ".active", ".operations",
    ".load_average.1m", ".load_average.15m",
)  # fmt: skip
"""Of three load averages the one of 5 minutes says enough."""
LEFT_OUT_STARTS = ("buildopt.builds.", "buildopt.build.", "process.", "buildopt.cgroup.")
LEFT_OUT_ATTRIBUTES = ("cicd.pipeline.run.id=", "cpu.logical_number=", "cpu.mode=")
ACTIVE_RUNS = "cicd.pipeline.run.active"
LOADS = ("system.cpu.", "system.memory.", "system.paging.", "buildopt.system.pressure.")
FILLING = ("system.filesystem.utilization", "system.memory.utilization", "buildopt.cache.fill")
"""Shares of what has a limit: when they will be full is told."""
LEAST_SHARE = 0.1
"""Of utilizations and ratios: less than a tenth of the whole is not worth anybody's time."""
LEAST_LOAD = 1.0
"""One more process that wants to run."""


class Watched(NamedTuple):
    """How a metric is judged."""

    least_distance: float
    is_load: bool
    has_limit: bool


def watched(series: str) -> Watched | None:
    """How a series is judged (`system.cpu.utilization`); None where it is not."""
    metric, _, attributes = series.partition("{")
    if metric.endswith(LEFT_OUT_ENDS) or metric.startswith(LEFT_OUT_STARTS):
        return None
    if any(name in attributes for name in LEFT_OUT_ATTRIBUTES):
        return None
    if metric.endswith((".usage", ".available")):  # the utilization beside it says the same
        return None
    return Watched(_least(metric), metric.startswith(LOADS), metric in FILLING)


def _least(metric: str) -> float:
    if metric.endswith(("utilization", "ratio")) or ".pressure." in metric:
        return LEAST_SHARE
    return LEAST_LOAD if ".load_average" in metric else 0.0
