"""The view as short Markdown, for a pull request or a job's summary."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from buildopt.quantities import counted, duration, share, size
from buildopt.report.gfm import ROWS, code, phrase, sentence, table
from buildopt.report.measures import Measure
from buildopt.report.steps import Step, Steps
from buildopt.report.view import RunView

MOST_ADVICE = 3


def markdown_of(view: RunView) -> str:
    """A few paragraphs and tables, the verdict first."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: RunView) -> Iterator[str]:
    yield f"## {view.shape} {view.verdict}"
    yield ""
    yield f"{code(shlex.join(view.command))}: {phrase(view.answer)} {phrase(view.kept)}"
    if view.usual:
        yield ""
        yield f"{sentence(view.usual.words[:1].upper() + view.usual.words[1:])}."
    yield from _reasons(view)
    yield from _advice(view)
    measures = [(measure.name, _value(measure)) for measure in view.measures]
    yield from table(("measure", "value:"), measures, most=len(measures))
    yield from _steps(view.steps)
    yield from _outputs(view)
    yield from _history(view)


def _reasons(view: RunView) -> Iterator[str]:
    if len(view.reasons) < 2:
        return
    yield ""
    for reason in view.reasons[:ROWS]:
        yield f"- {phrase(reason.sentence)}"
    more = len(view.reasons[ROWS:]) + view.reasons_left_out
    if more:
        yield f"- and {more:,} more"


def _advice(view: RunView) -> Iterator[str]:
    if view.details.advice:
        yield ""
        yield "Suggestions:"
        yield ""
    for each in view.details.advice[:MOST_ADVICE]:
        yield f"1. {sentence(each.title)}: {sentence(each.gain)}. {sentence(each.action)}"


def _steps(steps: Steps) -> Iterator[str]:
    if not steps.rows:
        return
    yield ""
    saved = f", ≈ {duration(steps.time_saved_s)} saved" if steps.time_saved_s else ""
    yield f"{steps.hits} of {steps.told_count} answered{saved}"
    yield from table(
        (steps.word, "state", "duration:", "saved:", "why"),
        [_step(row) for row in steps.rows],
        left_out=steps.left_out,
    )
    if steps.not_run:
        yield ""
        yield f"Not run: {', '.join(map(code, steps.not_run[:ROWS]))}"


def _step(row: Step) -> tuple[str, ...]:
    return (
        f"{'↳ ' if row.is_inside else ''}{code(row.name)}",
        f"{row.shape} {row.state}",
        duration(row.duration_s),
        f"≈ {duration(row.time_saved_s)}" if row.time_saved_s else "",
        _why(row),
    )


def _why(row: Step) -> str:
    more = f", and {counted(row.more_reasons, 'more reason')}" if row.more_reasons else ""
    parts = [phrase(row.why) + more, f"not recorded: {phrase(row.kept)}" if row.kept.text else ""]
    return "; ".join(part for part in parts if part)


def _outputs(view: RunView) -> Iterator[str]:
    outputs = view.outputs
    yield ""
    counts = f"{counted(outputs.files, 'file')}, {size(outputs.bytes)}"
    if outputs.note:
        yield f"Outputs: {counts}; {outputs.note}" if outputs.files else f"Outputs: {outputs.note}"
        return
    yield f"Outputs: {counts}"
    yield from table(
        ("output", "size:"),
        [
            (code(output.path), size(output.bytes) if output.kind == "file" else output.kind)
            for output in outputs.rows
        ],
        left_out=outputs.left_out,
    )


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
