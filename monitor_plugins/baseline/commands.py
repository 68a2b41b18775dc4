"""`buildopt baseline`: what is usual in a series, and when it is otherwise."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from buildopt.errors import BuildoptError, UsageError
from buildopt.events import SCHEMA
from buildopt.monitor.hookspecs import fact
from monitor_plugins.baseline.series_file import read_series

if TYPE_CHECKING:
    from buildopt.monitor.hookspecs import Caller
    from monitor_plugins.baseline.asked import Told
    from monitor_plugins.baseline.series_key import SeriesKey
    from monitor_plugins.baseline.verdicts import Kind

NAME = "baseline"
PREFIX = "buildopt.baseline."
EPILOG = """\b
Examples:
  buildopt baseline list                         all series of this project
  buildopt baseline show 'build duration'        what is usual, what was found, and why
  buildopt baseline accept 1f00ba12              the new level is meant
  buildopt baseline export history.json          for another machine, or a CI cache
  buildopt baseline detect --kind changepoint builds.csv           where the level moved
  buildopt baseline detect --kind changepoint --online builds.csv  as told after each build
  buildopt baseline detect --kind anomaly memory.csv               when a metric was unusual
"""
_json = click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
_plot = click.option("--plot", metavar="FILE", help="Draw it as SVG.")


@click.group(NAME, epilog=EPILOG)
def command() -> None:
    """Learn how a series usually is, and find where it is otherwise.

    Works without a monitor: what happened since the last time is taken in first.
    """


@command.command("list")
@click.option("--all", "is_all", is_flag=True, help="Those of all projects, and sampled metrics.")
@_json
@click.pass_obj
def list_(caller: Caller, is_all: bool, as_json: bool) -> None:
    """List the series of this project: what is usual, how far it is learnt, what was found."""
    from monitor_plugins.baseline import asked, telling

    caller.catch_up(NAME)
    known = asked.everything(caller, None if is_all else caller.project)
    sampled = asked.metrics(caller) if is_all else []
    if as_json:
        rows = [asked.json_of(told) for told in known]
        metrics = [_metric(name, state) for name, state in sampled]
        click.echo(json.dumps({"schema": SCHEMA, "series": rows, "metrics": metrics}))
        return
    if not known and not sampled:
        click.echo(f"nothing is known of `{caller.project}` yet: `buildopt run` makes a history")
    for told in known:
        click.echo(telling.series_line(told))
    for name, state in sampled:
        metric = _metric(name, state)
        click.echo(f"{name}: {metric['progress']}" + (", firing" if metric["is_firing"] else ""))


@command.command("show")
@click.argument("series")
@_plot
@_json
@click.pass_obj
def show(caller: Caller, series: str, plot: str | None, as_json: bool) -> None:
    """Show SERIES: its id, a part of its name, or the id of a finding."""
    from monitor_plugins.baseline import asked, telling

    caller.catch_up(NAME)
    told = asked.one(caller, series)
    if plot:
        _draw(plot, told)
    if as_json:
        builds = [build._asdict() for build in told.builds]
        changes = list(told.series.said)
        row = {**asked.json_of(told), "level": told.series.level, "changes": changes}
        row["time_of_day"] = asked.day_json(told.times_s, told.day_profile)
        click.echo(json.dumps({"schema": SCHEMA, **row, "builds": builds}))
        return
    for line in telling.series_lines(told):
        click.echo(line)


@command.command("accept")
@click.argument("finding")
@_json
@click.pass_obj
def accept(caller: Caller, finding: str, as_json: bool) -> None:
    """Take the present level for the usual one, with all that moved together with it.

    FINDING: its id, or a series or a sampled metric.
    """
    from monitor_plugins.baseline import asked

    caller.catch_up(NAME)
    if finding in {name for name, _ in asked.metrics(caller)}:
        _ask(caller, "accepted", {"series": finding}, finding, as_json=as_json)
        return
    if before := asked.accepted(caller, finding):
        _say_accepted([before.key], "accepted already", as_json=as_json)
        return
    told = asked.one(caller, finding)
    if not told.findings:
        raise UsageError(
            f"there is nothing to accept in `{told.series.key.name}`",
            hint="`buildopt baseline reset` learns a series anew",
            slug="nothing-to-accept",
        )
    groups = {f.data["group"] for f in told.findings}
    known = asked.everything(caller, told.series.key.project)
    together = [each for each in known if any(f.data["group"] in groups for f in each.findings)]
    keys = [each.series.key for each in together]
    for key in keys:
        _order(caller, "accepted", {"series": key.id}, key.name)
    caller.catch_up(NAME)
    _say_accepted(keys, "accepted", as_json=as_json)


def _say_accepted(keys: Sequence[SeriesKey], word: str, *, as_json: bool) -> None:
    if as_json:
        ids = [key.id for key in keys]
        click.echo(json.dumps({"schema": SCHEMA, "accepted": ids}))
        return
    for key in keys:
        click.echo(f"{word}: {key.name}")


@command.command("reset")
@click.argument("series")
@_json
@click.pass_obj
def reset(caller: Caller, series: str, as_json: bool) -> None:
    """Learn SERIES anew: its values are forgotten."""
    from monitor_plugins.baseline import asked

    caller.catch_up(NAME)
    key = asked.one(caller, series).series.key
    _ask(caller, "reset", {"series": key.id}, key.name, as_json=as_json)


@command.command("export")
@click.argument("file", default="-")
@click.option("--all", "is_all", is_flag=True, help="The series of all projects.")
@click.option("--json", is_flag=True, expose_value=False, help="It is JSON anyway.")
@click.pass_obj
def export(caller: Caller, file: str, is_all: bool) -> None:
    """Write the history of this project to FILE, or to stdout."""
    caller.catch_up(NAME)
    write_history(caller, file, None if is_all else caller.project)


@command.command("import")
@click.argument("file")
@_json
@click.pass_obj
def import_(caller: Caller, file: str, as_json: bool) -> None:
    """Take in a history that `export` wrote: from a CI cache, or another monitor."""
    count = read_history(caller, file)
    caller.catch_up(NAME)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "series": count}))
        return
    click.echo(f"{count} series taken in")


@command.command("detect", epilog=EPILOG)
@click.option(
    "--kind",
    required=True,
    type=click.Choice(["anomaly", "changepoint"]),
    help="A sampled metric, or a series with one value a build.",
)
@click.option("--online", is_flag=True, help="Ask again after each row; the first claim counts.")
@_plot
@click.option(
    "--json", is_flag=True, expose_value=False, help="One object a line, which is so anyway."
)
@click.argument("file", metavar="FILE.csv")
def detect(kind: Kind, online: bool, plot: str | None, file: str) -> None:
    """Print a verdict a line about a series of `timestamp,value` rows, in order of time.

    `index` is the row below the header, from 0, at which a new level or an incident began, and
    `detected_at` the row after which that was known. An empty value is a gap.
    """
    from monitor_plugins.baseline.verdicts import judge, learning

    rows = read_series(file)
    values = [row.value for row in rows]
    too_short = learning(kind, values)
    if too_short:
        click.echo(f"buildopt: {too_short}: no verdict yet", err=True)
    verdicts = judge(kind, [row.time_s for row in rows], values, online=online)
    for verdict in verdicts:
        click.echo(json.dumps({"schema": SCHEMA, **asdict(verdict)}))
    if plot:
        from monitor_plugins.baseline.plot import Mark, svg

        marks = [Mark(verdict.index, verdict.effect) for verdict in verdicts]
        title, are_levels = os.path.basename(file), kind == "changepoint"
        _write(plot, svg(values, marks, unit="", title=title, are_levels=are_levels))


def read_history(caller: Caller, file: str) -> int:
    """Have a history taken in, a series an event; how many. Raises UsageError for none."""
    from monitor_plugins.baseline import carried

    try:
        with sys.stdin if file == "-" else open(file, encoding="utf-8") as text:
            found = json.load(text)
    except OSError as error:
        raise _no_history(file, error.strerror or "it cannot be read") from error
    except (ValueError, RecursionError) as error:
        raise _no_history(file, f"it is no JSON: {error}") from error
    rows = found.get("series") if isinstance(found, dict) else None
    if not isinstance(rows, list) or found.get("kind") != carried.KIND:
        raise _no_history(file, f"it is no `{carried.KIND}`")
    if found.get("schema") != carried.SCHEMA:
        raise _no_history(file, f"its schema is `{found.get('schema')}`")
    for row in rows:
        wrong = carried.check_row(row)
        if wrong:
            raise _no_history(file, wrong)
    for row in rows:
        _order(caller, "imported", {"series": row}, str(row["key"][1]))
    return len(rows)


def write_history(caller: Caller, file: str, project: str | None) -> None:
    """Write what is known of a project, or of all."""
    from monitor_plugins.baseline import asked, carried

    rows = asked.Rows(caller)
    known = asked.everything(caller, project)
    text = carried.document([carried.row_of(rows, told.series) for told in known])
    if file == "-":
        click.echo(text, nl=False)
    else:
        _write(file, text)


def _order(caller: Caller, kind: str, data: dict[str, Any], name: str) -> None:  # Any: JSON
    caller.emit(fact(PREFIX + kind, data, time_ns=0, subject=name))


def _ask(
    caller: Caller,
    kind: str,
    data: dict[str, Any],
    name: str,
    *,
    as_json: bool,  # Any: JSON
) -> None:
    """Write what a person wants as an event, and have it taken."""
    _order(caller, kind, data, name)
    caller.catch_up(NAME)
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, kind: True, **data}))
    else:
        click.echo(f"{kind}: {name}")


def _metric(name: str, state: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    from monitor_plugins.baseline.asked import day_json
    from monitor_plugins.baseline.incidents import IncidentDetector
    from monitor_plugins.baseline.seasonality import find_day_profile
    from monitor_plugins.baseline.trend import HOUR_S

    times_s = [hour * HOUR_S for hour, _ in state["hours"]]
    profile = find_day_profile(times_s, [value for _, value in state["hours"]])
    detector = IncidentDetector.of(state["detector"])
    left = detector.samples_to_learn
    progress = f"learning, {left} values of 30 s to go" if left else "learnt"
    past = sorted(state["detector"]["past"])
    usual = past[len(past) // 2] if past else None
    return {
        "metric": name, "progress": progress, "usual": usual, "is_firing": detector.is_firing,
        "hours": len(state["hours"]), "time_of_day": day_json(times_s, profile),
    }  # fmt: skip


def _draw(file: str, told: Told) -> None:
    from monitor_plugins.baseline.plot import Mark, svg

    key = told.series.key
    first = told.builds[0].n if told.builds else 0
    values = [build.value for build in told.builds]
    marks = [Mark(n - first, None) for n in told.series.said if n > first]
    _write(file, svg(values, marks, unit=key.unit, title=key.name, are_levels=True))


def _write(file: str, text: str) -> None:
    from monitor_plugins.baseline.whole_file import put_whole

    try:
        put_whole(file, text)
    except OSError as error:
        raise BuildoptError(
            f"cannot write `{file}`: {error.strerror}",
            hint="name a file in a folder that can be written",
            slug="not-written",
        ) from error


def _no_history(file: str, what: str) -> UsageError:
    return UsageError(
        f"cannot read the history `{file}`: {what}",
        hint="`buildopt baseline export FILE` writes one",
        slug="no-history",
    )
