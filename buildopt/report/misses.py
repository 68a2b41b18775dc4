"""Which inputs made a task run again, and whether what it gave was another for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from buildopt.events import CacheLookup, Event, RunFinished
from buildopt.phrases import miss_phrase, printable
from buildopt.report.gathered import Gathered

INPUT_KINDS = (
    "environment", "file-changed", "file-appeared", "file-vanished", "listing-changed",
    "link-changed", "mode-changed", "tool-changed",
)  # fmt: skip
MOST_CAUSES = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class MissCause:
    """An input that differed. Alone: it was the only one; of these `compared` are known to have
    given the `same` files as before, or others.
    """

    subject: str
    words: str
    is_variable: bool
    misses: int
    alone: int
    compared: int
    same: int
    values: int
    """How many different ones were met."""
    alone_s: float
    """What the runs took of which it was the only cause."""
    same_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Miss:
    run: str
    lookup: CacheLookup
    duration_s: float
    content: str
    before: str
    """What it gave, and what the task had given before; empty where nothing was stored."""


def causes_of(found: Gathered) -> tuple[MissCause, ...]:
    """The inputs that made the task and its steps run, the dearest first."""
    by_subject: dict[tuple[str, bool], list[tuple[_Miss, str]]] = defaultdict(list)
    phrases: dict[tuple[str, bool], str] = {}
    for miss in _misses(found):
        for reason in miss.lookup.miss_reasons:
            if reason.kind in INPUT_KINDS:
                key = (reason.subject, reason.kind == "environment")
                by_subject[key].append((miss, reason.after))
                phrases.setdefault(key, miss_phrase(reason).text)
    causes = [_cause(key, phrases[key], rows) for key, rows in by_subject.items()]
    causes.sort(key=lambda each: (-each.alone_s, -each.misses, each.subject))
    return tuple(causes)


def _cause(key: tuple[str, bool], words: str, rows: list[tuple[_Miss, str]]) -> MissCause:
    alone = _once([miss for miss, _ in rows if _is_only_reason(miss.lookup)])
    compared = [miss for miss in alone if miss.content and miss.before]
    same = [miss for miss in compared if miss.content == miss.before]
    return MissCause(
        subject=printable(key[0]),
        words=words,
        is_variable=key[1],
        misses=len({miss.run for miss, _ in rows}),
        alone=len(alone),
        compared=len(compared),
        same=len(same),
        values=len({after for _, after in rows}),
        alone_s=sum(miss.duration_s for miss in alone),
        same_s=sum(miss.duration_s for miss in same),
    )


def _once(misses: list[_Miss]) -> list[_Miss]:
    """One of each run: the longest, as a step's time is part of its run's."""
    longest: dict[str, _Miss] = {}
    for miss in misses:
        if miss.run not in longest or longest[miss.run].duration_s < miss.duration_s:
            longest[miss.run] = miss
    return list(longest.values())


def _is_only_reason(lookup: CacheLookup) -> bool:
    return len(lookup.miss_reasons) == 1 and not lookup.reasons_left_out


def _misses(found: Gathered) -> Iterator[_Miss]:
    """All look-ups of the task that missed, oldest first, with what the run then gave."""
    durations = _durations([run for _, run in found.month])
    last: dict[str, str] = {}
    for event, lookup in found.misses:
        content = _content(found, event, lookup.task)
        if lookup.result == "miss" and (event.run, lookup.task) in durations:
            yield _Miss(
                run=event.run,
                lookup=lookup,
                duration_s=durations[event.run, lookup.task],
                content=content,
                before=last.get(lookup.task, ""),
            )
        if content:
            last[lookup.task] = content


def _durations(runs: list[RunFinished]) -> dict[tuple[str, str], float]:
    """Of each run and each step of it."""
    known: dict[tuple[str, str], float] = {}
    for run in runs:
        known[run.run_id, run.task] = run.duration_s
        for step in run.tasks:
            known[run.run_id, step.task] = step.duration_s
    return known


def _content(found: Gathered, event: Event, task: str) -> str:
    stored = (each for each in found.stores.get(event.run, ()) if each.task == task)
    return next((each.content for each in stored), "")
