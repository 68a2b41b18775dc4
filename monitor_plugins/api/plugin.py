"""The plugin `api` of the monitor: what services serve, summed up and shown; their own metrics."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from buildopt.monitor.hookspecs import Consumer, Known, MetricSource, Panel, Route, hookimpl
from monitor_plugins.api import panels
from monitor_plugins.api.consumer import Summaries
from monitor_plugins.api.mapping import refusal
from monitor_plugins.api.scrape import ScrapeSource, Target, read_target

BUILDOPT_API = 1
_targets: list[Target] = []


@hookimpl
def configure(options: Mapping[str, Any]) -> None:  # Any: as in TOML
    """Take `[plugins.api]`; raises SettingsError for what makes no sense."""
    _targets.clear()
    if unknown := [key for key in options if key != "scrape"]:
        raise refusal("plugins.api", f"unknown key `{unknown[0]}`; known is scrape")
    tables = options.get("scrape", {})
    if not isinstance(tables, Mapping):
        raise refusal("plugins.api.scrape", "it is no table")
    _targets.extend(read_target(name, table) for name, table in tables.items())


@hookimpl
def consumers() -> Iterable[Consumer]:
    """Who sums up what was served."""
    return [Summaries()]


@hookimpl
def metric_sources() -> Iterable[MetricSource]:
    """A source for each target of the settings."""
    return [ScrapeSource(target, os.environ) for target in _targets]


@hookimpl
def http_routes(known: Known) -> Iterable[Route]:
    """What the panels show."""
    return list(panels.routes(known))


@hookimpl
def dashboard_panels() -> Iterable[Panel]:
    """The page `API`."""
    return panels.PANELS
