"""Cache and pool of applications over time, of what was scraped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from buildopt.monitor.hookspecs import Known, Series, Where
from monitor_plugins.api.endpoints import MOST_LINES, Answer, width_of
from monitor_plugins.api.history import Asked

SERVICE = "service.name"
RESOURCES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cache": ("1", {"hits": "buildopt.app.cache.hit_ratio"}),
    "pool": ("", {"used": "buildopt.app.pool.used", "limit": "buildopt.app.pool.limit"}),
    "wait": ("s", {"wait": "buildopt.app.pool.wait"}),
}
"""Unit of a chart, and what its lines are called."""


def over_time(known: Known, asked: Asked, resource: str) -> Answer:
    """The lines of a chart: each metric of each service."""
    unit, metrics = RESOURCES[resource]
    where = Where(environment=asked.environment, host=asked.host)
    lines = [
        _line(known, asked, one, word)
        for word, metric in metrics.items()
        for one in known.series(where, metric=metric)
        if asked.project in ("", _attributes(one).get(SERVICE))
    ]
    told = [line for line in lines if line["values"]]
    return {"unit": unit, "series": told[:MOST_LINES]}


def _line(known: Known, asked: Asked, one: Series, word: str) -> dict[str, Any]:  # Any: JSON
    points = known.points(one.id, (asked.from_s, asked.to_s), width_of(asked))
    attributes = _attributes(one)
    others = [value for name, value in attributes.items() if name != SERVICE]
    return {
        "name": " ".join([attributes.get(SERVICE, ""), *others, word]).strip(),
        "times_s": [point.start_s for point in points],
        "values": [point.sum / point.n for point in points],
    }


def _attributes(one: Series) -> dict[str, str]:
    inside = one.name[len(one.metric) :].strip("{}")
    pairs = (pair.partition("=") for pair in inside.split(",") if pair)
    return {name: value for name, _, value in pairs}
