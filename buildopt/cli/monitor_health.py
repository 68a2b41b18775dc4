"""`buildopt monitor health`: how each component is, as the running monitor sees it."""

from __future__ import annotations

import http.client
import json
import os
import time
from typing import Any, NamedTuple
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
    report = _report(state) or _look(state)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **report}))
    else:
        _print(report)
    return EXIT_FAILED if report["status"] == "fail" else 0


class Answer(NamedTuple):
    """What a running monitor said."""

    url: str
    token: str
    pid: int
    status: int
    body: bytes


def ask(state: str, path: str) -> Answer | None:
    """What the running monitor of a state folder answers; None where none does."""
    from buildopt.monitor.place import ready_path

    try:
        with open(ready_path(state), "rb") as file:
            told = json.loads(file.read())
        connection = _connection(reachable(told["url"]))
        connection.request("GET", path, headers={"Authorization": f"Bearer {told['token']}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return Answer(told["url"], told["token"], int(told["pid"]), answer.status, body)
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException):
        return None


def _connection(address: str) -> http.client.HTTPConnection:
    from buildopt.monitor.socket_file import SocketConnection, is_socket

    if is_socket(address):
        return SocketConnection(address, ANSWER_WITHIN_S)
    url = urlsplit(address)
    return http.client.HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_WITHIN_S)


def reachable(url: str) -> str:
    """Where a monitor answers that may listen everywhere."""
    return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")


def _report(state: str) -> dict[str, Any] | None:  # Any: JSON
    """What the running monitor says of its health."""
    answer = ask(state, "/api/v1/health")
    if answer is None or answer.status != 200:
        return None
    try:
        report = json.loads(answer.body)
    except ValueError:
        return None
    return report if isinstance(report, dict) else None


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
