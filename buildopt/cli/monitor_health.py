"""`buildopt monitor health`: how each component is, as the running monitor sees it."""

from __future__ import annotations

import http.client
import json
import os
import time
from typing import Any
from urllib.parse import urlsplit

import click

from buildopt import settings
from buildopt.errors import EXIT_FAILED
from buildopt.events import SCHEMA

ANSWER_WITHIN_S = 5.0
WORDS = {"pass": "ok", "warn": "warning", "fail": "FAILED"}


@click.command("health")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
def command(as_json: bool) -> int:
    """Say how each component of the running monitor is. Exit status 1 where one fails.

    Where none runs, that is what fails, and the folders and the clock are looked at from here.
    """
    state = os.path.abspath(settings.state_folder(os.environ))
    report = _ask(state) or _look(state)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **report}))
    else:
        _print(report)
    return EXIT_FAILED if report["status"] == "fail" else 0


def _ask(state: str) -> dict[str, Any] | None:  # Any: JSON
    """What the running monitor says; None where none answers."""
    from buildopt.monitor.place import ready_path

    try:
        with open(ready_path(state), "rb") as file:
            told = json.loads(file.read())
        url = urlsplit(told["url"])
        connection = http.client.HTTPConnection(
            _reachable(url.hostname or ""), url.port, timeout=ANSWER_WITHIN_S
        )
        headers = {"Authorization": f"Bearer {told['token']}"}
        connection.request("GET", "/api/v1/health", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        report = json.loads(body) if answer.status == 200 else None
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None
    return report if isinstance(report, dict) else None


def _reachable(host: str) -> str:
    """Where a monitor answers that listens everywhere."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def _look(state: str) -> dict[str, Any]:  # Any: JSON
    """What can be seen without a monitor."""
    from buildopt.monitor import checks
    from buildopt.monitor.health import Component, Health
    from buildopt.monitor.hookspecs import HealthState

    missing = HealthState("fail", "no monitor answers: start one with `buildopt monitor`")
    health = Health(
        [
            Component(checks.Check("monitor", lambda _: missing), is_critical=True),
            Component(checks.disk_check("state", state), is_critical=True),
            Component(checks.disk_check("cache", settings.cache_folder(os.environ))),
            Component(checks.ClockCheck(state)),
            Component(checks.watcher_check()),
        ],
        lambda _: None,
    )
    health.look(time.time_ns())
    return health.report()


def _print(report: dict[str, Any]) -> None:  # Any: JSON
    rows = report["components"]
    width = max((len(row["name"]) for row in rows), default=0)
    for row in rows:
        word = WORDS[row["status"]]
        click.echo(f"{word:<8} {row['name']:<{width}}  {row['output']}".rstrip())
    click.echo(f"\n{WORDS[report['status']]} in all")
