"""A comparison and a time as short Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from buildopt.quantities import duration, moment, share
from buildopt.report.comparison import Comparison, Pair
from buildopt.report.markdown import ROWS, code, words
from buildopt.report.period import Period


def markdown_of_comparison(found: Comparison) -> str:
    """The verdict, figures and what differs."""
    return "\n".join(_comparison(found)) + "\n"


def markdown_of_period(period: Period) -> str:
    """The verdict and the tasks."""
    return "\n".join(_period(period)) + "\n"


def _comparison(found: Comparison) -> Iterator[str]:
    yield f"## {found.verdict}"
    yield ""
    yield f"{code(found.before.run_id)} → {code(found.after.run_id)}. {found.answer}"
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
    yield ""
    yield f"| {word} | before | after | change |"
    yield "| --- | ---: | ---: | ---: |"
    for pair in pairs[:ROWS]:
        before, after = pair.shown(pair.before), pair.shown(pair.after)
        yield f"| {code(pair.name)} | {before} | {after} | {pair.change} |"
    if more := len(pairs[ROWS:]):
        yield f"| and {more:,} more | | | |"


def _period(period: Period) -> Iterator[str]:
    yield f"## {period.verdict}"
    yield ""
    yield f"{moment(period.from_ns)} to {moment(period.to_ns)}. {period.answer}"
    if not period.tasks:
        return
    yield ""
    yield "| task | runs | answered | failed | executed for | median | saved |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for task in period.tasks[:ROWS]:
        middle = duration(task.median_s) if task.median_s is not None else ""
        saved = f"≈ {duration(task.saved_s)}" if task.saved_s else ""
        yield (
            f"| {code(task.task)} | {task.runs} | {share(task.hit_ratio)} | {task.failed or ''} "
            f"| {duration(task.executed_s)} | {middle} | {saved} |"
        )
    if more := len(period.tasks[ROWS:]) + period.tasks_left_out:
        yield f"| and {more:,} more | | | | | | |"
    for run in period.failures[:ROWS]:
        yield ""
        yield f"✕ {code(run.task)} at {moment(run.time_ns)}: {words(run.why)}"
