"""`buildopt explain -- COMMAND`: what would decide it now."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

import click

from buildopt import settings
from buildopt.cli.call import make_call, working_directory
from buildopt.cli.explain_json import not_stored_rows, reason_row
from buildopt.cli.steps_text import ignored_lines, reason_lines
from buildopt.cli.words import not_stored_words
from buildopt.events import SCHEMA
from buildopt.model import Hit, Miss, NotStored, Observation
from buildopt.pipeline import look_up_only
from buildopt.results import ignored_by, relative


def explain_now(
    words: tuple[str, ...],
    options: dict[str, Any],  # Any: as click parsed them
    *,
    as_json: bool,
) -> None:
    """Look the command up and say what was found, touching nothing."""
    chosen = settings.with_lists(settings.load(working_directory(), os.environ), options)
    chosen = chosen._replace(observe=options["observe"] or chosen.observe)
    call = make_call(chosen, words)
    if call.observer is None:
        _tell_unobserved(call.unobserved, as_json=as_json)
        return
    ignored = ignored_by(call.task)
    found, held = look_up_only(call.task, call.observer, call.stores)
    if isinstance(found.lookup, Miss):
        reasons = relative(found.lookup.reasons, call.task.root)
        if as_json:
            rows = [reason_row(reason) for reason in reasons]
            _print_json(would="miss", miss_reasons=rows, ignored=ignored._asdict())
            return
        click.echo("would run:")
        for line in (*reason_lines(reasons), *ignored_lines(ignored)):
            click.echo(line)
        return
    assert isinstance(found.lookup, Hit)
    if as_json:
        inputs = [{"kind": o.kind, "subject": o.subject, "value": _shown(o)} for o in held]
        _print_json(would="hit", inputs=inputs, ignored=ignored._asdict())
        return
    click.echo(f"would hit, since these {len(held)} are as recorded:")
    _print_inputs(held, call.task.root)
    for line in ignored_lines(ignored):
        click.echo(line)


def _tell_unobserved(why: NotStored, *, as_json: bool) -> None:
    if as_json:
        _print_json(would="miss", miss_reasons=[], not_stored=not_stored_rows([why]))
        return
    click.echo(f"would run, and nothing is looked up: {not_stored_words((why,))}")


def _print_json(**values: Any) -> None:  # Any: JSON
    click.echo(json.dumps({"schema": SCHEMA, **values}))


def _print_inputs(held: Iterable[Observation], root: str) -> None:
    for observation in sorted(held, key=lambda o: (o.kind, o.subject)):
        subject = observation.subject.removeprefix(root.rstrip("/") + "/")
        click.echo(f"  {observation.kind:<12} {subject}  {_shown(observation)}".rstrip())


def _shown(observation: Observation) -> str:
    if observation.kind == "listing":
        return f"{observation.value.count('/') + 1 if observation.value else 0} entries"
    return observation.value[:16]
