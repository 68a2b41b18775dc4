"""The view as short Markdown, for a pull request or a job's summary."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from buildopt.phrases import Phrase
from buildopt.quantities import counted, duration, share, size
from buildopt.report.measures import Measure
from buildopt.report.steps import Step, Steps
from buildopt.report.view import RunView

ROWS = 10
"""Reasons and outputs listed; the HTML report has all."""


MOST_ADVICE = 3


def markdown_of(view: RunView) -> str:
    """A few paragraphs and tables, the verdict first."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: RunView) -> Iterator[str]:
    yield f"## {view.shape} {view.verdict}"
    yield ""
    yield f"{code(shlex.join(view.command))}: {words(view.answer)} {words(view.kept)}"
    if view.usual:
        yield ""
        yield f"{view.usual.words[:1].upper()}{view.usual.words[1:]}."
    yield from _reasons(view)
    yield from _advice(view)
    yield ""
    yield "| measure | value |"
    yield "| --- | ---: |"
    for measure in view.measures:
        yield f"| {measure.name} | {_value(measure)} |"
    yield from _steps(view.steps)
    yield from _outputs(view)
    yield from _history(view)


def _reasons(view: RunView) -> Iterator[str]:
    if len(view.reasons) < 2:
        return
    yield ""
    for reason in view.reasons[:ROWS]:
        yield f"- {words(reason.sentence)}"
    more = len(view.reasons[ROWS:]) + view.reasons_left_out
    if more:
        yield f"- and {more:,} more"


def _advice(view: RunView) -> Iterator[str]:
    if view.details.advice:
        yield ""
        yield "Suggestions:"
        yield ""
    for each in view.details.advice[:MOST_ADVICE]:
        yield f"1. {each.title}: {each.gain}. {each.action}"


def _steps(steps: Steps) -> Iterator[str]:
    if not steps.rows:
        return
    yield ""
    saved = f", ≈ {duration(steps.time_saved_s)} saved" if steps.time_saved_s else ""
    yield f"{steps.hits} of {steps.told_count} answered{saved}"
    yield ""
    yield f"| {steps.word} | state | duration | saved | why |"
    yield "| --- | --- | ---: | ---: | --- |"
    for row in steps.rows[:ROWS]:
        saved = f"≈ {duration(row.time_saved_s)}" if row.time_saved_s else ""
        inside = "↳ " if row.is_inside else ""
        yield (
            f"| {inside}{code(row.name)} | {row.shape} {row.state} | {duration(row.duration_s)} "
            f"| {saved} | {_why(row)} |"
        )
    if more := len(steps.rows[ROWS:]) + steps.left_out:
        yield f"| and {more:,} more | | | | |"
    if steps.not_run:
        yield ""
        yield f"Not run: {', '.join(map(code, steps.not_run[:ROWS]))}"


def _why(row: Step) -> str:
    more = f", and {counted(row.more_reasons, 'more reason')}" if row.more_reasons else ""
    parts = [words(row.why) + more, f"not recorded: {words(row.kept)}" if row.kept.text else ""]
    return "; ".join(part for part in parts if part)


def _outputs(view: RunView) -> Iterator[str]:
    outputs = view.outputs
    yield ""
    counts = f"{counted(outputs.files, 'file')}, {size(outputs.bytes)}"
    if outputs.note:
        yield f"Outputs: {counts}; {outputs.note}" if outputs.files else f"Outputs: {outputs.note}"
        return
    yield f"Outputs: {counts}"
    yield ""
    yield "| output | size |"
    yield "| --- | ---: |"
    for output in outputs.rows[:ROWS]:
        shown = size(output.bytes) if output.kind == "file" else output.kind
        yield f"| {code(output.path)} | {shown} |"
    more = len(outputs.rows[ROWS:]) + outputs.left_out
    if more:
        yield f"| and {more:,} more | |"


def _history(view: RunView) -> Iterator[str]:
    history = view.history
    yield ""
    if history.no_data:
        yield f"History: {history.no_data}"
        return
    yield (
        f"Last {counted(len(history.runs), 'run')} of this task: {share(history.hit_ratio)} hits, "
        f"{'≈ ' if history.time_saved_s else ''}{duration(history.time_saved_s)} saved."
    )


def _value(measure: Measure) -> str:
    return measure.shown if measure.value is not None else measure.note


def words(phrase: Phrase) -> str:
    """A sentence, its name as code."""
    return phrase.lead + (code(phrase.name) if phrase.name else "") + phrase.tail


def code(name: str) -> str:
    """A code span that no name can leave: its fence is longer than any run of backticks."""
    longest = max((len(run) for run in re.findall(r"`+", name)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if name.startswith("`") or name.endswith("`") else ""
    return f"{fence}{pad}{name}{pad}{fence}".replace("|", "\\|")
