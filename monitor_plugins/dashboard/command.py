"""`buildopt dashboard`: the page of the monitor that runs, or of one that is started for it."""

from __future__ import annotations

import json
import os
import sys
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

import click

from buildopt.monitor.hookspecs import Caller, Running, Serving

HELP_GROUP = "look"
IDLE_S = 8 * 3_600.0
ANSWER_WITHIN_S = 5.0
EPILOG = """\b
Examples:
  buildopt dashboard                  where it is; until Ctrl-C where no monitor runs yet
  buildopt dashboard --open           in the browser
  buildopt dashboard --port 0 --ready-file ready.json
"""


@click.command("dashboard", epilog=EPILOG)
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.option("--host", metavar="ADDRESS", help="Where to listen; unix:FILE: a socket.")
@click.option("--port", type=click.IntRange(0, 65_535), help="0: any that is free.")
@click.option("--token", metavar="TEXT", help="What opens the server; default the kept one.")
@click.option("--ready-file", metavar="FILE", help="Gets {url, token, pid} once it answers.")
@click.option(
    "--idle", "idle_s", type=click.FloatRange(min=1), default=IDLE_S, metavar="SECONDS",
    help="End when nobody has asked for so long.  [default: 8 hours]",
)  # fmt: skip
@click.pass_obj
def command(
    caller: Caller,
    *,
    opens: bool,
    host: str | None,
    port: int | None,
    token: str | None,
    ready_file: str | None,
    idle_s: float,
) -> int:
    """Show what happens in the browser.

    Where a monitor runs already, it is that one's page, and this command ends at once.
    """
    running = caller.running()
    if running is not None:
        _say(running, ready_file)
        given = {"--host": host, "--port": port, "--token": token}
        if names := ", ".join(name for name, value in given.items() if value is not None):
            click.echo(f"buildopt: {names} counted for nothing: end that monitor first", err=True)
        if opens:
            _open(running)
        return 0
    return caller.serve(
        Serving(
            host=host,
            port=port,
            token=token,
            ready_file=ready_file,
            idle_s=idle_s,
            ready=_open if opens else None,
        )
    )


def _say(running: Running, ready_file: str | None) -> None:
    """Where it answers; the token only on a terminal, as what is elsewhere may be a log."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    has_port = running.url.startswith("http")
    address = (
        f"{running.url}/enter?token={running.token}" if is_terminal and has_port else running.url
    )
    click.echo(f"buildopt: dashboard at {address} (a monitor runs)", err=True)
    if ready_file:
        descriptor = os.open(ready_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(running._asdict()))


def _open(running: Running) -> None:
    """Open the browser, which gets a ticket for once: others can read what it was started with."""
    try:
        ticket = _ticket(running)
    except (OSError, ValueError, KeyError, HTTPException):
        click.echo(f"buildopt: a browser cannot open {running.url}", err=True)
        return
    click.launch(f"{running.url}/enter?ticket={ticket}")


def _ticket(running: Running) -> str:
    url = urlsplit(running.url)
    if url.scheme != "http":
        raise ValueError(running.url)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=ANSWER_WITHIN_S)
    headers = {"authorization": f"Bearer {running.token}", "content-type": "application/json"}
    connection.request("POST", "/tickets", "{}", headers)
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return str(answer["ticket"])
