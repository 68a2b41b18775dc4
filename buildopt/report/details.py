"""The sections behind the verdict: each what is known, or nothing and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from buildopt.events import Event, RunFinished, TaskFinished
from buildopt.input_table import InputTable
from buildopt.phrases import printable
from buildopt.quantities import moment
from buildopt.report.advice import causes as advice_of_causes
from buildopt.report.advice import machine as advice_of_machine
from buildopt.report.advice import shape as advice_of_shape
from buildopt.report.advice.suggestion import Suggestion, ranked
from buildopt.report.bundler import Bundler, bundlers_of
from buildopt.report.economy import Economy, economy_of
from buildopt.report.gathered import DAYS, Gathered
from buildopt.report.history import History
from buildopt.report.inputs import Inputs, inputs_of, table_of
from buildopt.report.made import Made, made_of
from buildopt.report.misses import MOST_CAUSES, MissCause, causes_of
from buildopt.report.present import AddedSection, Present
from buildopt.report.processes import Blob, processes_of
from buildopt.report.shared_inputs import SharedInput, shared_of
from buildopt.report.steps import word_of
from buildopt.report.surroundings import Known, Surroundings, surroundings_of
from buildopt.report.system import Ran, System, system_of
from buildopt.report.tested import Tests, tests_of
from buildopt.report.timeline import Timeline, timeline_of
from buildopt.report.trend import Trend, trend_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A section that is not there, and why."""

    section: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What is None has its reason in `missing`."""

    advice: tuple[Suggestion, ...]
    timeline: Timeline | None
    inputs: Inputs | None
    shared: tuple[SharedInput, ...]
    made: tuple[Made, ...]
    bundlers: tuple[Bundler, ...]
    economy: Economy
    causes: tuple[MissCause, ...]
    causes_left_out: int
    trend: Trend | None
    tests: Tests | None
    system: System | None
    surroundings: Surroundings
    added: tuple[AddedSection, ...]
    missing: tuple[Missing, ...]


def details_of(found: Gathered, history: History, blob: Blob, present: Present) -> Details:
    """All that is known of a run, and of the one by whose record it was answered."""
    event, run = found.event, found.run
    assert event is not None and run is not None  # by `gather`
    tasks, shown = found.tasks_shown()
    processes, no_processes = processes_of(shown, tasks, blob)
    origin = "" if shown is run else _origin(found, shown)
    timeline = timeline_of(processes, origin) if processes else None
    table = table_of(tasks, blob)
    tools = present.versions(processes, table) if table else ()
    surroundings = surroundings_of(
        event, run, Known(tasks=tasks, table=table, tools=tools, settings=present.settings()), blob
    )
    causes = causes_of(found)
    made = tuple(made_of(found, shown, blob))
    inputs = _inputs(found, table, blob) if word_of(run) == "step" else None
    ran = timeline if shown is run else None  # an answer has nothing to make shorter
    advice = [
        *(advice_of_shape.from_timeline(ran) if ran else ()),
        *advice_of_shape.from_steps(list(_ran_steps(found, run, tasks, blob))),
        *(advice_of_machine.from_memory(ran, surroundings.machine) if ran else ()),
        *advice_of_machine.from_file_system(run, surroundings.machine),
        *advice_of_machine.from_ci(event, run, history, timeline),
        *advice_of_causes.from_causes(causes),
        *advice_of_causes.from_unstored(found),
        *advice_of_causes.from_verify(found.verified),
    ]
    at = _event_of(found, shown)
    busy_s = timeline.whole_s if timeline else 0.0
    processors = surroundings.machine.processors
    system = system_of(Ran(at, shown, busy_s, processors), present.samples, origin) if at else None
    added = present.sections(found.own)
    missing = _missing(
        history=history.no_data,
        timeline=no_processes,
        inputs="" if inputs else _why_no_inputs(run, table),
        made="" if made else "no data: nothing that it made is a bundle or archive we know",
        tests="" if found.tests else "no data: no test tool told of any",
        system="" if system else _NOT_MEASURED,
        verified="" if found.verified else "no data: `buildopt verify` was not run for this task",
    )
    return Details(
        advice=ranked(advice),
        timeline=timeline,
        inputs=inputs,
        shared=shared_of(shown, tasks, blob),
        made=made,
        bundlers=tuple(_bundlers(found, shown)),
        economy=economy_of(found, DAYS),
        causes=causes[:MOST_CAUSES],
        causes_left_out=max(0, len(causes) - MOST_CAUSES),
        trend=trend_of(found),
        tests=tests_of(found.tests),
        system=system,
        surroundings=surroundings,
        added=added,
        missing=(*missing, *_failed(added)),
    )


def _event_of(found: Gathered, shown: RunFinished) -> Event | None:
    """What told of the end of the run that is shown, if it is still kept."""
    return next((event for event, run in found.month if run.run_id == shown.run_id), None)


def _origin(found: Gathered, shown: RunFinished) -> str:
    """Of which run it is, where the one of the report was answered."""
    at = _event_of(found, shown)
    when = f" of {moment(at.time_ns)}" if at else ""
    return f"the recorded run{when}, by which this one was answered"


def _bundlers(found: Gathered, shown: RunFinished) -> Iterator[Bundler]:
    before = found.previous_recorded
    old = found.bundlers.get(before.run_id, ()) if before else ()
    return bundlers_of(found.bundlers.get(shown.run_id, ()), old)


def _inputs(found: Gathered, table: InputTable | None, blob: Blob) -> Inputs | None:
    if table is None:
        return None
    previous, recorded = found.previous, found.previous_recorded
    before = None
    note = "no data: this is the first run of this task that the journal holds"
    if previous is not None:
        note = "no data: the inputs of the run before are kept no longer"
        before = table_of(found.tasks.get(recorded.run_id, ()), blob) if recorded else None
    stored = (each for rows in found.stores.values() for each in rows)
    made = {output.path for each in stored for output in each.outputs}
    return inputs_of(table, before, made, note)


def _why_no_inputs(run: RunFinished, table: InputTable | None) -> str:
    if word_of(run) == "task":
        return "no data: each task has inputs of its own"
    if run.observer == "off":
        return "no data: the run was not observed"
    return "" if table else "no data: the list of them is kept no longer, or was never made"


def _ran_steps(
    found: Gathered, run: RunFinished, tasks: list[TaskFinished], blob: Blob
) -> Iterator[advice_of_shape.RanStep]:
    """The steps of a run that really ran and were stored."""
    stored = {each.task: each for each in found.stores.get(run.run_id, ())}
    finished = {each.task: each for each in tasks}
    for step in run.tasks:
        if step.outcome != "executed" or step.task not in stored or step.task not in finished:
            continue
        outputs = (o.path for o in stored[step.task].outputs if o.kind != "directory")
        yield advice_of_shape.RanStep(
            name=printable(step.task),
            start_s=step.started_s,
            duration_s=step.duration_s,
            inputs=table_of([finished[step.task]], blob) or InputTable(),
            outputs=frozenset(outputs),
        )


def _failed(added: Iterable[AddedSection]) -> Iterator[Missing]:
    """Sections of plugins that could not be made."""
    for each in added:
        if each.trouble:
            yield Missing(section=each.title, why=f"plugin `{each.by}`: {each.trouble}")


_NOT_MEASURED = (
    "no data: a monitor measures the machine once a second, and less than three such measurements "
    "are kept of the time of this run"
)
_SECTIONS = {
    "history": "History",
    "timeline": "Timeline",
    "inputs": "Inputs",
    "made": "Bundles",
    "tests": "Tests",
    "system": "System",
    "verified": "Outputs that differ",
}


def _missing(**why: str) -> tuple[Missing, ...]:
    return tuple(
        Missing(section=_SECTIONS[name], why=text.removeprefix("no data: "))
        for name, text in why.items()
        if text
    )
