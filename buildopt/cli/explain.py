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
from buildopt.cli.words import miss_words, not_stored_words
from buildopt.events import SCHEMA, CacheLookup, RunFinished, record_of
from buildopt.model import Hit, Miss, MissReason, Observation
from buildopt.pipeline import look_up_only
from buildopt.results import relative

EPILOG = """\b
Examples:
  buildopt explain                                what decided the last run here
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
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[RUN | -- COMMAND [ARG…]]")
def command(words: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Say what decided RUN (default: the last one), or what would decide COMMAND now.

    A hit names everything that was compared; a miss names every input that differs from the
    nearest record, before and after. Variables appear by name only, never by value.
    """
    if len(words) > 1 or _is_command(words):
        _explain_now(words, options, as_json=as_json)
        return
    _explain_run(words[0] if words else "last", as_json=as_json)


def _is_command(words: tuple[str, ...]) -> bool:
    import sys

    return bool(words) and "--" in sys.argv


def _explain_run(wanted: str, *, as_json: bool) -> None:
    state, root = here()
    _, run = find_run(state, root, wanted)
    reasons = _all_reasons(state, run)
    if as_json:
        rows = [_row(reason) for reason in reasons]
        stored = [{"kind": n.kind, "subject": n.subject} for n in run.not_stored]
        found = {"schema": SCHEMA, "run_id": run.run_id, "outcome": run.outcome}
        click.echo(json.dumps({**found, "miss_reasons": rows, "not_stored": stored}))
        return
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


def _all_reasons(state: bytes, run: RunFinished) -> tuple[MissReason, ...]:
    for event in journal.read_backwards(state):
        if event.run == run.run_id and event.type == CacheLookup.type:
            record = record_of(event)
            if isinstance(record, CacheLookup):
                return record.miss_reasons
    return run.miss_reasons


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
    for reason in reasons:
        click.echo(f"  {reason.kind}: {miss_words((reason,))}")
        if reason.before or reason.after:
            click.echo(f"      before: {reason.before or 'nothing'}")
            click.echo(f"      after:  {reason.after or 'nothing'}")


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
