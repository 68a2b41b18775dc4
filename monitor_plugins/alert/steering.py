"""`buildopt alert ack|silence|mark`: what people do is an event, which the monitor takes."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import click

from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller, fact
from monitor_plugins.alert import consumer as names
from monitor_plugins.alert import kept
from monitor_plugins.alert.alert import digest
from monitor_plugins.alert.durations import seconds
from monitor_plugins.alert.lines import AS_JSON, clock, match_text, print_json
from monitor_plugins.alert.overlays import matches
from monitor_plugins.alert.place import closest, meant
from monitor_plugins.alert.trying import config_of
from monitor_plugins.alert.wording import plain

A_SLIP = 0.8
"""How like two names are of which one is a slip: `memori` is, and `page-load` is not `load`."""
Options = Callable[[Callable[..., Any]], Callable[..., Any]]  # Any: a command


def _for(usual: str) -> Options:
    return click.option(
        "--for", "duration", default=usual, metavar="TIME", show_default=True, help="How long."
    )


@click.command("ack")
@click.argument("incident")
@click.option(
    "--for", "duration", default="4h", metavar="TIME", show_default=True, help="How long."
)
@click.option("--by", default="", help="Who; default the user.")
@AS_JSON
@click.pass_obj
def ack_command(caller: Caller, *, incident: str, duration: str, by: str, as_json: bool) -> None:
    """Take care of an incident.

    No repeats and no escalation until then, or until it gets worse. INCIDENT is its first digits,
    or the name of its rule.
    """
    found = kept.open_incident(caller, incident)
    until = time.time() + _seconds(duration)
    data = {"incident": found, "until": until, "by": by or _user()}
    _tell(caller, names.ACKNOWLEDGED, data, as_json, f"acknowledged {found} until {clock(until)}")


@click.command("silence")
@click.option("--rule", default="", help="Only alerts of this rule.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="Only with it.")
@click.option(
    "--for", "duration", default="1h", metavar="TIME", show_default=True, help="How long."
)
@click.option("--comment", default="", help="Why.")
@click.option("--end", "ended", default="", metavar="ID", help="End this silence now.")
@AS_JSON
@click.pass_obj
def silence_command(
    caller: Caller, *, rule: str, labels: tuple[str, ...], duration: str, comment: str,
    ended: str, as_json: bool,
) -> None:  # fmt: skip
    """Hold notifications back.

    What still goes on at the end is told then. Without --rule and --label everything is held back.
    `buildopt alert list` shows what is.
    """
    if ended:
        _end(caller, ended, as_json=as_json)
        return
    known = _known_rules(caller) if rule else set()
    _require_no_slip(rule, known)
    match = {**({"rule": rule} if rule else {}), **dict(_pair(label) for label in labels)}
    until = time.time() + _seconds(duration)
    id_ = digest(str(until), json.dumps(match, sort_keys=True))[:8]
    data = {"id": id_, "match": match, "until": until, "by": _user(), "comment": comment}
    going_on = [alert for alert in kept.alerts(caller) if alert.is_open]
    held = sum(matches(match, alert) for alert in going_on)
    said = f"silence {id_} of {match_text(match)} until {clock(until)}"
    if going_on:
        said += f"; holds {held} of {len(going_on)} that go on"
    _tell(caller, names.SILENCED, data, as_json, said)
    if rule and rule not in known:
        hint = meant(rule, known, "rules")
        text = f"warning: no rule `{plain(rule)}` in the settings, and none ever fired: {hint}"
        click.echo(text, err=True)


@click.command("mark")
@click.argument("incident")
@click.option("--false", "false_alarm", flag_value="yes", help="It was no trouble.")
@click.option("--true", "false_alarm", flag_value="no", help="It was one, after all.")
@AS_JSON
@click.pass_obj
def mark_command(caller: Caller, *, incident: str, false_alarm: str | None, as_json: bool) -> None:
    """Say whether an incident was a real trouble.

    `buildopt alert stats` counts it. INCIDENT is its first digits.
    """
    if false_alarm is None:
        raise click.UsageError("say `--false` or `--true`")
    found, _ = kept.history_of(caller, incident)
    data = {"incident": found, "false_alarm": false_alarm == "yes", "by": _user()}
    said = f"marked {found} as {'a false alarm' if false_alarm == 'yes' else 'real'}"
    _tell(caller, names.MARKED, data, as_json, said)


def _end(caller: Caller, id_: str, *, as_json: bool) -> None:
    known = [one.id for one in kept.silences(caller)]
    _tell(caller, names.UNSILENCED, {"id": id_}, as_json, f"ended silence {plain(id_)}")
    if id_ not in known:
        hint = meant(id_, known, "silences") if known else "the monitor knows of none"
        click.echo(f"warning: no silence `{plain(id_)}` goes on: {hint}", err=True)


def _known_rules(caller: Caller) -> set[str]:
    """Those of the settings, and of any plugin those that ever fired."""
    return {*config_of(caller, None).rules, *(one["rule"] for one in kept.history(caller))}


def _require_no_slip(rule: str, known: set[str]) -> None:
    """A silence of a rule that is none holds nothing back; raises UsageError."""
    if rule in known or not (close := closest(rule, sorted(known), likeness=A_SLIP)):
        return
    raise UsageError(
        f"there is no rule `{plain(rule)}`",
        hint=f"did you mean `{close}`? `--label rule={plain(rule)}` silences one of another plugin",
        slug="unknown-rule",
    )


def _pair(label: str) -> tuple[str, str]:
    name, mark, value = label.partition("=")
    if not (mark and name):
        raise click.UsageError(f"`{label}` is not NAME=VALUE")
    return name, value


def _seconds(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise click.UsageError(f"`{text}` cannot be a time: it takes {error}") from None


def _tell(
    caller: Caller, kind: str, data: Mapping[str, Any], as_json: bool, said: str
) -> None:  # Any: JSON
    event = caller.emit(fact(kind, data, time_ns=time.time_ns()))
    if as_json:
        print_json({"schema": SCHEMA, "event": event.id, **data})
    else:
        click.echo(said)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
