"""What the settings take from a target: metrics of ours, each by what it is made of there.

    "buildopt.app.pool.used" = "db_pool_in_use"                       the value as it is
    "shop.orders" = { rate = "orders_total" }                         a counter, as a rate a second
    "buildopt.app.cache.hit_ratio" = { part = "hits_total", of = ["hits_total", "misses_total"] }
                                     what came of counters: a share of 0 to 1, none of nothing

A name is one of Prometheus, with labels to choose (`pool{name="db"}`), or a path into JSON
(`pool.connections.0.used`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from buildopt.errors import SettingsError

MOST_METRICS = 200
"""Of one target."""


class Plain(NamedTuple):
    """A value as it is."""

    name: str


class Rate(NamedTuple):
    """A counter, as what comes a second."""

    name: str


class Share(NamedTuple):
    """What came of one counter, as a share of what came of several."""

    part: str
    of: tuple[str, ...]


Wanted = Plain | Rate | Share


def names_of(wanted: Wanted) -> tuple[str, ...]:
    """The names that it is made of."""
    return (wanted.part, *wanted.of) if isinstance(wanted, Share) else (wanted.name,)


def read_mapping(table: object, shown: str) -> dict[str, Wanted]:
    """The metrics of a table; raises SettingsError."""
    if not isinstance(table, Mapping) or not table:
        raise refusal(shown, "it has no table `metrics`")
    if len(table) > MOST_METRICS:
        raise refusal(shown, f"more than {MOST_METRICS} metrics")
    return {str(metric): _wanted(raw, shown, str(metric)) for metric, raw in table.items()}


def refusal(shown: str, why: str) -> SettingsError:
    """What a table of the settings has that makes no sense."""
    return SettingsError(
        f"cannot use `[{shown}]`: {why}",
        hint="an example stands in docs/guides/api-metrics.md",
        slug="scrape-settings",
    )


def _wanted(raw: Any, shown: str, metric: str) -> Wanted:  # Any: as in TOML
    match raw:
        case str(name):
            return Plain(name)
        case {"rate": str(name), **rest} if not rest:
            return Rate(name)
        case {"part": str(part), "of": [*names], **rest} if not rest and names:
            if all(isinstance(name, str) for name in names):
                return Share(part, tuple(names))
    raise refusal(shown, f"`{metric}` is neither a name, `rate`, nor `part` and `of`")
