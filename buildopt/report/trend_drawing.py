"""The trend as a chart: a dot for each run over the time, the usual band, numbered changes."""

from __future__ import annotations

from dataclasses import dataclass

from buildopt.quantities import duration, moment
from buildopt.report.chart import Tick, axis_of
from buildopt.report.history import SHAPES, State
from buildopt.report.trend import Trend
from buildopt.report.usual import Usual

TOP_PX, BASE_PX = 16, 136


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A run: across in percent, down in pixels."""

    x: float
    y: float
    state: State
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnTrend:
    """The chart; `band` is where usual runs lie: top and height."""

    dots: tuple[Dot, ...]
    marks: tuple[tuple[float, int, bool], ...]
    band: tuple[float, float] | None
    ticks: tuple[Tick, ...]
    ends: tuple[str, str]


def trend_drawn(trend: Trend, usual: Usual | None) -> DrawnTrend:
    """The shapes of a trend; the axis of durations begins at zero."""
    first_ns, last_ns = trend.points[0].time_ns, trend.points[-1].time_ns
    span_ns = max(1, last_ns - first_ns)
    top_s, ticks = axis_of(max(point.duration_s for point in trend.points), TOP_PX, BASE_PX)

    def x(time_ns: int) -> float:
        return round(1 + 98 * (time_ns - first_ns) / span_ns, 2)

    def y(seconds: float) -> float:
        return round(BASE_PX - (BASE_PX - TOP_PX) * min(1.0, seconds / top_s), 1)

    return DrawnTrend(
        dots=tuple(
            Dot(
                x=x(point.time_ns),
                y=y(point.duration_s),
                state=point.state,
                title=f"{moment(point.time_ns)}: {SHAPES[point.state]} {point.state} in "
                f"{duration(point.duration_s)}",
            )
            for point in trend.points
        ),
        marks=tuple((x(mark.time_ns), mark.number, mark.is_alert) for mark in trend.marks),
        band=(y(usual.high_s), round(y(usual.low_s) - y(usual.high_s), 1)) if usual else None,
        ticks=ticks,
        ends=(moment(first_ns)[:16], moment(last_ns)[:16]),
    )
