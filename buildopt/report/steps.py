"""The steps or tasks of one run: what each gave, what it cost, and what decided it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from buildopt.events import CacheLookup, Event, RunFinished, TaskResult, record_of
from buildopt.model import MissReason
from buildopt.phrases import Phrase, miss_phrase, not_stored_phrase, printable
from buildopt.quantities import counted
from buildopt.report.history import SHAPES, State, state_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row; `why` is empty for a hit, and what comes after the first reason is only counted."""

    name: str
    is_inside: bool
    """Whether it is a step of the task before it."""
    state: State
    shape: str
    started_s: float
    duration_s: float
    time_saved_s: float
    why: Phrase
    more_reasons: int
    kept: Phrase
    """Why it was not stored; empty for a hit and for what was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """All of a run, in the order in which they began; no row where nothing was started."""

    word: Literal["step", "task"] = "step"
    rows: tuple[Step, ...] = ()
    left_out: int = 0
    """Rows that did not fit the event; the hits are of all."""
    counted: int = 0
    """Of how many the hits are: a task whose steps are rows too is none of them."""
    hits: int = 0
    hit_ratio: float = 0.0
    not_run: tuple[str, ...] = ()
    """Tasks that another one's failure or a signal kept from it."""
    time_saved_s: float = 0.0
    span_s: float = 0.0
    """From the beginning of the run to the end of the last row."""

    @property
    def told_count(self) -> str:
        """`3 steps`, `1 task`, `12 tasks and steps`."""
        has_both = self.word == "task" and any(row.is_inside for row in self.rows)
        return counted(self.counted, self.word, "tasks and steps" if has_both else "")


def steps_of(event: Event, run: RunFinished, lookups: Iterable[CacheLookup]) -> Steps:
    """The steps that a run's event tells of; `lookups` are those of the run, oldest first."""
    reasons = all_reasons(run, lookups)
    rows = tuple(_step(task, told) for task, told in zip(run.tasks, reasons, strict=True))
    left_out = int(event.data.get("tasks_left_out", 0))
    hit_ratio = run.hit_ratio or 0.0
    around = {task.inside for task in run.tasks}
    count = sum(1 for task in run.tasks if task.task not in around) + left_out
    return Steps(
        word=word_of(run),
        rows=rows,
        left_out=left_out,
        counted=count,
        hits=round(hit_ratio * count),
        hit_ratio=hit_ratio,
        not_run=tuple(printable(name) for name in run.not_run),
        time_saved_s=run.time_saved_s,
        span_s=max((row.started_s + row.duration_s for row in rows), default=0.0),
    )


def word_of(run: RunFinished) -> Literal["step", "task"]:
    """What the parts of a run are: steps, or the tasks of a call that has no reasons itself."""
    return "task" if run.not_run or (run.tasks and not run.miss_reasons) else "step"


def lookups_of(newest_first: Iterable[Event], run_id: str) -> list[CacheLookup]:
    """All look-ups of one run, oldest first."""
    found = []
    for event in newest_first:
        if event.run == run_id and event.type == CacheLookup.type:
            record = record_of(event)
            if isinstance(record, CacheLookup):
                found.append(record)
    return found[::-1]


def own_lookup(run: RunFinished, lookups: Iterable[CacheLookup]) -> CacheLookup | None:
    """The look-up of the run itself, among those of its steps: it came first.

    A call of many tasks is not looked up, only each task is.
    """
    if word_of(run) == "task":
        return None
    return next((lookup for lookup in lookups if lookup.task == run.task), None)


def all_reasons(
    run: RunFinished, lookups: Iterable[CacheLookup]
) -> tuple[tuple[MissReason, ...], ...]:
    """For each step all reasons that are known: its look-up has them where the run's event had
    no room.
    """
    lookups = list(lookups)
    own = own_lookup(run, lookups)
    of_steps: Mapping[str, list[CacheLookup]] = {task.task: [] for task in run.tasks}
    for lookup in lookups:
        if lookup is not own and lookup.task in of_steps:
            of_steps[lookup.task].append(lookup)
    return tuple(_told(task, of_steps[task.task]) for task in run.tasks)


def _told(task: TaskResult, lookups: list[CacheLookup]) -> tuple[MissReason, ...]:
    """The reasons of a step; its look-up is the next one of its name."""
    if not task.miss_reasons or not lookups:
        return task.miss_reasons
    found = lookups.pop(0).miss_reasons
    return found if len(found) > len(task.miss_reasons) else task.miss_reasons


def _step(task: TaskResult, reasons: tuple[MissReason, ...]) -> Step:
    state = state_of(task)
    is_told = task.outcome == "executed" and not task.stored and task.not_stored
    return Step(
        name=printable(task.task),
        is_inside=bool(task.inside),
        state=state,
        shape=SHAPES[state],
        started_s=task.started_s,
        duration_s=task.duration_s,
        time_saved_s=task.time_saved_s,
        why=miss_phrase(reasons[0]) if reasons else Phrase(),
        more_reasons=max(0, len(reasons) - 1),
        kept=not_stored_phrase(task.not_stored[0]) if is_told else Phrase(),
    )
