"""Suggestions from one run's timeline: what dominates, waits, is repeated or could be parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from buildopt.input_table import InputTable
from buildopt.quantities import counted, duration, share
from buildopt.report.advice.suggestion import DOMINATING, Suggestion, named
from buildopt.report.processes import OURS
from buildopt.report.timeline import Timeline

LEAST_WHOLE_S = 0.5
"""Shorter runs are no trouble to anybody."""
MOST_OF_PATH = 0.5
LEAST_IDLE = 0.1
LEAST_REPEATED = 0.05


class RanStep(NamedTuple):
    """A step that really ran, with what it read and what it made."""

    name: str
    start_s: float
    duration_s: float
    inputs: InputTable
    outputs: frozenset[str]


def from_timeline(timeline: Timeline) -> Iterator[Suggestion]:
    """What one run shows by itself."""
    if timeline.whole_s < LEAST_WHOLE_S:
        return
    yield from _dominating(timeline)
    yield from _waiting(timeline)
    yield from _repeated(timeline)


def _dominating(timeline: Timeline) -> Iterator[Suggestion]:
    if len(timeline.path) < 2 or timeline.path[0].share < MOST_OF_PATH:
        return
    part = timeline.path[0]
    if part.name == OURS:
        return
    program = next(each for each in timeline.programs if each.name == part.name)
    uses = program.cpu_s / part.own_s if part.own_s else 0.0
    work = (
        f"It used {duration(program.cpu_s)} of CPU time meanwhile"
        if uses >= LEAST_IDLE
        else "It hardly used a processor: it waited"
    )
    yield Suggestion(
        kind=DOMINATING,
        title=f"{named(part.name)} is {share(part.share)} of the time",
        evidence=f"{duration(part.own_s)} of {duration(timeline.whole_s)} on the critical path. "
        f"{work}.",
        action="Begin here: nothing else can make the run much shorter. Look at its own profile, "
        "split it, or give it less to do.",
        gain_s=part.own_s,
        basis="bounded",
    )


def _waiting(timeline: Timeline) -> Iterator[Suggestion]:
    gaps = [idle for idle in timeline.idle if not all(_is_ours(name) for name in idle.names)]
    idle_s = sum(idle.duration_s for idle in gaps)
    if idle_s < LEAST_IDLE * timeline.whole_s:
        return
    names = dict.fromkeys(name for idle in gaps for name in idle.names)
    shown = ", ".join(named(name) for name in list(names)[:3])
    yield Suggestion(
        kind="idle",
        title=f"Nothing computed for {duration(idle_s)}",
        evidence=f"{counted(len(gaps), 'gap')} in which {shown} waited: for a disk, a "
        "network, a lock or a timer.",
        action="Find what it waits for, or do other work meanwhile.",
        gain_s=idle_s,
        basis="bounded",
    )


def _is_ours(name: str) -> bool:
    return name.split(" ")[0] == OURS


def _repeated(timeline: Timeline) -> Iterator[Suggestion]:
    for again in timeline.repeated[:3]:
        wasted_s = again.total_s - again.longest_s
        if wasted_s < LEAST_REPEATED * timeline.whole_s:
            continue
        yield Suggestion(
            kind="duplicate-work",
            title=f"{named(again.name)} ran {counted(again.count, 'time')} with the same arguments",
            evidence=f"{duration(again.total_s)} in all, the longest {duration(again.longest_s)}. "
            "The folders they ran in are not known.",
            action="Run it once and use its result, or make it a task of its own.",
            gain_s=wasted_s,
            basis="bounded",
        )


def from_steps(steps: Sequence[RanStep]) -> Iterator[Suggestion]:
    """The two longest neighbours that neither used what the other made."""
    found = [
        (min(one.duration_s, two.duration_s), one, two)
        for one, two in _neighbours(steps)
        if _are_apart(one, two)
    ]
    if not found:
        return
    gain_s, one, two = max(found, key=lambda each: each[0])
    if gain_s < LEAST_WHOLE_S / 2:
        return
    yield Suggestion(
        kind="parallel",
        title=f"{named(one.name)} and {named(two.name)} could run side by side",
        evidence="They ran one after the other; neither read what the other made, nor did both "
        f"write one file. {duration(one.duration_s)} and {duration(two.duration_s)}.",
        action="Make them tasks without `depends_on` between them: "
        "`buildopt run A B` runs such side by side (docs/tasks.md).",
        gain_s=gain_s,
        basis="bounded",
    )


def _neighbours(steps: Sequence[RanStep]) -> Iterator[tuple[RanStep, RanStep]]:
    """Pairs of which one began when the other had ended and no third stood between."""
    ordered = sorted(steps, key=lambda step: step.start_s)
    for place, one in enumerate(ordered):
        end_s = one.start_s + one.duration_s
        later = [two for two in ordered[place + 1 :] if two.start_s >= end_s - 0.01]
        if later:
            yield one, later[0]


def _are_apart(one: RanStep, two: RanStep) -> bool:
    if not one.inputs.rows or not two.inputs.rows or one.inputs.left_out or two.inputs.left_out:
        return False
    return (
        one.outputs.isdisjoint(two.outputs)
        and _reads_none(two.inputs, one.outputs)
        and _reads_none(one.inputs, two.outputs)
    )


def _reads_none(inputs: InputTable, outputs: frozenset[str]) -> bool:
    """Whether none of the outputs was looked at, nor a folder listed that holds one."""
    folders = {path.rpartition("/")[0] or "." for path in outputs}
    seen: Mapping[str, str] = {row.subject: row.kind for row in inputs.rows}
    return outputs.isdisjoint(seen) and not any(seen.get(folder) == "listing" for folder in folders)
