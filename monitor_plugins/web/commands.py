"""`buildopt vitals`: the line for a page, and reports of Lighthouse."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from buildopt.errors import BuildoptError, UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller, Running, counted, fact
from monitor_plugins.web import lighthouse
from monitor_plugins.web.consumer import ACCEPTED, IS_ACCEPTED
from monitor_plugins.web.script import tag

EPILOG = """\b
Examples:
  buildopt vitals tag                  the line for the head of a page
  buildopt vitals lighthouse           take in what Lighthouse CI left
  buildopt vitals accept 1f00ba12      a finding is meant, or known: close it
"""
ANSWER_WITHIN_S = 5.0
_json = click.option("--json", "as_json", is_flag=True, help="One object, for machines.")


@click.group("vitals", epilog=EPILOG)
def command() -> None:
    """Have pages measure themselves, beside the build that made them."""


@command.command("tag")
@_json
@click.pass_obj
def tag_command(caller: Caller, *, as_json: bool) -> None:
    """Print the line that has a page send its Web Vitals to the running monitor.

    Its token lets a page send, and read nothing.
    """
    running = caller.running()
    if running is None:
        raise UsageError(
            "no monitor runs, and pages send to a running one",
            hint="start one: `buildopt monitor`",
            slug="no-monitor",
        )
    token = _token(running)
    line = tag(running.url, token)
    if as_json:
        told = {"schema": SCHEMA, "tag": line, "url": running.url, "token": token}
        click.echo(json.dumps(told))
        return
    click.echo(line)


@command.command("lighthouse")
@click.argument("reports", nargs=-1, type=click.Path(path_type=Path))
@_json
@click.pass_obj
def lighthouse_command(caller: Caller, *, reports: tuple[Path, ...], as_json: bool) -> None:
    """Take in reports of Lighthouse; without REPORTS those in `.lighthouseci`."""
    paths = reports or tuple(sorted(Path().glob(lighthouse.FOUND)))
    taken = [(path, _take_in(caller, path)) for path in paths]
    if as_json:
        rows = [{"path": str(path), **data} for path, data in taken]
        click.echo(json.dumps({"schema": SCHEMA, "reports": rows}))
    elif taken:
        click.echo(f"took in {counted(len(taken), 'report')}")
    else:
        click.echo(f"no report here ({lighthouse.FOUND})")


@command.command("accept")
@click.argument("finding")
@_json
@click.pass_obj
def accept_command(caller: Caller, *, finding: str, as_json: bool) -> None:
    """Close FINDING: what its build changed is meant, and not told again."""
    caller.catch_up("web")
    rows = caller.read("web", "SELECT data FROM open WHERE id = ?", (finding,))
    known = json.loads(rows[0][0]) if rows else {}
    if not known or known.get(IS_ACCEPTED):
        raise UsageError(
            f"no finding `{finding}` of a page is open",
            hint="the dashboard's page `Findings` has the ids",
            slug="no-open-finding",
        )
    caller.emit(fact(ACCEPTED, {"finding": finding}, time_ns=0, subject=known["name"]))
    caller.catch_up("web")
    if as_json:
        told = {"schema": SCHEMA, "accepted": [finding], "names": [known["name"]]}
        click.echo(json.dumps(told))
        return
    click.echo(f"accepted: {known['name']}")


def _take_in(caller: Caller, path: Path) -> Mapping[str, Any]:  # Any: JSON
    """Tell what a report says; the data of the event."""
    try:
        data = lighthouse.read(path)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"cannot read `{path}` as a Lighthouse report: {error}",
            hint="name files as `lhci collect` writes them: `.lighthouseci/lhr-….json`",
            slug="lighthouse-report",
        ) from error
    told = {"project": caller.project, **data}
    caller.emit(fact(lighthouse.MEASURED, told, time_ns=time.time_ns(), subject=data["route"]))
    return told


def _token(running: Running) -> str:
    """The write-only token, as the monitor tells it to who has its own."""
    url = urlsplit(running.url)
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_WITHIN_S)
    try:
        connection.request(
            "GET", "/api/v1/vitals/token", headers={"Authorization": f"Bearer {running.token}"}
        )
        return str(json.loads(connection.getresponse().read())["token"])
    except (OSError, ValueError, KeyError, TypeError, http.client.HTTPException) as error:
        raise BuildoptError(
            "the running monitor takes no values of pages",
            hint="end it and start it again, with the plugin `web`",
            slug="monitor-without-web",
        ) from error
    finally:
        connection.close()
