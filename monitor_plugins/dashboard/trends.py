"""How long builds took, run by run: each task in its colour, or one with its usual range."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence

from monitor_plugins.dashboard.charted import MOST_LINES
from monitor_plugins.dashboard.drawing import Chart, Mark
from monitor_plugins.dashboard.overview import quantile
from monitor_plugins.dashboard.ranges import Shown
from monitor_plugins.dashboard.shapes.alerts import Change
from monitor_plugins.dashboard.shapes.runs import Run

USUAL_RUNS = 30
"""The usual range of a run is that of so many before it."""
LEAST_RUNS = 5
"""With fewer before it nothing is usual yet."""
OTHERS = "others"
OF_A_TASK = "How long it took when it ran"


def of_durations(
    shown: Shown, runs: Sequence[Run], changes: Sequence[Change], task: str
) -> Chart | None:
    """How long runs took that really ran and passed, of all tasks or of one; None for none."""
    took = [
        run for run in reversed(runs)
        if run.outcome == "executed" and run.duration_s and not run.exit_code
    ]  # fmt: skip
    if not took:
        return None
    if not task:
        return _apart(shown, took, "How long builds took that ran", lambda run: run.task)
    if len({run.project for run in took}) > 1:
        return _apart(shown, took, OF_A_TASK, lambda run: run.project)
    return _of_one(shown, took, changes)


def _apart(shown: Shown, took: Sequence[Run], title: str, name_of: Callable[[Run], str]) -> Chart:
    """Each task, or each project of a task, in its colour."""
    counts = Counter(map(name_of, took))
    common = [name for name, _ in counts.most_common(MOST_LINES)]
    names = common if len(counts) <= MOST_LINES else [*common[:-1], OTHERS]
    place = {name: number for number, name in enumerate(names)}
    rows = []
    for run in took:
        row: list[float | None] = [None] * len(names)
        row[place.get(name_of(run), len(names) - 1)] = run.duration_s
        rows.append((run.time_s, row))
    return Chart(
        id="chart-durations", title=title, unit="seconds", names=names, rows=rows,
        span_s=shown.asked.span_s, kind="dots",
    )  # fmt: skip


def _of_one(shown: Shown, took: Sequence[Run], changes: Sequence[Change]) -> Chart:
    marks = [
        Mark(time_s=change.since_s, text=f"{change.direction}: {change.name}")
        for change in changes
        if change.unit == "s" and change.state in ("confirmed", "suspected")
    ]
    values = [run.duration_s or 0.0 for run in took]
    rows = [
        (run.time_s, [run.duration_s, low, high])
        for run, (low, high) in zip(took, usual(values), strict=True)
    ]
    return Chart(
        id="chart-durations", title=OF_A_TASK, unit="seconds",
        names=["took", "median of 30 before", "p95 of them"], rows=rows,
        span_s=shown.asked.span_s, kind="dots", kinds=("dots", "line", "high"), marks=marks,
    )  # fmt: skip


def usual(values: Sequence[float]) -> Iterator[tuple[float | None, float | None]]:
    """Median and 95th percentile of what came before each value."""
    before: deque[float] = deque(maxlen=USUAL_RUNS)
    for value in values:
        ordered = sorted(before) if len(before) >= LEAST_RUNS else []
        yield quantile(ordered, 0.5), quantile(ordered, 0.95)
        before.append(value)
