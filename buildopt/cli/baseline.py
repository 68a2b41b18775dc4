"""`buildopt baseline`: what is usual in a series, and when it is otherwise."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from buildopt.cli.series import read_series
from buildopt.cli.words import tell
from buildopt.events import SCHEMA

if TYPE_CHECKING:
    from monitor_plugins.baseline.verdicts import Kind

EPILOG = """\b
Examples:
  buildopt baseline detect --kind changepoint builds.csv           where the level moved
  buildopt baseline detect --kind changepoint --online builds.csv  as told after each build
  buildopt baseline detect --kind anomaly memory.csv               when a metric was unusual
"""


@click.group("baseline", epilog=EPILOG)
def command() -> None:
    """Learn how a series usually is, and find where it is otherwise."""


@command.command("detect", epilog=EPILOG)
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["anomaly", "changepoint"]),
    help="A sampled metric, or a series with one value a build.",
)
@click.option("--online", is_flag=True, help="Ask again after each row; the first claim counts.")
@click.option(
    "--json", is_flag=True, expose_value=False, help="One object a line, which is so anyway."
)
@click.argument("file", metavar="FILE.csv")
def detect(kind: Kind, online: bool, file: str) -> None:
    """Print a verdict a line about a series of `timestamp,value` rows, in order of time.

    `index` is the row below the header, from 0, at which a new level or an incident began, and
    `detected_at` the row after which that was known. An empty value is a gap.
    """
    from monitor_plugins.baseline.verdicts import judge, learning  # a plugin: when asked for only

    rows = read_series(file)
    values = [row.value for row in rows]
    too_short = learning(kind, values)
    if too_short:
        tell(f"buildopt: {too_short}: no verdict yet")
    for verdict in judge(kind, [row.time_s for row in rows], values, online=online):
        click.echo(json.dumps({"schema": SCHEMA, **asdict(verdict)}))
