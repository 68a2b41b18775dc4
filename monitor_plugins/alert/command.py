"""`buildopt alert`: what goes on and what was told; with what people do, and trying rules."""

from __future__ import annotations

import click

from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import Caller
from monitor_plugins.alert import kept, store
from monitor_plugins.alert.durations import spoken
from monitor_plugins.alert.lines import (
    AS_JSON,
    alert_json,
    alert_line,
    clock,
    print_json,
    silence_line,
)
from monitor_plugins.alert.statistics import statistics_of
from monitor_plugins.alert.steering import ack_command, mark_command, silence_command
from monitor_plugins.alert.trying import check_command, test_command
from monitor_plugins.alert.wording import text_of, title_of

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
DAYS = click.option(
    "--days", default=30, show_default=True, type=click.IntRange(1, store.HISTORY_DAYS),
    help="How far back.",
)  # fmt: skip


@click.group("alert", epilog=EPILOG)
def command() -> None:
    """See alerts, take care of them, and try rules."""


for each in (ack_command, silence_command, mark_command, check_command, test_command):
    command.add_command(each)


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that wait or are over, too.")
@AS_JSON
@click.pass_obj
def list_command(caller: Caller, *, everything: bool, as_json: bool) -> None:
    """List what is going on, and what is silenced."""
    alerts = [alert for alert in kept.alerts(caller) if everything or alert.is_open]
    silences = kept.silences(caller)
    if as_json:
        told = [one.as_json() for one in silences]
        print_json({"schema": SCHEMA, "alerts": list(map(alert_json, alerts)), "silences": told})
        return
    if not alerts:
        click.echo("nothing is going on")
    if caller.running() is None:
        click.echo("no monitor runs, so nothing is judged now: `buildopt monitor`", err=True)
    for alert in alerts:
        click.echo(alert_line(alert))
    for silence in silences:
        click.echo(silence_line(silence))


@command.command("show")
@click.argument("incident")
@AS_JSON
@click.pass_obj
def show_command(caller: Caller, *, incident: str, as_json: bool) -> None:
    """Show one incident, from its beginning.

    All that happened to it, and what was sent. INCIDENT is its first digits.
    """
    found, entries = kept.history_of(caller, incident)
    sent = kept.sent(caller, found)
    if as_json:
        told = {"incident": found, "history": entries, "notifications": sent}
        print_json({"schema": SCHEMA, **told})
        return
    click.echo(text_of([entries[-1]]))
    for one in entries:
        click.echo(f"  {clock(one['wall_s'])}  {one['kind']:<10} {one['level']}")
    for row in sent:
        detail = f" ({row['detail']})" if row["detail"] else ""
        tries = _count(row["tries"], "try", "tries")
        click.echo(f"  {row['channel']}: {row['state']} after {tries}{detail}")


@command.command("history")
@DAYS
@click.option("--rule", default="", help="Only of this rule.")
@AS_JSON
@click.pass_obj
def history_command(caller: Caller, *, days: int, rule: str, as_json: bool) -> None:
    """List what happened, the newest last.

    With --json one object a line.
    """
    for one in kept.history(caller, days=days):
        if rule and one["rule"] != rule:
            continue
        if as_json:
            print_json({"schema": SCHEMA, **one})
        else:
            incident = str(one.get("incident", ""))[:8]
            click.echo(f"{clock(one['wall_s'])}  {one['kind']:<10} {incident}  {title_of([one])}")


@command.command("stats")
@DAYS
@AS_JSON
@click.pass_obj
def stats_command(caller: Caller, *, days: int, as_json: bool) -> None:
    """Count alerts, false alarms and messages.

    By rule: incidents, how long they lasted, and those that were marked as false.
    """
    stats = statistics_of(kept.history(caller, days=days), kept.sent(caller, ""))
    if as_json:
        print_json({"schema": SCHEMA, "days": days, **stats})
        return
    for rule, row in stats["rules"].items():
        lasted = spoken(row["median_duration_s"]) if row["resolved"] else "-"
        click.echo(
            f"{rule}: {_count(row['incidents'], 'incident')}, "
            f"{_count(row['false_alarms'], 'false alarm')}, "
            f"half of them over within {lasted}"
        )
    sent = ", ".join(f"{count} {state}" for state, count in sorted(stats["outbox"].items()))
    click.echo(f"notifications: {sent or 'none'}")


def _count(count: int, word: str, words: str = "") -> str:
    return f"{count} {word if count == 1 else words or f'{word}s'}"
