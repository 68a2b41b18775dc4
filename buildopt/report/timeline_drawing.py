"""The timeline as shapes: what its rows, its two charts and the picture of all processes draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from buildopt.critical_path import Span
from buildopt.quantities import duration, size
from buildopt.report.timeline import Bar, Timeline

LEAST_PERCENT = 0.4
"""So that what took no time can be seen."""
WIDTH, HEIGHT = 1000.0, 48.0
"""Of a chart's drawing; it is stretched to its place."""
LANE = 4.0
MOST_LANES = 60
"""More are drawn on each other: nobody can tell them apart."""
TICKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnBar:
    """Percents of the whole time: of the bar, and of the part that is CPU time."""

    x: float
    width: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A chart of one quantity over the run."""

    name: str
    path: str
    most: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTimeline:
    """Shapes for the rows of a timeline, in their order, and for its charts."""

    bars: tuple[DrawnBar, ...]
    gaps: tuple[tuple[float, float], ...]
    """Idle times: begin and width in percent."""
    areas: tuple[Area, ...]
    lanes: str
    lanes_height: float
    ticks: tuple[str, ...]


def drawn(timeline: Timeline) -> DrawnTimeline:
    """All shapes."""
    whole_s = timeline.whole_s or 1.0
    lanes = timeline.lanes[:MOST_LANES]
    return DrawnTimeline(
        bars=tuple(_bar(bar, whole_s) for bar in timeline.bars),
        gaps=tuple(
            (round(100 * idle.start_s / whole_s, 2), round(100 * idle.duration_s / whole_s, 2))
            for idle in timeline.idle
        ),
        areas=tuple(_areas(timeline)),
        lanes=_lanes_path(lanes, whole_s),
        lanes_height=LANE * len(lanes),
        ticks=tuple(duration(whole_s * tick / TICKS) for tick in range(TICKS + 1)),
    )


def _bar(bar: Bar, whole_s: float) -> DrawnBar:
    width = max(LEAST_PERCENT, 100 * bar.duration_s / whole_s)
    work = min(1.0, bar.cpu_s / bar.duration_s) if bar.duration_s > 0 else 0.0
    return DrawnBar(
        x=round(min(100 * bar.start_s / whole_s, 100 - width), 2),
        width=round(width, 2),
        cpu=round(width * work, 2),
    )


def _areas(timeline: Timeline) -> list[Area]:
    """A chart only where there is something to see."""
    found = []
    if any(timeline.cpu):
        most = max(1.0, *timeline.cpu)
        found.append(
            Area(
                name="Processors in use",
                path=area_of(timeline.cpu, most),
                most=f"{most:.3g}",
                note="≈, CPU time spread over when a process may have worked",
            )
        )
    if any(timeline.memory):
        most = max(timeline.memory)
        found.append(
            Area(
                name="Memory",
                path=area_of(timeline.memory, most),
                most=size(most),
                note="at most, the peaks of the processes of each moment added up",
            )
        )
    return found


def area_of(values: Sequence[float], most: float) -> str:
    """The path of a chart: columns without gaps."""
    width = WIDTH / len(values)
    steps = [
        f"V{HEIGHT * (1 - min(1.0, max(0.0, value) / most)):.1f}h{width:.2f}" for value in values
    ]
    return f"M0 {HEIGHT:g}{''.join(steps)}V{HEIGHT:g}Z"


def _lanes_path(lanes: Sequence[Sequence[Span]], whole_s: float) -> str:
    """All processes as lines of one path."""
    parts = []
    for number, lane in enumerate(lanes):
        y = LANE * number + LANE / 2
        for start_s, end_s in lane:
            x, end = WIDTH * start_s / whole_s, WIDTH * end_s / whole_s
            parts.append(f"M{x:.1f} {y:g}h{max(0.4, end - x - 0.2):.1f}")
    return "".join(parts)
