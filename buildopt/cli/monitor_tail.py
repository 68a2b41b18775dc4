"""`buildopt monitor tail`: tell the monitor what a server's access log says."""

from __future__ import annotations

import os
import time

import click

from buildopt.cli.words import tell
from buildopt.errors import BuildoptError
from buildopt.quantities import counted
from buildopt.serving.access_lines import FORMATS, Format
from buildopt.serving.tailing import Tailing

LOOK_S = 0.5
TELL_S = 2.0
EPILOG = """\b
Examples:
  buildopt monitor tail --format combined /var/log/nginx/access.log
  buildopt monitor tail --format json --service shop access.json
  buildopt monitor tail --format combined --from-start --until-end access.log
"""


@click.command("tail", epilog=EPILOG)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), required=True, help="What its lines are."
)
@click.option("--service", default="", metavar="NAME", help="Who serves; else the file's name.")
@click.option("--from-start", is_flag=True, help="Also what stands in it already.")
@click.option("--until-end", is_flag=True, help="Take in what is there, then end.")
@click.argument("file", type=click.Path())
def command(*, form: Format, service: str, from_start: bool, until_end: bool, file: str) -> None:
    """Follow an access log, over rotation, from where it was left; until Ctrl-C.

    For servers that cannot be changed. What it says reaches panels and alerts as the middleware's
    requests do.
    """
    name = service or os.path.basename(file).partition(".")[0] or "access-log"
    tailing = Tailing(file, form, name, os.environ, from_start=from_start)
    try:
        _look(tailing, file)
        while not until_end:
            time.sleep(LOOK_S)
            _follow(tailing)
        while tailing.look(time.time()):
            continue
    except KeyboardInterrupt:
        click.get_current_context().exit(130)
    finally:
        _finish(tailing)


def _look(tailing: Tailing, file: str) -> None:
    """The first look, at which the file has to be there."""
    try:
        tailing.look(time.time())
    except OSError as error:
        raise BuildoptError(
            f"cannot read the access log `{file}`: {error.strerror}",
            hint="name the file to which the server writes, and may you read it?",
            slug="access-log",
        ) from error


def _follow(tailing: Tailing) -> None:
    """Some looks, until it is time to tell."""
    ends_s = time.monotonic() + TELL_S
    try:
        while time.monotonic() < ends_s:
            try:
                tailing.look(time.time())
            except OSError:
                pass  # it is gone for now, as in a rotation
            time.sleep(LOOK_S)
    finally:
        tailing.tell()


def _finish(tailing: Tailing) -> None:
    tailing.tell()
    tailing.close()
    told = f"buildopt: read {counted(tailing.read_lines, 'request')}"
    if tailing.unread_lines:
        told += f"; no request: {counted(tailing.unread_lines, 'line')}"
    tell(told)
    if tailing.journal.lost_events:
        where = os.fsdecode(tailing.journal.state) or "no folder"
        raise BuildoptError(
            f"cannot write to the journal in `{where}`",
            hint="`buildopt doctor` looks at the state folder",
            slug="event-lost",
        )
