"""One run as every form of the report shows it, made of events alone.

What is not known is `None` with a note that begins `no data:` and says why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from buildopt.events import Event, RunFinished
from buildopt.phrases import Phrase, miss_phrase, not_stored_phrase, printable
from buildopt.quantities import counted, duration
from buildopt.report.details import Details, details_of
from buildopt.report.gathered import Gathered, gather
from buildopt.report.history import SHAPES, History, State, history_of, state_of
from buildopt.report.measures import Measure, input_measures, run_measures
from buildopt.report.plain import data_of
from buildopt.report.present import NOBODY, Present
from buildopt.report.processes import Blob
from buildopt.report.steps import Steps, own_lookup, steps_of, word_of
from buildopt.report.usual import Usual, usual_of

OUTPUT_ROWS = 100
"""Outputs listed, the biggest; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why no record held, with what it was and what it is now."""

    kind: str
    sentence: Phrase
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """One path that the run made."""

    path: str
    kind: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the run made, the biggest first; `note` says why the list is empty, if it is."""

    files: int
    bytes: int
    removed: int
    rows: tuple[Output, ...] = ()
    left_out: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run: the verdict first, then everything that it rests on."""

    run_id: str
    time_ns: int
    task: str
    command: tuple[str, ...]
    directory: str
    project: str
    observer: str
    outcome: Literal["fresh", "restored", "executed"]
    exit_code: int
    signal: int | None
    state: State
    shape: str
    verdict: str
    answer: Phrase
    kept: Phrase
    usual: Usual | None
    reasons: tuple[Reason, ...]
    reasons_left_out: int
    measures: tuple[Measure, ...]
    inputs: tuple[Measure, ...]
    steps: Steps
    outputs: Outputs
    history: History
    details: Details


def no_blob(digest: str) -> bytes:
    """Where nothing is kept but events."""
    raise OSError(f"no blob `{digest}` is kept")


def view_of(events: Iterable[Event], run_id: str, blob: Blob = no_blob) -> RunView:
    """The view of a run; `events` come newest first. Raises ValueError for an unknown run."""
    return view_from(gather(events, run_id), blob)


def view_from(found: Gathered, blob: Blob, present: Present = NOBODY) -> RunView:
    """The view of what was gathered about a run."""
    run = found.run
    assert run is not None and found.event is not None  # by `gather`
    reasons, left_out = _reasons(found, run)
    steps = steps_of(found.event, run, (lookup for _, lookup in found.lookups))
    history = history_of(found.history)
    details = details_of(found, history, blob, present)
    return RunView(
        run_id=run.run_id,
        time_ns=found.event.time_ns,
        task=printable(run.task),
        command=tuple(printable(argument) for argument in run.command),
        directory=printable(run.directory),
        project=printable(run.project),
        observer=run.observer,
        outcome=run.outcome,
        exit_code=run.exit_code,
        signal=run.signal,
        state=state_of(run),
        shape=SHAPES[state_of(run)],
        verdict=_verdict(run, steps),
        answer=_answer(run, reasons, left_out),
        kept=_kept(run),
        usual=usual_of(run, [each for _, each in found.history[1:]]),
        reasons=reasons,
        reasons_left_out=left_out,
        measures=run_measures(run),
        inputs=input_measures(run),
        steps=steps,
        outputs=_outputs(found, run),
        history=history,
        details=details,
    )


def data_of_view(view: RunView) -> dict[str, Any]:  # Any: JSON
    """The view as JSON-ready data; sentences are plain text."""
    return data_of(view)


def _reasons(found: Gathered, run: RunFinished) -> tuple[tuple[Reason, ...], int]:
    """All reasons where the lookup told them, else those that the run names."""
    told, left_out = run.miss_reasons, 0
    own = own_lookup(run, (lookup for _, lookup in found.lookups))
    for event, lookup in found.lookups:
        if lookup is own:
            told = lookup.miss_reasons
            left_out = lookup.reasons_left_out + event.data.get("miss_reasons_left_out", 0)
    reasons = tuple(
        Reason(
            kind=reason.kind,
            sentence=miss_phrase(reason),
            before=printable(reason.before),
            after=printable(reason.after),
        )
        for reason in told
    )
    return reasons, left_out


def _verdict(run: RunFinished, steps: Steps) -> str:
    took = duration(run.duration_s)
    if run.signal:
        return f"Failed: ended by signal {run.signal} after {took}"
    if run.exit_code:
        return f"Failed with exit status {run.exit_code} after {took}"
    saved = f", ≈ {duration(run.time_saved_s)} saved" if run.time_saved_s > 0 else ""
    return f"{run.outcome.capitalize()} in {took}{_answered(steps)}{saved}"


def _answered(steps: Steps) -> str:
    """`, 2 of 3 steps answered`, where one was."""
    if not steps.hits:
        return ""
    return f", {steps.hits:,} of {steps.told_count} answered"


def _answer(run: RunFinished, reasons: tuple[Reason, ...], left_out: int) -> Phrase:
    """Why it was answered or run, in one sentence."""
    if run.outcome != "executed":
        done = "nothing had to be done" if run.outcome == "fresh" else "the outputs were put back"
        return Phrase(lead=f"All inputs are as recorded; {done}.")
    if word_of(run) == "task":
        if run.not_run:
            return Phrase(lead=f"{counted(len(run.not_run), 'task')} could not be run.")
        return Phrase(lead="Each task was answered or run by itself.")
    if not reasons:
        if any(reason.kind == "undeclared" for reason in run.not_stored):
            return Phrase(lead="Nothing was looked up: no inputs are declared.")
        return Phrase(lead="No data: the run named no reason for not being answered.")
    first = reasons[0].sentence
    more = len(reasons) - 1 + left_out
    tail = f", and {counted(more, 'more reason')}." if more else "."
    lead = first.lead
    if run.exit_code:
        lead = f"Why it ran: {lead[:1].lower()}{lead[1:]}"
    return Phrase(lead=lead, name=first.name, tail=first.tail + tail)


def _kept(run: RunFinished) -> Phrase:
    """What the next run can expect."""
    if run.outcome != "executed":
        return Phrase(lead="The record stays; the next run with these inputs is answered again.")
    if run.stored:
        return Phrase(lead="Recorded: the next run with these inputs is answered from it.")
    if word_of(run) == "task":
        return Phrase(lead="Each task has records of its own.")
    if not run.not_stored:
        return Phrase(lead="Not recorded; no data: the run named no reason.")
    why = not_stored_phrase(run.not_stored[0])
    return Phrase(lead=f"Not recorded: {why.lead}", name=why.name, tail=f"{why.tail}.")


def _outputs(found: Gathered, run: RunFinished) -> Outputs:
    counts = run.outputs
    if not found.stored:
        note = "no data: the event that lists them is no longer in the journal"
        if word_of(run) == "task":
            note = "no list: each task has outputs of its own"
        elif not run.record:
            note = "no data: outputs are listed when a run is recorded, and this one was not"
        return Outputs(files=counts.files, bytes=counts.bytes, removed=counts.removed, note=note)
    made = sorted(found.stored.outputs, key=lambda output: (-output.bytes, output.path))
    rows = tuple(
        Output(path=printable(o.path), kind=o.kind, bytes=o.bytes) for o in made[:OUTPUT_ROWS]
    )
    return Outputs(
        files=counts.files,
        bytes=counts.bytes,
        removed=counts.removed,
        rows=rows,
        left_out=found.stored.outputs_left_out + len(made) - len(rows),
        note="" if rows else "The run made no outputs.",
    )
