"""The steps or tasks of a run as text: a line each, and under it what decided it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from buildopt.cli.words import miss_words, not_stored_words, saved_words
from buildopt.events import Event, Ignored, RunFinished, TaskResult
from buildopt.model import MissReason
from buildopt.phrases import printable
from buildopt.quantities import counted, duration
from buildopt.report.steps import steps_of, word_of


class ToldStep(NamedTuple):
    """A step with all the reasons that are known of it."""

    result: TaskResult
    reasons: tuple[MissReason, ...]


def heading(event: Event, run: RunFinished) -> str:
    """`2 of 3 steps answered, saved 2.41 s`."""
    steps = steps_of(event, run, ())
    return f"{steps.hits:,} of {steps.told_count} answered{saved_words(steps.time_saved_s)}"


def rest(event: Event, run: RunFinished) -> Iterator[str]:
    """What to say of steps that did not fit the event, and of tasks that were not run."""
    if count := int(event.data.get("tasks_left_out", 0)):
        yield f"and {counted(count, 'more ' + word_of(run))}"
    if run.not_run:
        yield f"not run: {', '.join(map(printable, run.not_run))}"


def table(steps: Iterable[ToldStep]) -> Iterator[str]:
    """A line for each: outcome, duration, name; and its first reason under it."""
    for step in steps:
        indent = "  " if step.result.inside else ""
        yield f"{indent}{line(step.result)}"
        yield from (f"{indent}    {words}" for words in short_why(step))


def line(step: TaskResult) -> str:
    """`restored    12 ms  demo: tsc  saved 2.41 s`."""
    state = "failed" if step.exit_code else step.outcome
    saved = saved_words(step.time_saved_s).replace(", ", "  ")
    return f"{state:<8} {duration(step.duration_s):>9}  {printable(step.task)}{saved}"


def short_why(step: ToldStep) -> Iterator[str]:
    """The first reason that it ran, and the first that it was not stored."""
    if step.result.outcome != "executed":
        return
    if step.reasons:
        yield miss_words(step.reasons)
    if not step.result.stored:
        yield f"not stored: {not_stored_words(step.result.not_stored)}"


def whole_why(step: ToldStep) -> Iterator[str]:
    """All reasons with what was before and after."""
    if step.result.outcome != "executed":
        yield "  all that its record depends on is as recorded"
        return
    yield from reason_lines(step.reasons)
    if not step.result.stored:
        for reason in step.result.not_stored:
            yield f"  not stored: {not_stored_words((reason,))}"


def reason_lines(reasons: Iterable[MissReason]) -> Iterator[str]:
    """Each reason with what was before and after."""
    for reason in reasons:
        yield f"  {reason.kind}: {miss_words((reason,))}"
        if reason.before or reason.after:
            yield f"      before: {reason.before or 'nothing'}"
            yield f"      after:  {reason.after or 'nothing'}"
        if reason.kind == "environment":
            name = printable(reason.subject)
            yield f"      to ignore it: --ignore-env {name}, or `ignore_env` in the settings"


def ignored_lines(ignored: Ignored) -> Iterator[str]:
    """What settings leave out of the record, by kind."""
    words = ("inputs", "outputs", "variables")
    for kind, patterns in zip(words, ignored, strict=True):
        if patterns:
            names = " ".join(f"`{printable(pattern)}`" for pattern in patterns)
            yield f"  left out by settings: {kind} {names}"


def called(steps: Sequence[ToldStep], word: str) -> list[ToldStep]:
    """The steps that a word means: by name or command, else by a part of one."""
    exact = [step for step in steps if word in (step.result.task, _script(step))]
    return exact or [step for step in steps if word in step.result.task]


def _script(step: ToldStep) -> str:
    return step.result.command[-1] if step.result.command else ""
