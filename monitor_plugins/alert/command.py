"""`buildopt alert`: what goes on, what was told, and how rules behave."""

from __future__ import annotations

import getpass
import json
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import click

from buildopt.errors import UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller, fact
from monitor_plugins.alert import consumer as names
from monitor_plugins.alert.alert import Alert, alert_of, digest
from monitor_plugins.alert.config import Config, read_config
from monitor_plugins.alert.durations import seconds, spoken
from monitor_plugins.alert.message import Message
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import read_lines
from monitor_plugins.alert.wording import plain, quantity, text_of, title_of

EPILOG = """\b
Examples:
  buildopt alert list                        what is going on
  buildopt alert show 3f2a                   one incident, from its beginning
  buildopt alert ack 3f2a --for 2h           I take care of it: no repeats, no escalation
  buildopt alert silence --rule cpu --for 1h
  buildopt alert mark 3f2a --false           it was no trouble; counts in `alert stats`
  buildopt alert check-rules buildopt.toml
  buildopt alert test-rule memory --events stream.jsonl --json
"""
Data = Mapping[str, Any]  # Any: JSON
AS_JSON = click.option("--json", "as_json", is_flag=True, help="For machines.")


@click.group("alert", epilog=EPILOG)
def command() -> None:
    """See alerts, take care of them, and try rules."""


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that wait or are over, too.")
@AS_JSON
@click.pass_obj
def list_command(caller: Caller, *, everything: bool, as_json: bool) -> None:
    """List what is going on now, the gravest first."""
    alerts = [alert for alert in _alerts(caller) if everything or alert.is_open]
    if as_json:
        _print({"schema": SCHEMA, "alerts": [_plain(alert) for alert in alerts]})
        return
    if not alerts:
        click.echo("nothing is going on")
    for alert in alerts:
        click.echo(_line(alert))


@command.command("show")
@click.argument("incident")
@AS_JSON
@click.pass_obj
def show_command(caller: Caller, *, incident: str, as_json: bool) -> None:
    """Show one incident: all that happened, and what was sent. The first digits are enough."""
    entries = _history(caller, incident=incident)
    if not entries:
        raise _no_incident(incident)
    found = entries[-1]["incident"]
    sent = _sent(caller, found)
    if as_json:
        _print({"schema": SCHEMA, "incident": found, "history": entries, "notifications": sent})
        return
    click.echo(text_of([entries[-1]]))
    for one in entries:
        click.echo(f"  {_clock(one['wall_s'])}  {one['kind']:<10} {one['level']}")
    for row in sent:
        detail = f" ({row['detail']})" if row["detail"] else ""
        click.echo(f"  {row['channel']}: {row['state']} after {row['tries']} tries{detail}")


@command.command("ack")
@click.argument("incident")
@click.option("--for", "duration", default="4h", show_default=True, help="How long.")
@click.option("--by", default="", help="Who; default the user.")
@AS_JSON
@click.pass_obj
def ack_command(caller: Caller, *, incident: str, duration: str, by: str, as_json: bool) -> None:
    """Take care of an incident: no repeats and no escalation until then, or until it gets worse."""
    found = _open_incident(caller, incident)
    until = time.time() + _duration(duration)
    data = {"incident": found, "until": until, "by": by or _user()}
    _tell(caller, names.ACKNOWLEDGED, data, as_json, f"acknowledged {found} until {_clock(until)}")


@command.command("silence")
@click.option("--rule", default="", help="Only alerts of this rule.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE", help="Only with it.")
@click.option("--for", "duration", default="1h", show_default=True, help="How long.")
@click.option("--comment", default="", help="Why.")
@click.option("--end", "ended", default="", metavar="ID", help="End this silence now.")
@AS_JSON
@click.pass_obj
def silence_command(
    caller: Caller,
    *,
    rule: str,
    labels: tuple[str, ...],
    duration: str,
    comment: str,
    ended: str,
    as_json: bool,
) -> None:
    """Hold notifications back; what still goes on at the end is told then."""
    if ended:
        _tell(caller, names.UNSILENCED, {"id": ended}, as_json, f"ended silence {ended}")
        return
    match = {"rule": rule} if rule else {}
    for label in labels:
        name, mark, value = label.partition("=")
        if not mark:
            raise click.UsageError(f"`{label}` is not NAME=VALUE")
        match[name] = value
    until = time.time() + _duration(duration)
    id_ = digest(str(until), json.dumps(match, sort_keys=True))[:8]
    data = {"id": id_, "match": match, "until": until, "by": _user(), "comment": comment}
    _tell(caller, names.SILENCED, data, as_json, f"silence {id_} until {_clock(until)}")


@command.command("mark")
@click.argument("incident")
@click.option("--false", "false_alarm", flag_value="yes", help="It was no trouble.")
@click.option("--true", "false_alarm", flag_value="no", help="It was one, after all.")
@AS_JSON
@click.pass_obj
def mark_command(caller: Caller, *, incident: str, false_alarm: str | None, as_json: bool) -> None:
    """Say whether an incident was a real trouble; `alert stats` counts it."""
    if false_alarm is None:
        raise click.UsageError("say `--false` or `--true`")
    entries = _history(caller, incident=incident)
    if not entries:
        raise _no_incident(incident)
    found = entries[-1]["incident"]
    data = {"incident": found, "false_alarm": false_alarm == "yes", "by": _user()}
    said = f"marked {found} as {'a false alarm' if false_alarm == 'yes' else 'real'}"
    _tell(caller, names.MARKED, data, as_json, said)


@command.command("history")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@click.option("--rule", default="", help="Only of this rule.")
@AS_JSON
@click.pass_obj
def history_command(caller: Caller, *, days: int, rule: str, as_json: bool) -> None:
    """List what happened, the newest last; with --json one object a line."""
    for one in _history(caller, days=days):
        if rule and one["rule"] != rule:
            continue
        if as_json:
            _print({"schema": SCHEMA, **one})
        else:
            click.echo(
                f"{_clock(one['wall_s'])}  {one['kind']:<10} {_short(one)}  {title_of([one])}"
            )


@command.command("stats")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@AS_JSON
@click.pass_obj
def stats_command(caller: Caller, *, days: int, as_json: bool) -> None:
    """Count alerts by rule, how long they lasted, false alarms, and what was sent."""
    stats = _statistics(_history(caller, days=days), _sent(caller, ""))
    if as_json:
        _print({"schema": SCHEMA, "days": days, **stats})
        return
    for rule, row in stats["rules"].items():
        lasted = spoken(row["median_duration_s"]) if row["resolved"] else "-"
        click.echo(
            f"{rule}: {row['incidents']} incidents, {row['false_alarms']} false alarms, "
            f"half of them over within {lasted}"
        )
    sent = ", ".join(f"{count} {state}" for state, count in sorted(stats["outbox"].items()))
    click.echo(f"notifications: {sent or 'none'}")


@command.command("check-rules")
@click.argument("file", required=False, type=click.Path())
@AS_JSON
@click.pass_obj
def check_command(caller: Caller, *, file: str | None, as_json: bool) -> None:
    """Check the rules of the settings, or of one file; exit status 2 for what makes no sense."""
    config = _config(caller, file)
    rules = sorted(config.rules)
    if as_json:
        known = sorted(config.channels)
        told = {"rules": rules, "channels": known, "elsewhere": list(config.elsewhere)}
        _print({"schema": SCHEMA, **told})
        return
    click.echo(f"{len(rules)} rules are sound: {', '.join(rules)}")
    for name in config.elsewhere:
        click.echo(f"no channel `{name}` in the settings: another plugin's, or the console")


@command.command("test-rule")
@click.argument("rules", nargs=-1)
@click.option("--rules", "file", type=click.Path(), help="A settings file with the rules.")
@click.option("--events", required=True, help="A stream, one object a line; - for stdin.")
@AS_JSON
@click.pass_obj
def test_command(
    caller: Caller, *, rules: tuple[str, ...], file: str | None, events: str, as_json: bool
) -> None:
    """Replay a stream of events and print what would have been sent. Nothing is.

    RULES name those to try; without any, all. docs/alerts.md has the forms of a line.
    """
    config = _config(caller, file)
    unknown = [name for name in rules if name not in config.rules]
    if unknown:
        raise UsageError(
            f"there is no rule `{unknown[0]}`",
            hint=f"known rules: {', '.join(sorted(config.rules))}",
            slug="unknown-rule",
        )
    chosen = {name: rule for name, rule in config.rules.items() if not rules or name in rules}
    run = Simulation(rules=chosen, policy=config.policy, fallbacks=config.fallbacks)
    for message in run.run(read_lines(_stream(events), events)):
        said = _told(message)
        if as_json:
            _print(said)
        else:
            click.echo(f"{said['t']:>10.1f}  {said['transition']:<10} {title_of(message.entries)}")


def _told(message: Message) -> dict[str, Any]:  # Any: JSON
    """A line of `test-rule`."""
    lead = message.lead
    lead_key = message.key(message.channels[0]) if message.channels else ""
    return {
        "t": round(message.steady_s, 3),
        "rule": lead["rule"],
        "incident": lead["incident"],
        "transition": lead["kind"],
        "level": lead["level"],
        "value": lead["value"],
        "channels": list(message.channels),
        "key": lead_key,
        "keys": {name: message.key(name) for name in message.channels},
        "held": {"count": message.held, "came_and_went": message.came_and_went},
        "message": f"{title_of(message.entries)}\n"
        + text_of(message.entries, held=message.held, came_and_went=message.came_and_went),
        "entries": [
            {
                "rule": one["rule"], "incident": one["incident"], "transition": one["kind"],
                "level": one["level"], "value": one["value"], "labels": one["labels"],
                "number": one["number"], "peak": one["peak"], "duration_s": one["duration_s"],
            }
            for one in message.entries
        ],
    }  # fmt: skip


def _config(caller: Caller, file: str | None) -> Config:
    found = caller.read_settings(file, "alert") if file else caller.settings("alert")
    place = Place(found.shown, lambda path: found.line_of(path))
    if file and not found.table:
        raise place.error(
            (), "there is no table `alert`", "rules are `[alert.rules.NAME]`", slug="missing-key"
        )
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


def _alerts(caller: Caller) -> list[Alert]:
    rows = caller.read(names.NAME, "SELECT json FROM alert_row WHERE kind = 'alert'")
    alerts = [alert_of(json.loads(text)) for (text,) in rows]
    return sorted(alerts, key=lambda one: (one.level != "critical", one.since_wall_s, one.key))


def _history(caller: Caller, *, incident: str = "", days: int = 366) -> list[dict[str, Any]]:
    since_s = time.time() - days * 86_400
    rows = caller.read(
        names.NAME,
        "SELECT json FROM alert_history WHERE wall_s >= ? AND substr(incident, 1, ?) = ? "
        "ORDER BY n",
        (since_s, len(incident), incident),
    )
    return [json.loads(text) for (text,) in rows]


def _sent(caller: Caller, incident: str) -> list[dict[str, Any]]:
    rows = caller.read(
        names.NAME,
        "SELECT channel, state, json FROM alert_outbox WHERE instr(json, ?) "
        "ORDER BY created_wall_s",
        (incident,),
    )
    return [
        {"channel": channel, "state": state, **_tries(json.loads(text))}
        for channel, state, text in rows
    ]


def _tries(row: Data) -> dict[str, Any]:  # Any: JSON
    return {"key": row["key"], "tries": row["tries"], "detail": row["detail"]}


def _statistics(entries: list[dict[str, Any]], sent: list[dict[str, Any]]) -> dict[str, Any]:
    rules: dict[str, Any] = {}
    for rule in sorted({one["rule"] for one in entries}):
        mine = [one for one in entries if one["rule"] == rule]
        incidents = {one["incident"] for one in mine if one.get("incident")}
        false = {one["incident"] for one in mine if one.get("false_alarm")}
        durations = sorted(one["duration_s"] for one in mine if one["kind"] == "resolved")
        rules[rule] = {
            "incidents": len(incidents),
            "false_alarms": len(false),
            "resolved": len(durations),
            "median_duration_s": durations[len(durations) // 2] if durations else 0.0,
            "transitions": dict(Counter(one["kind"] for one in mine)),
        }
    incidents = sum(row["incidents"] for row in rules.values())
    false_alarms = sum(row["false_alarms"] for row in rules.values())
    return {
        "incidents": incidents,
        "false_alarms": false_alarms,
        "false_share": round(false_alarms / incidents, 4) if incidents else 0.0,
        "rules": rules,
        "outbox": dict(Counter(row["state"] for row in sent)),
    }


def _open_incident(caller: Caller, start: str) -> str:
    found = [
        alert.incident_id
        for alert in _alerts(caller)
        if alert.is_open and (alert.incident_id.startswith(start) or alert.rule == start)
    ]
    if not found:
        raise _no_incident(start)
    return found[0]


def _no_incident(start: str) -> UsageError:
    return UsageError(
        f"there is no incident `{plain(start)}`",
        hint="`buildopt alert list` and `buildopt alert history` name them",
        slug="unknown-incident",
    )


def _duration(text: str) -> float:
    try:
        return seconds(text)
    except ValueError as error:
        raise click.UsageError(f"`{text}` cannot be a time: it takes {error}") from None


def _tell(caller: Caller, kind: str, data: dict[str, Any], as_json: bool, said: str) -> None:
    event = caller.emit(fact(kind, data, time_ns=time.time_ns()))
    if as_json:
        _print({"schema": SCHEMA, "event": event.id, **data})
    else:
        click.echo(said)


def _plain(alert: Alert) -> dict[str, Any]:  # Any: JSON
    return {
        "incident": alert.incident_id, "rule": alert.rule, "phase": alert.phase,
        "level": alert.level, "value": alert.value, "peak": alert.peak, "labels": alert.labels,
        "since": alert.since_wall_s, "stale": alert.is_stale, "flapping": alert.is_flapping,
        "acknowledged_by": alert.acked_by, "held_by": alert.held_by if alert.held_wall_s else "",
        "occurrences": alert.occurrences, "run": alert.run,
    }  # fmt: skip


def _line(alert: Alert) -> str:
    marks: list[str] = [alert.phase]
    marks += ["stale"] if alert.is_stale else []
    marks += ["flapping"] if alert.is_flapping else []
    marks += [f"acknowledged by {plain(alert.acked_by)}"] if alert.acked_by else []
    marks += [f"held: {plain(alert.held_by)}"] if alert.held_wall_s else []
    labels = " ".join(f"{k}={plain(v)}" for k, v in sorted(alert.labels.items()) if v)
    return (
        f"{alert.incident_id[:8]}  {alert.level:<8} {alert.rule}  {quantity(alert.value, '')}  "
        f"since {_clock(alert.since_wall_s)}  {', '.join(marks)}  {labels}"
    ).rstrip()


def _short(entry: Data) -> str:
    return str(entry.get("incident", ""))[:8]


def _clock(wall_s: float) -> str:
    return datetime.fromtimestamp(wall_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def _print(data: Data) -> None:
    click.echo(json.dumps(data))
