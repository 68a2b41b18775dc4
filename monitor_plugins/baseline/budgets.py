"""Limits that builds must keep, written as `METRIC[:TASK]<=LIMIT`.

duration:build<=90s        the last build of each series of that task
duration<=+10%             against what is usual at this level, once that is learnt
bundle.gzip<=300kB         any metric of `buildopt baseline list`
hit_ratio>=60%             over the last 40 builds
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from buildopt.errors import UsageError
from monitor_plugins.baseline.asked import Told
from monitor_plugins.baseline.robust import median
from monitor_plugins.baseline.shares import RECENT_BUILDS

FORMS = "`duration:build<=90s`, `duration<=+10%`, `bundle.gzip<=300kB`, `hit_ratio>=60%`"
_BUDGET = re.compile(
    r"\s*([a-z_]+(?:\.[a-z0-9]+)?)(?::(.+?))?\s*(<=|>=)\s*(\+?)(\d+(?:\.\d+)?)\s*([a-zA-Z%]*)\s*"
)
_UNITS = {
    "": 1.0, "s": 1.0, "ms": 1e-3, "min": 60.0, "h": 3600.0,
    "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3,
    "%": 0.01,
}  # fmt: skip


class Budget(NamedTuple):
    """One limit; a relative one is a share more than usual."""

    text: str
    metric: str
    task: str
    is_most: bool
    limit: float
    is_relative: bool


class Kept(NamedTuple):
    """How one series stands to one budget; `limit` None: what is usual is not learnt yet."""

    budget: str
    series: str
    name: str
    unit: str
    actual: float
    limit: float | None
    is_kept: bool


def parse(text: str) -> Budget:
    """A budget in words; raises UsageError for what is none."""
    found = _BUDGET.fullmatch(text)
    if not found or found[6] not in _UNITS or (found[4] and (found[6] != "%" or found[3] != "<=")):
        raise UsageError(
            f"`{text}` is no budget", hint=f"write one like {FORMS}", slug="baseline-budget"
        )
    metric, task, way, plus, number, unit = found.groups()
    limit = float(number) * _UNITS[unit]
    return Budget(text.strip(), metric, task or "", way == "<=", limit, bool(plus))


def judge(budget: Budget, known: Sequence[Told]) -> Iterator[Kept]:
    """A verdict for each series that the budget is about."""
    for told in known:
        key = told.series.key
        if key.metric == budget.metric and _is_of(budget.task, key.task) and told.builds:
            yield _verdict(budget, told)


def _is_of(wanted: str, task: str) -> bool:
    return not wanted or wanted == task or fnmatchcase(task, wanted)


def _verdict(budget: Budget, told: Told) -> Kept:
    key, values = told.series.key, [build.value for build in told.builds]
    actual = values[-1]
    if key.metric == "hit_ratio":
        recent = values[-RECENT_BUILDS:]
        actual = sum(recent) / len(recent)
    limit: float | None = budget.limit
    if budget.is_relative:
        level = [build.value for build in told.builds[:-1] if build.n >= told.series.level]
        is_learnt = told.baseline is not None and told.baseline.is_learnt
        limit = median(level) * (1 + budget.limit) if is_learnt and level else None
    is_kept = limit is None or (actual <= limit if budget.is_most else actual >= limit)
    return Kept(budget.text, key.id, key.name, key.unit, actual, limit, is_kept)
