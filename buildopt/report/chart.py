"""Where the bars of the history and of the steps stand: across in percent, upwards in pixels.

Percent across keeps text at its size however narrow the page is.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log10

from buildopt.quantities import duration, moment
from buildopt.report.history import SHAPES, History, PastRun, State
from buildopt.report.steps import Steps

PLOT_TOP_PX = 8
PLOT_BASE_PX = 128
CHART_HEIGHT_PX = 176
"""Room above for half a line of text, below for the marks of the states and this run's number."""
FEW_RUNS = 15
"""With fewer runs bars keep the width that this many would have; with more, a narrow page shows
the newer half."""
_UNITS = ((3600.0, "h"), (60.0, "min"), (1.0, "s"), (0.001, "ms"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One run: its place, and what to say about it."""

    x_percent: float
    width_percent: float
    centre_percent: float
    y_px: float
    height_px: float
    state: State
    shape: str
    label: str
    title: str
    is_this_run: bool
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One hair line with its number."""

    y_px: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Durations as bars; the axis begins at zero."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    is_long: bool
    height_px: int = CHART_HEIGHT_PX
    base_px: int = PLOT_BASE_PX


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """When one step ran, of the time of all."""

    x_percent: float
    width_percent: float


LEAST_SPAN_PERCENT = 1.0
"""So that what took no time can be seen."""


def spans_of(steps: Steps) -> tuple[Span, ...]:
    """A bar for each step from its start to its end; the width is the time of all."""
    whole_s = steps.span_s or 1.0
    return tuple(_span(step.started_s / whole_s, step.duration_s / whole_s) for step in steps.rows)


def _span(start: float, length: float) -> Span:
    width = max(LEAST_SPAN_PERCENT, 100 * length)
    return Span(x_percent=round(min(100 * start, 100 - width), 2), width_percent=round(width, 2))


def chart_of(history: History) -> Chart:
    """The history drawn; its last run is the one of the report."""
    longest_s = max(run.duration_s for run in history.runs)
    top_s, ticks = axis_of(longest_s)
    count = len(history.runs)
    slots = max(count, FEW_RUNS)
    bars = tuple(
        _bar(run, index / slots, 1 / slots, top_s, is_this_run=index == count - 1)
        for index, run in enumerate(history.runs)
    )
    return Chart(bars=bars, ticks=ticks, is_long=count > FEW_RUNS)


def _bar(run: PastRun, start: float, width: float, top_s: float, *, is_this_run: bool) -> Bar:
    """A bar in its slot; one pixel at least, so that a hit does not look like a gap."""
    height_px = max(1.0, (PLOT_BASE_PX - PLOT_TOP_PX) * run.duration_s / top_s)
    return Bar(
        x_percent=round(100 * (start + width * 0.15), 3),
        width_percent=round(100 * width * 0.7, 3),
        centre_percent=round(100 * (start + width * 0.5), 3),
        y_px=round(PLOT_BASE_PX - height_px, 1),
        height_px=round(height_px, 1),
        state=run.state,
        shape=SHAPES[run.state],
        label=duration(run.duration_s),
        title=f"{moment(run.time_ns)}: {run.state} in {duration(run.duration_s)}",
        is_this_run=is_this_run,
        anchor="start" if start < 0.5 else "end",
    )


def axis_of(
    longest_s: float, top_px: float = PLOT_TOP_PX, base_px: float = PLOT_BASE_PX
) -> tuple[float, tuple[Tick, ...]]:
    """The top of the axis, a round number, and hair lines at nought, half and top."""
    unit_s, name = next((u for u in _UNITS if longest_s >= u[0]), _UNITS[-1])
    top = _round_up(max(longest_s, 0.001) / unit_s)
    middle_px = (top_px + base_px) / 2
    ticks = (
        Tick(y_px=top_px, label=f"{top:g} {name}"),
        Tick(y_px=middle_px, label=f"{top / 2:g} {name}"),
        Tick(y_px=base_px, label="0"),
    )
    return top * unit_s, ticks


def _round_up(value: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10 at the value's power of ten."""
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next((step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value), value)
