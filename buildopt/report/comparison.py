"""Two runs side by side: what differs in time, inputs, programs, steps and outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from buildopt.events import RunFinished
from buildopt.quantities import change, duration, size
from buildopt.report.gathered import Gathered
from buildopt.report.inputs import Inputs, inputs_of, table_of
from buildopt.report.processes import Blob
from buildopt.report.view import RunView, view_from

MOST_ROWS = 30
LEAST_CHANGE = 0.02
"""Of the longer run: a program or step that moved by less is counted only."""
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One figure in both; None where a run does not have it."""

    name: str
    unit: str
    before: float | None
    after: float | None

    @property
    def delta(self) -> float:
        """By how much it grew."""
        return (self.after or 0.0) - (self.before or 0.0)

    @property
    def change(self) -> str:
        """`+1.2 s, +12 %`; empty where it is not known, or nothing moved."""
        if self.before is None and self.after is None:
            return ""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        if not self.delta:
            return ""
        return change(self.before, self.after, self.shown)

    def shown(self, value: float | None) -> str:
        """With its unit."""
        if value is None:
            return ""
        forms: Mapping[str, Callable[[float], str]] = {"s": duration, "bytes": size}
        return forms.get(self.unit, "{:,.0f}".format)(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """From the first run to the second; `left_out` counts rows that hardly moved or were equal."""

    before: RunView
    after: RunView
    verdict: str
    answer: str
    figures: tuple[Pair, ...]
    inputs: Inputs | None
    steps: tuple[Pair, ...]
    programs: tuple[Pair, ...]
    programs_left_out: int
    outputs: tuple[Pair, ...]
    outputs_left_out: int
    made: tuple[Pair, ...]


def compare(before: Gathered, after: Gathered, blob: Blob) -> Comparison:
    """What became of one run in another, of whatever tasks they are."""
    one, two = view_from(before, blob), view_from(after, blob)
    longest_s = max(_measure(one, "Duration") or 0.0, _measure(two, "Duration") or 0.0)
    programs = _pairs("s", _programs(one), _programs(two))
    moved = [pair for pair in programs if abs(pair.delta) >= LEAST_CHANGE * longest_s]
    outputs = _pairs("bytes", _outputs(one), _outputs(two))
    changed = [pair for pair in outputs if pair.before != pair.after]
    return Comparison(
        before=one,
        after=two,
        verdict=_verdict(one, two),
        answer=_answer(moved),
        figures=tuple(_figures(one, two)),
        inputs=_inputs(before, after, blob),
        steps=tuple(_pairs("s", _steps(one), _steps(two)))[:MOST_ROWS],
        programs=tuple(moved[:MOST_ROWS]),
        programs_left_out=len(programs) - len(moved[:MOST_ROWS]),
        outputs=tuple(changed[:MOST_ROWS]),
        outputs_left_out=len(changed) - len(changed[:MOST_ROWS]),
        made=tuple(sorted(_pairs("bytes", _made(one), _made(two)), key=lambda pair: pair.name)),
    )


def _verdict(one: RunView, two: RunView) -> str:
    pair = Pair(
        name="", unit="s", before=_measure(one, "Duration"), after=_measure(two, "Duration")
    )
    moved = pair.change or "as long"
    return f"{pair.shown(pair.before)} → {pair.shown(pair.after)}: {moved}"


def _answer(moved: Sequence[Pair]) -> str:
    if not moved:
        return "No program took notably longer or shorter."
    return f"The most moved `{moved[0].name}`: {moved[0].change}."


def _figures(one: RunView, two: RunView) -> Iterable[Pair]:
    for measure in two.measures:
        before = _measure(one, measure.name)
        if before is not None or measure.value is not None:
            yield Pair(name=measure.name, unit=measure.unit, before=before, after=measure.value)
    yield Pair(name="Processes", unit="count", before=_processes(one), after=_processes(two))
    files = (one.outputs.files, two.outputs.files)
    yield Pair(name="Output files", unit="count", before=files[0], after=files[1])
    sizes = (one.outputs.bytes, two.outputs.bytes)
    yield Pair(name="Output bytes", unit="bytes", before=sizes[0], after=sizes[1])


def _processes(view: RunView) -> float | None:
    return view.details.timeline.count if view.details.timeline else None


def _measure(view: RunView, name: str) -> float | None:
    return next((each.value for each in view.measures if each.name == name), None)


def _pairs(unit: str, before: Mapping[str, float], after: Mapping[str, float]) -> list[Pair]:
    """All names of both, what moved most first."""
    pairs = [
        Pair(name=name, unit=unit, before=before.get(name), after=after.get(name))
        for name in dict.fromkeys((*before, *after))
    ]
    return sorted(pairs, key=lambda pair: (-abs(pair.delta), pair.name))


def _programs(view: RunView) -> dict[str, float]:
    """The time that each spent on the critical path: more of it makes the run longer."""
    timeline = view.details.timeline
    return {each.name: each.own_s for each in timeline.path} if timeline else {}


def _steps(view: RunView) -> dict[str, float]:
    return {row.name: row.duration_s for row in view.steps.rows}


def _outputs(view: RunView) -> dict[str, float]:
    return {row.path: row.bytes for row in view.outputs.rows if row.kind == "file"}


def _made(view: RunView) -> dict[str, float]:
    return {
        f"{made.output}, {size.name}": size.bytes
        for made in view.details.made
        for size in made.sizes
    }


def _inputs(before: Gathered, after: Gathered, blob: Blob) -> Inputs | None:
    (old_tasks, old_run), (new_tasks, new_run) = before.tasks_shown(), after.tasks_shown()
    new = table_of(new_tasks, blob)
    if new is None:
        return None
    made = _made_by(before, old_run) | _made_by(after, new_run)
    return inputs_of(new, table_of(old_tasks, blob), made, "the inputs of the first are not kept")


def _made_by(found: Gathered, run: RunFinished) -> frozenset[str]:
    rows = found.stores.get(run.run_id, ())
    return frozenset(output.path for each in rows for output in each.outputs)
