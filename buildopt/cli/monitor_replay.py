"""`buildopt monitor replay`: what a plugin says to events of the past."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence

import click

from buildopt import settings
from buildopt.cli.moments import FORMS, moment_ns
from buildopt.cli.plugin_options import chosen
from buildopt.errors import BuildoptError, UsageError
from buildopt.events import encode
from buildopt.monitor.loading import Placed, Plugins, load
from buildopt.monitor.position import START, Position
from buildopt.monitor.replay import Start, State, replay
from buildopt.monitor.seat import Failed

EPILOG = """\b
Examples:
  buildopt monitor replay --plugin alert                all that the journal still holds
  buildopt monitor replay --plugin alert --from 24h     what it said since yesterday
  buildopt monitor replay --plugin alert --from 24h --state copy
                                                        what it would say knowing what it knows now
"""


class Point(click.ParamType[Start]):
    """A position in the journal, or a moment."""

    name = "point"

    def convert(
        self, value: str | Start, param: click.Parameter | None, ctx: click.Context | None
    ) -> Start:
        """Where to begin; fails for what is neither."""
        if isinstance(value, Start):
            return value
        if "/" in value:
            try:
                return Start(position=Position.parse(value))
            except ValueError as error:
                self.fail(str(error), param, ctx)
        time_ns = moment_ns(value, time.time_ns())
        if time_ns is None:
            self.fail(f"`{value}` is no position and no time\nhint: it takes {FORMS}", param, ctx)
        return Start(time_ns=time_ns)


@click.command("replay", epilog=EPILOG)
@click.option("--plugin", required=True, metavar="NAME", help="A plugin, or one of its consumers.")
@click.option(
    "--from", "start", type=Point(), default=Start(START), metavar="POSITION|TIME",
    help="What follows from events before that is not told.",
)  # fmt: skip
@click.option(
    "--state", type=click.Choice(["rebuilt", "copy", "empty"]), default="rebuilt",
    show_default=True, help="What the plugin knows at the start.",
)  # fmt: skip
@click.option("--json", is_flag=True, expose_value=False, help="One event a line, as it is anyway.")
def command(plugin: str, start: Start, state: State) -> None:
    """Run a plugin over the journal again and print the events that it returns, one a line.

    Nothing is written but a temporary copy of its state, and nobody is told anything. Time comes
    from the events: the same journal gives the same bytes as when the monitor ran. `rebuilt` runs
    what the journal holds before `--from` first, silently; `copy` begins with what the plugin
    knows now, `empty` with nothing.
    """
    folder = settings.state_folder(os.environ)
    loaded = load(chosen(()))
    try:
        for placed in _found(loaded, plugin):
            _print(folder, placed, start._replace(state=state))
    finally:
        loaded.close()


def _found(loaded: Plugins, name: str) -> Sequence[Placed]:
    found = [each for each in loaded.consumers() if each.described.plugin == name]
    found = found or [each for each in loaded.consumers() if each.described.name == name]
    if not found:
        raise UsageError(
            f"no plugin `{name}` with a consumer is loaded",
            hint="`buildopt monitor plugins` says what is, and why something is not",
            slug="unknown-plugin",
        )
    return found


def _print(folder: str, placed: Placed, start: Start) -> None:
    with tempfile.TemporaryDirectory(prefix="buildopt-replay-") as scratch:
        try:
            for event in replay(folder, placed, start, scratch):
                click.echo(encode(event))
        except FileNotFoundError as error:
            raise UsageError(
                f"nothing is kept of consumer `{placed.described.name}`",
                hint="`--state rebuilt` needs nothing",
                slug="unknown-plugin",
            ) from error
        except Failed as failed:
            raise BuildoptError(
                f"plugin `{placed.described.plugin}` cannot be run: {failed.text}",
                hint="`buildopt monitor plugins` shows its status",
                slug="plugin-failed",
            ) from failed
