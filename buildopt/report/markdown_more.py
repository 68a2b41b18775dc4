"""A comparison and a time as short Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from buildopt.quantities import duration, moment, share
from buildopt.report.comparison import Comparison, Pair
from buildopt.report.gfm import ROWS, code, phrase, sentence, table
from buildopt.report.period import Period, TaskTotal


def markdown_of_comparison(found: Comparison) -> str:
    """The verdict, figures and what differs."""
    return "\n".join(_comparison(found)) + "\n"


def markdown_of_period(period: Period) -> str:
    """The verdict and the tasks."""
    return "\n".join(_period(period)) + "\n"


def _comparison(found: Comparison) -> Iterator[str]:
    yield f"## {found.verdict}"
    yield ""
    yield f"{code(found.before.run_id)} → {code(found.after.run_id)}. {sentence(found.answer)}"
    yield from _pairs("figure", found.figures)
    if found.programs:
        yield from _pairs("program", found.programs)
    if found.made or found.outputs:
        yield from _pairs("output", (*found.made, *found.outputs))
    inputs = found.inputs
    if inputs and not inputs.note:
        more = len(inputs.changes) + inputs.changes_left_out
        yield ""
        yield f"Other inputs: {more:,}; alike: {inputs.unchanged:,}."
        for change in inputs.changes[:ROWS]:
            yield f"- {code(change.subject)} {change.state}"


def _pairs(word: str, pairs: Sequence[Pair]) -> Iterator[str]:
    yield from table(
        (word, "before:", "after:", "change:"),
        [
            (code(pair.name), pair.shown(pair.before), pair.shown(pair.after), pair.change)
            for pair in pairs
        ],
    )


def _period(period: Period) -> Iterator[str]:
    yield f"## {period.verdict}"
    yield ""
    yield f"{moment(period.from_ns)} to {moment(period.to_ns)}. {sentence(period.answer)}"
    if not period.tasks:
        return
    yield from table(
        ("task", "runs:", "answered:", "failed:", "executed for:", "median:", "saved:"),
        [_task(task) for task in period.tasks],
        left_out=period.tasks_left_out,
    )
    for run in period.failures[:ROWS]:
        yield ""
        yield f"✕ {code(run.task)} at {moment(run.time_ns)}: {phrase(run.why)}"


def _task(task: TaskTotal) -> tuple[str, ...]:
    return (
        code(task.task),
        f"{task.runs}",
        share(task.hit_ratio),
        f"{task.failed or ''}",
        duration(task.executed_s),
        duration(task.median_s) if task.median_s is not None else "",
        f"≈ {duration(task.saved_s)}" if task.saved_s else "",
    )
