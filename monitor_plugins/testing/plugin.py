"""The plugin `testing` of the monitor: which tests fail, are slow, are flaky."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from buildopt.monitor.hookspecs import Consumer, Known, Panel, Route, hookimpl
from monitor_plugins.testing import panels
from monitor_plugins.testing.consumer import ResultsConsumer

BUILDOPT_API = 1
RULE = {
    "id": "flaky-tests",
    "signal": {
        "event": "buildopt.finding.",
        "bad": "about == 'tests' and state == 'confirmed'",
        "good": "about == 'tests' and state == 'closed'",
    },
    "identity": ["finding", "name", "project"],
    "resolve_identity": ["finding"],
    "resolve_after": "30d",
    "group_by": ["project"],
    "title": "a test fails and passes without a change",
    "advice": "the page `Tests` of the dashboard has its history",
    "runbook": "docs/guides/test-metrics.md",
}


@hookimpl
def consumers() -> Iterable[Consumer]:
    """Who takes sessions of tests."""
    return [ResultsConsumer()]


@hookimpl
def alert_rules() -> Iterable[Mapping[str, Any]]:  # Any: as in TOML
    """One for what the consumer finds."""
    return [RULE]


@hookimpl
def dashboard_panels() -> Iterable[Panel]:
    """The page `Tests`."""
    return panels.panels()


@hookimpl
def http_routes(known: Known) -> Iterable[Route]:
    """What the panels show."""
    return panels.routes(known)
