"""`buildopt explain`: what decided a run, input by input."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import click

from buildopt import journal, settings
from buildopt.cli.call import WAYS, make_call, working_directory
from buildopt.cli.history import find_run, here
from buildopt.cli.steps_text import (
    ToldStep,
    called,
    heading,
    left_out,
    line,
    reason_lines,
    table,
    whole_why,
)
from buildopt.cli.words import not_stored_words
from buildopt.errors import UsageError
from buildopt.events import SCHEMA, Event, RunFinished, TaskResult
from buildopt.model import Hit, Miss, MissReason, Observation
from buildopt.pipeline import look_up_only
from buildopt.report.steps import all_reasons, lookups_of, own_lookup
from buildopt.results import relative

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
    if len(words) > 1 or _is_command(words):
        _explain_now(words, options, as_json=as_json)
        return
    state, root = here()
    wanted = words[0] if words else "last"
    event, run, chosen = _run_or_step(state, root, wanted)
    lookups = lookups_of(journal.read_backwards(state), run.run_id)
    steps = [ToldStep(*pair) for pair in zip(run.tasks, all_reasons(run, lookups), strict=True)]
    if chosen:
        _explain_steps(called(steps, chosen), as_json=as_json)
        return
    own = own_lookup(run, lookups)
    reasons = own.miss_reasons if own else run.miss_reasons
    if as_json:
        _print_json(run, reasons, steps)
        return
    _explain_run(run, reasons)
    if steps:
        click.echo(f"  {heading(event, run)}:")
        _print_table(event, run, steps, verbose=verbose)


def _is_command(words: tuple[str, ...]) -> bool:
    import sys

    return bool(words) and "--" in sys.argv


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
        click.echo(json.dumps({"schema": SCHEMA, "tasks": [_step_row(step) for step in steps]}))
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
    if more := left_out(event, run):
        click.echo(f"  {more}")


def _print_json(run: RunFinished, reasons: Iterable[MissReason], steps: Iterable[ToldStep]) -> None:
    found: dict[str, object] = {"schema": SCHEMA, "run_id": run.run_id, "outcome": run.outcome}
    found["miss_reasons"] = [_row(reason) for reason in reasons]
    found["not_stored"] = _not_stored_rows(run)
    if rows := [_step_row(step) for step in steps]:
        found["tasks"] = rows
    click.echo(json.dumps(found))


def _step_row(step: ToldStep) -> dict[str, object]:
    return {
        "task": step.result.task,
        "command": step.result.command,
        "outcome": step.result.outcome,
        "exit_code": step.result.exit_code,
        "miss_reasons": [_row(reason) for reason in step.reasons],
        "not_stored": _not_stored_rows(step.result),
    }


def _not_stored_rows(result: RunFinished | TaskResult) -> list[dict[str, str]]:
    return [{"kind": reason.kind, "subject": reason.subject} for reason in result.not_stored]


def _explain_now(words: tuple[str, ...], options: dict[str, Any], *, as_json: bool) -> None:
    chosen = settings.with_lists(settings.load(working_directory(), os.environ), options)
    chosen = chosen._replace(observe=options["observe"] or chosen.observe)
    call = make_call(chosen, words)
    if call.observer is None:
        click.echo("executed: no inputs are declared, so nothing is looked up")
        return
    found, held = look_up_only(call.task, call.observer, call.stores)
    if isinstance(found.lookup, Miss):
        reasons = relative(found.lookup.reasons, call.task.root)
        if as_json:
            rows = [_row(reason) for reason in reasons]
            click.echo(json.dumps({"schema": SCHEMA, "would": "miss", "miss_reasons": rows}))
            return
        click.echo("would run:")
        _print_reasons(reasons)
        return
    assert isinstance(found.lookup, Hit)
    if as_json:
        inputs = [{"kind": o.kind, "subject": o.subject, "value": _shown(o)} for o in held]
        click.echo(json.dumps({"schema": SCHEMA, "would": "hit", "inputs": inputs}))
        return
    click.echo(f"would hit, since these {len(held)} are as recorded:")
    _print_inputs(held, call.task.root)


def _print_reasons(reasons: Iterable[MissReason]) -> None:
    for words in reason_lines(reasons):
        click.echo(words)


def _print_inputs(held: Iterable[Observation], root: str) -> None:
    for observation in sorted(held, key=lambda o: (o.kind, o.subject)):
        subject = observation.subject.removeprefix(root.rstrip("/") + "/")
        click.echo(f"  {observation.kind:<12} {subject}  {_shown(observation)}".rstrip())


def _shown(observation: Observation) -> str:
    if observation.kind == "listing":
        return f"{observation.value.count('/') + 1 if observation.value else 0} entries"
    return observation.value[:16]


def _row(reason: MissReason) -> dict[str, str]:
    return {
        "kind": reason.kind,
        "subject": reason.subject,
        "before": reason.before,
        "after": reason.after,
    }
