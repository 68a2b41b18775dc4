"""All runs of a time together: what was run, what it took, what the cache gave, what went wrong."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from buildopt.events import Event, RunFinished, record_of
from buildopt.phrases import Phrase, miss_phrase, not_stored_phrase, printable
from buildopt.quantities import counted, duration, share
from buildopt.report.history import SHAPES, State, state_of

MOST_TASKS = 30
MOST_RUNS = 10
MOST_CAUSES = 15
SLOT_WIDTHS_S = (60, 300, 900, 3_600, 6 * 3_600, 86_400)
MOST_SLOTS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One column of the chart."""

    start_ns: int
    hits: int
    executed: int
    failed: int
    """Of those that were executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTotal:
    """All runs of one task; times are of those that really took place and went well."""

    project: str
    task: str
    runs: int
    hits: int
    failed: int
    executed_s: float
    median_s: float | None
    p95_s: float | None
    saved_s: float

    @property
    def hit_ratio(self) -> float:
        """Of all its runs."""
        return self.hits / self.runs


@dataclass(frozen=True, slots=True, kw_only=True)
class NotableRun:
    """A run that stood out."""

    run_id: str
    time_ns: int
    task: str
    state: State
    shape: str
    duration_s: float
    why: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodCause:
    """A reason for which runs were not answered, and what these took."""

    phrase: Phrase
    runs: int
    took_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A time from `from_ns` until `to_ns`, which is not inside any more."""

    from_ns: int
    to_ns: int
    where: str
    verdict: str
    answer: str
    runs: int
    hits: int
    failed: int
    executed_s: float
    saved_s: float
    spent_s: float
    """Looking up in vain."""
    slot_s: int
    slots: tuple[Slot, ...]
    tasks: tuple[TaskTotal, ...]
    tasks_left_out: int
    slowest: tuple[NotableRun, ...]
    failures: tuple[NotableRun, ...]
    causes: tuple[PeriodCause, ...]

    @property
    def hit_ratio(self) -> float | None:
        """Of all runs; None where there was none."""
        return self.hits / self.runs if self.runs else None


Told = tuple[Event, RunFinished]


def period_of(events: Iterable[Event], span_ns: tuple[int, int], where: str = "") -> Period:
    """The runs among some events, in whatever order, that ended in a time."""
    from_ns, to_ns = span_ns
    told = sorted(_runs(events, span_ns), key=lambda pair: (pair[0].time_ns, pair[1].run_id))
    runs = [run for _, run in told]
    executed = [run for run in runs if run.outcome == "executed"]
    failed = [pair for pair in told if pair[1].exit_code]
    slot_s = _slot_width_s(to_ns - from_ns)
    tasks = _tasks(runs)
    saved_s = sum(run.time_saved_s for run in runs)
    causes = _causes(executed)
    return Period(
        from_ns=from_ns,
        to_ns=to_ns,
        where=printable(where),
        verdict=_verdict(len(runs), len(runs) - len(executed), saved_s),
        answer=_answer(failed, causes),
        runs=len(runs),
        hits=len(runs) - len(executed),
        failed=len(failed),
        executed_s=sum(run.duration_s for run in executed),
        saved_s=saved_s,
        spent_s=sum(run.lookup_s for run in executed),
        slot_s=slot_s,
        slots=tuple(_slots(told, span_ns, slot_s)),
        tasks=tuple(tasks[:MOST_TASKS]),
        tasks_left_out=max(0, len(tasks) - MOST_TASKS),
        slowest=tuple(_slowest(told)),
        failures=tuple(_notable(*pair) for pair in failed[: -MOST_RUNS - 1 : -1]),
        causes=tuple(causes[:MOST_CAUSES]),
    )


def _runs(events: Iterable[Event], span_ns: tuple[int, int]) -> Iterable[Told]:
    for event in events:
        if event.type == RunFinished.type and span_ns[0] <= event.time_ns < span_ns[1]:
            record = record_of(event)
            if isinstance(record, RunFinished):
                yield event, record


def _verdict(runs: int, hits: int, saved_s: float) -> str:
    if not runs:
        return "No runs"
    saved = f", ≈ {duration(saved_s)} saved" if saved_s > 0 else ""
    return f"{counted(runs, 'run')}, {share(hits / runs)} answered{saved}"


def _answer(failed: Sequence[Told], causes: Sequence[PeriodCause]) -> str:
    parts = [f"{counted(len(failed), 'run')} failed."] if failed else ["No run failed."]
    if causes:
        first = causes[0]
        parts.append(f"What made most run again: {_lowered(first.phrase.text)}, {first.runs} ×.")
    return " ".join(parts)


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _slot_width_s(span_ns: int) -> int:
    span_s = span_ns / 1e9
    return next((w for w in SLOT_WIDTHS_S if span_s / w <= MOST_SLOTS), SLOT_WIDTHS_S[-1])


def _slots(told: Sequence[Told], span_ns: tuple[int, int], slot_s: int) -> Iterable[Slot]:
    """All columns of the time, those without a run too."""
    width_ns = slot_s * 10**9
    groups: dict[int, list[RunFinished]] = defaultdict(list)
    for event, run in told:
        groups[event.time_ns // width_ns].append(run)
    for number in range(span_ns[0] // width_ns, -(-span_ns[1] // width_ns)):
        runs = groups.get(number, [])
        executed = [run for run in runs if run.outcome == "executed"]
        yield Slot(
            start_ns=number * width_ns,
            hits=len(runs) - len(executed),
            executed=len(executed),
            failed=sum(1 for run in executed if run.exit_code),
        )


def _tasks(runs: Sequence[RunFinished]) -> list[TaskTotal]:
    """What took most time first."""
    groups: dict[tuple[str, str], list[RunFinished]] = defaultdict(list)
    for run in runs:
        groups[run.project, run.task].append(run)
    totals = [_total(*name, rows) for name, rows in groups.items()]
    return sorted(totals, key=lambda each: (-each.executed_s, each.project, each.task))


def _total(project: str, task: str, runs: Sequence[RunFinished]) -> TaskTotal:
    executed = [run for run in runs if run.outcome == "executed"]
    good = [run.duration_s for run in executed if not run.exit_code]
    return TaskTotal(
        project=printable(project),
        task=printable(task),
        runs=len(runs),
        hits=len(runs) - len(executed),
        failed=sum(1 for run in runs if run.exit_code),
        executed_s=sum(run.duration_s for run in executed),
        median_s=median(good) if good else None,
        p95_s=quantiles(good, n=20, method="inclusive")[-1] if len(good) > 1 else None,
        saved_s=sum(run.time_saved_s for run in runs),
    )


def _slowest(told: Sequence[Told]) -> Iterable[NotableRun]:
    executed = [pair for pair in told if pair[1].outcome == "executed"]
    executed.sort(key=lambda pair: -pair[1].duration_s)
    return (_notable(*pair) for pair in executed[:MOST_RUNS])


def _notable(event: Event, run: RunFinished) -> NotableRun:
    why = Phrase()
    if run.exit_code and run.not_stored:
        why = not_stored_phrase(run.not_stored[0])
    elif run.miss_reasons:
        why = miss_phrase(run.miss_reasons[0])
    state = state_of(run)
    return NotableRun(
        run_id=run.run_id,
        time_ns=event.time_ns,
        task=printable(run.task),
        state=state,
        shape=SHAPES[state],
        duration_s=run.duration_s,
        why=why,
    )


def _causes(executed: Sequence[RunFinished]) -> list[PeriodCause]:
    """First reasons, by their words; the most frequent first."""
    runs: Counter[Phrase] = Counter()
    took_s: dict[Phrase, float] = defaultdict(float)
    for run in executed:
        if run.miss_reasons:
            phrase = miss_phrase(run.miss_reasons[0])
            runs[phrase] += 1
            took_s[phrase] += run.duration_s
    found = [PeriodCause(phrase=p, runs=count, took_s=took_s[p]) for p, count in runs.items()]
    return sorted(found, key=lambda each: (-each.runs, -each.took_s, each.phrase.text))
