"""`buildopt explain`: what decided a run, input by input."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click

from buildopt import journal
from buildopt.cli.call import WAYS
from buildopt.cli.explain_json import run_row, step_row
from buildopt.cli.explain_now import explain_now
from buildopt.cli.history import find_run, here
from buildopt.cli.steps_text import (
    ToldStep,
    called,
    heading,
    ignored_lines,
    line,
    reason_lines,
    rest,
    table,
    whole_why,
)
from buildopt.cli.words import not_stored_words
from buildopt.errors import UsageError
from buildopt.events import SCHEMA, Event, RunFinished
from buildopt.model import MissReason
from buildopt.report.steps import all_reasons, lookups_of, own_lookup, word_of

EPILOG = """\b
Examples:
  buildopt explain                                what decided the last run here, and its steps
  buildopt explain tsc                            all about the step of it with `tsc` in its name
  buildopt explain --input 'src/**' -- ./build.sh what would decide one now
"""


@click.command("explain", epilog=EPILOG, context_settings={"allow_interspersed_args": False})
@click.option("--input", "input_", multiple=True, metavar="GLOB", help="As for `run`.")
@click.option("--output", multiple=True, metavar="PATH", help="As for `run`.")
@click.option("--env", multiple=True, metavar="NAME", help="As for `run`.")
@click.option("--ignore-input", multiple=True, metavar="GLOB", help="As for `run`.")
@click.option("--ignore-output", multiple=True, metavar="GLOB", help="As for `run`.")
@click.option("--ignore-env", multiple=True, metavar="NAME", help="As for `run`.")
@click.option("--observe", type=click.Choice(WAYS), help="As for `run`.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.option("--verbose", "-v", is_flag=True, help="All reasons of each step, not the first.")
@click.argument(
    "words", nargs=-1, type=click.UNPROCESSED, metavar="[RUN | STEP | -- COMMAND [ARG…]]"
)
def command(words: tuple[str, ...], as_json: bool, verbose: bool, **options: Any) -> None:
    """Say what decided RUN (default: the last one), or what would decide COMMAND now.

    STEP is a step or task of the last run, by its name, its command or a part of its name.

    A hit names everything that was compared; a miss names every input that differs from the
    nearest record, before and after. Variables appear by name only, never by value.
    """
    words, flags = _without_flags_behind(words)
    as_json, verbose = as_json or "--json" in flags, verbose or bool(flags & {"--verbose", "-v"})
    if len(words) > 1 or _is_command(words):
        explain_now(words, options, as_json=as_json)
        return
    state, root = here()
    wanted = words[0] if words else "last"
    event, run, chosen = _run_or_step(state, root, wanted)
    is_told = run.outcome == "executed" or run.tasks
    lookups = lookups_of(journal.read_backwards(state), run.run_id) if is_told else []
    steps = [ToldStep(*pair) for pair in zip(run.tasks, all_reasons(run, lookups), strict=True)]
    if chosen:
        _explain_steps(called(steps, chosen), as_json=as_json)
        return
    own = own_lookup(run, lookups)
    reasons = own.miss_reasons if own else run.miss_reasons
    if as_json:
        click.echo(json.dumps(run_row(run, reasons, steps)))
        return
    _explain_run(run, reasons)
    for words_of_one in ignored_lines(run.ignored):
        click.echo(words_of_one)
    if steps:
        click.echo(f"  {heading(event, run)}:")
        _print_table(event, run, steps, verbose=verbose)


def _is_command(words: tuple[str, ...]) -> bool:
    import sys

    return bool(words) and "--" in sys.argv


def _without_flags_behind(words: tuple[str, ...]) -> tuple[tuple[str, ...], set[str]]:
    """The words, and the options of ours that stand behind a run or step."""
    flags = set(words[1:])
    if _is_command(words) or not flags <= {"--json", "--verbose", "-v"}:
        return words, set()
    return words[:1], flags


def _run_or_step(state: bytes, root: str, wanted: str) -> tuple[Event, RunFinished, str]:
    """The run that a word means, and the word where it means steps of the last run."""
    try:
        return *find_run(state, root, wanted), ""
    except UsageError as error:
        if error.slug != "no-such-run" or wanted == "last":
            raise
        event, run = find_run(state, root, "last")
        if called([ToldStep(task, ()) for task in run.tasks], wanted):
            return event, run, wanted
        raise UsageError(
            f"no run, and no step of the last one, is called `{wanted}`",
            hint="`buildopt explain` lists the steps of the last run, `buildopt runs` the runs",
            slug="no-such-run",
        ) from error


def _explain_run(run: RunFinished, reasons: Iterable[MissReason]) -> None:
    click.echo(f"{run.task}: {run.outcome}")
    if word_of(run) == "task":
        return
    if run.outcome == "executed":
        _print_reasons(reasons)
    else:
        counts = run.inputs
        click.echo(
            f"  same as recorded: {counts.files} files, {counts.absent} absent, "
            f"{counts.listings} listings, {counts.links} links, {counts.variables} variables"
        )
    if run.outcome == "executed" and not run.stored:
        for reason in run.not_stored:
            click.echo(f"  not stored: {not_stored_words((reason,))}")


def _explain_steps(steps: Iterable[ToldStep], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, "tasks": [step_row(step) for step in steps]}))
        return
    for step in steps:
        click.echo(line(step.result))
        for words in whole_why(step):
            click.echo(words)


def _print_table(
    event: Event, run: RunFinished, steps: Iterable[ToldStep], *, verbose: bool
) -> None:
    if verbose:
        for step in steps:
            click.echo(f"  {line(step.result)}")
            for words in whole_why(step):
                click.echo(f"  {words}")
    else:
        for words in table(steps):
            click.echo(f"  {words}")
    for words in rest(event, run):
        click.echo(f"  {words}")


def _print_reasons(reasons: Iterable[MissReason]) -> None:
    for words in reason_lines(reasons):
        click.echo(words)
