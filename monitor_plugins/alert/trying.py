"""`buildopt alert check-rules|test-rule`: do rules make sense, and what would they have said?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click

from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller
from monitor_plugins.alert.config import Config, read_config
from monitor_plugins.alert.lines import AS_JSON, print_json
from monitor_plugins.alert.message import Message
from monitor_plugins.alert.place import Place, meant
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import read_lines
from monitor_plugins.alert.wording import plain, text_of, title_of


@click.command("check-rules")
@click.argument("file", required=False, type=click.Path())
@AS_JSON
@click.pass_obj
def check_command(caller: Caller, *, file: str | None, as_json: bool) -> None:
    """Check the rules of the settings, or of FILE.

    Exit status 2 for what makes no sense, with file, line and a hint.
    """
    config = config_of(caller, file)
    rules = sorted(config.rules)
    if as_json:
        known = sorted(config.channels)
        told = {"rules": rules, "channels": known, "elsewhere": list(config.elsewhere)}
        print_json({"schema": SCHEMA, **told})
        return
    click.echo(f"{len(rules)} rules are sound: {', '.join(rules)}")
    for name in config.elsewhere:
        hint = meant(name, config.channels, "channels")
        click.echo(f"no channel `{name}` in the settings: another plugin's, or the console. {hint}")


@click.command("test-rule")
@click.argument("rules", nargs=-1)
@click.option("--rules", "file", type=click.Path(), help="A settings file with them.")
@click.option("--events", required=True, help="A stream, one object a line; - for stdin.")
@AS_JSON
@click.pass_obj
def test_command(
    caller: Caller, *, rules: tuple[str, ...], file: str | None, events: str, as_json: bool
) -> None:
    """Replay events, and print what would be sent.

    Nothing is sent. RULES name those to try; without any, all. docs/alerts.md has the forms
    of a line.
    """
    config = config_of(caller, file)
    for name in rules:
        if name not in config.rules:
            hint = meant(name, config.rules, "rules")
            raise UsageError(f"there is no rule `{plain(name)}`", hint=hint, slug="unknown-rule")
    chosen = {name: rule for name, rule in config.rules.items() if not rules or name in rules}
    run = Simulation(rules=chosen, policy=config.policy, transport=None)
    for message in run.run(read_lines(_stream(events), events)):
        said = told(message)
        if as_json:
            print_json({"schema": SCHEMA, **said})
        else:
            click.echo(f"{said['t']:>10.1f}  {said['transition']:<10} {title_of(message.entries)}")


def told(message: Message) -> dict[str, Any]:  # Any: JSON
    """A message as a line of `test-rule`."""
    lead = message.lead
    text = text_of(message.entries, held=message.held, came_and_went=message.came_and_went)
    return {
        "t": round(message.steady_s, 3),
        "rule": lead["rule"],
        "incident": lead["incident"],
        "transition": lead["kind"],
        "level": lead["level"],
        "value": lead["value"],
        "channels": list(message.channels),
        "key": message.key(message.channels[0]) if message.channels else "",
        "keys": {name: message.key(name) for name in message.channels},
        "held": {"count": message.held, "came_and_went": message.came_and_went},
        "message": f"{title_of(message.entries)}\n{text}",
        "entries": [
            {
                "rule": one["rule"], "incident": one["incident"], "transition": one["kind"],
                "level": one["level"], "value": one["value"], "labels": one["labels"],
                "number": one["number"], "peak": one["peak"], "duration_s": one["duration_s"],
            }
            for one in message.entries
        ],
    }  # fmt: skip


def config_of(caller: Caller, file: str | None) -> Config:
    """The rules of a file, or of the settings of the working directory; raises SettingsError."""
    found = caller.read_settings(file, "alert") if file else caller.settings("alert")
    place = Place(found.shown, lambda path: found.line_of(path))
    if file and not found.table:
        hint = "rules are `[alert.rules.NAME]`"
        raise place.error((), "there is no table `alert`", hint, slug="missing-key")
    return read_config(found.table, place=place)


def _stream(path: str) -> Iterable[str]:
    if path == "-":
        return sys.stdin
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.readlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"cannot read `{path}`: {why}", hint="name a file of JSON lines", slug="broken-events"
        ) from None
