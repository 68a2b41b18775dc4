"""`buildopt runs`: what was run here."""

from __future__ import annotations

import json
import time
from itertools import islice

import click

from buildopt.cli.bundler_lines import bundler_lines
from buildopt.cli.history import find_run, finished_runs, here
from buildopt.cli.steps_text import ToldStep, heading, rest, table
from buildopt.cli.words import miss_words, not_stored_words
from buildopt.events import SCHEMA, Event, RunFinished, data_of
from buildopt.quantities import duration
from buildopt.report.steps import word_of

EPILOG = """\b
Examples:
  buildopt runs                    the last 20 runs of this project
  buildopt runs show last --json   the result of the last run, as in --result-file
"""


@click.group("runs", epilog=EPILOG, invoke_without_command=True)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many.",
    metavar="N",
)
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_context
def command(context: click.Context, limit: int, as_json: bool) -> None:
    """List the runs of this project, newest first, or show one."""
    if context.invoked_subcommand:
        return
    state, root = here()
    runs = list(islice(finished_runs(state, root), limit))
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "runs": [_json(e, r) for e, r in runs]}))
        return
    if not runs:
        click.echo("no runs of this project are recorded")
    for event, run in runs:
        click.echo(_line(event, run))


@command.command("show")
@click.argument("run", default="last")
@click.option("--json", "as_json", is_flag=True, help="The fields of --result-file.")
def show(run: str, as_json: bool) -> None:
    """Show one run: an id, the beginning of one, or `last`."""
    state, root = here()
    event, found = find_run(state, root, run)
    if as_json:
        click.echo(json.dumps(_whole_json(event, found)))
        return
    click.echo(_line(event, found))
    for name, value in data_of(found).items():
        if value not in ("", [], (), {}) and name != "tasks":
            click.echo(f"  {name}: {_text(value)}")
    for line in bundler_lines(state, found.run_id):
        click.echo(f"  bundler: {line}")
    if found.tasks:
        click.echo(f"  {heading(event, found)}:")
        for words in table(ToldStep(task, task.miss_reasons) for task in found.tasks):
            click.echo(f"    {words}")
        for words in rest(event, found):
            click.echo(f"    {words}")


def _json(event: Event, run: RunFinished) -> dict[str, object]:
    return {"time": event.time_ns, **_whole_json(event, run)}


def _whole_json(event: Event, run: RunFinished) -> dict[str, object]:
    """The fields of the result file, and how much of a list did not fit the event."""
    cut = {name: value for name, value in event.data.items() if name.endswith("_left_out")}
    return {**data_of(run), **cut}


def _line(event: Event, run: RunFinished) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(event.time_ns / 1e9))
    line = f"{run.run_id}  {when}  {run.outcome:<8} {duration(run.duration_s):>9}  {run.task}"
    if run.exit_code:
        line += f"  [exit {run.exit_code}]"
    line += f"  {heading(event, run)}" if run.hit_ratio else ""
    if run.outcome == "executed" and word_of(run) == "step":
        line += f"  ({miss_words(run.miss_reasons)})" if run.miss_reasons else ""
        line += "" if run.stored else f"  not stored: {not_stored_words(run.not_stored)}"
    return line


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
