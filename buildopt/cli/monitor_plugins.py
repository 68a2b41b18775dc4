"""`buildopt monitor plugins`: which plugins there are, and what they could not take."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from buildopt import settings
from buildopt.cli.plugin_options import chosen, plugin_option
from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.monitor import plugin_file, plugin_file_reading
from buildopt.monitor.loading import Row, load

EPILOG = """\b
Examples:
  buildopt monitor plugins                       what is loaded, and why something is not
  buildopt monitor plugins --json                the same as one object
  buildopt monitor plugins --dead-letters NAME   events that a consumer could not take, and why
"""


@click.command("plugins", epilog=EPILOG)
@plugin_option
@click.option("--dead-letters", metavar="CONSUMER", help="Events that it could not take.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
def command(plugin_words: tuple[str, ...], dead_letters: str | None, as_json: bool) -> None:
    """List the plugins of the monitor, each with its status.

    Every plugin is loaded for that, as the monitor would, and none is started. A plugin of another
    distribution is loaded in a process of its own, unless `trusted_plugins` names it.
    """
    folder = settings.state_folder(os.environ)
    if dead_letters is not None:
        _show_dead_letters(folder, dead_letters, as_json=as_json)
        return
    loaded = load(chosen(plugin_words))
    loaded.close()
    told = [_json(folder, row) for row in loaded.rows]
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "plugins": told}))
        return
    if not told:
        click.echo("no plugins are installed, or BUILDOPT_PLUGINS=0")
    for row in told:
        for line in _lines(row):
            click.echo(line)


def _show_dead_letters(folder: str, consumer: str, *, as_json: bool) -> None:
    try:
        letters = plugin_file_reading.read_dead_letters(plugin_file.path_of(folder, consumer))
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"nothing is kept of a consumer `{consumer}`",
            hint="`buildopt monitor plugins` lists them",
            slug="unknown-plugin",
        ) from error
    if as_json:
        rows = [{**each._asdict(), "payload": json.loads(each.payload)} for each in letters]
        click.echo(json.dumps({"schema": SCHEMA, "dead_letters": rows}))
        return
    for each in letters:
        click.echo(f"{_time(each.time_ns)}  {each.type}  {each.position}\n  {each.error}")


def _json(folder: str, row: Row) -> dict[str, Any]:
    return {**row._asdict(), "consumers": [_consumer(folder, name) for name in row.consumers]}


def _consumer(folder: str, name: str) -> dict[str, Any]:
    """A consumer, and where it stands if it ever ran."""
    try:
        standing = plugin_file_reading.read_standing(plugin_file.path_of(folder, name))
    except (OSError, sqlite3.Error):
        standing = plugin_file.Standing()
    until_ns = standing.quarantined_until_ns
    return {
        "name": name,
        "position": standing.position,
        "dead_letters": standing.letters,
        "quarantined_until": _time(until_ns if until_ns > time.time_ns() else 0),
    }


def _lines(row: dict[str, Any]) -> Sequence[str]:
    origin = " ".join(part for part in (row["distribution"], row["version"]) if part)
    place = "" if row["place"] == "host" else "  in a process of its own"
    lines = [f"{row['name']}  {row['status']}  {origin or row['value']}{place}"]
    if row["reason"]:
        lines.append(f"  {row['reason']}")
    if row["hooks"]:
        lines.append(f"  hooks: {', '.join(row['hooks'])}")
    return [*lines, *(_consumer_line(consumer) for consumer in row["consumers"])]


def _consumer_line(consumer: dict[str, Any]) -> str:
    parts = [f"  consumer {consumer['name']}"]
    if consumer["dead_letters"]:
        parts.append(f"{consumer['dead_letters']} dead letters")
    if consumer["quarantined_until"]:
        parts.append(f"quarantined until {consumer['quarantined_until']}")
    if not consumer["position"]:
        parts.append("has not run")
    return ", ".join(parts)


def _time(time_ns: int) -> str:
    if not time_ns:
        return ""
    return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="seconds")
