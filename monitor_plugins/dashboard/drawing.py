"""Charts as rows of a table and as SVG: what scripts draw anew, and what stands without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal

from buildopt.monitor.hookspecs import change, duration, printable, share, signed, size

Unit = Literal["ratio", "bytes", "bytes/s", "seconds", "count"]
UNITS: Mapping[str, Unit] = {"By": "bytes", "By/s": "bytes/s", "s": "seconds", "1": "ratio"}
"""Units of metrics (UCUM)."""
Kind = Literal["line", "bars", "dots", "low", "high"]
"""How a column is drawn. `high` is the upper edge of a light area, above `low` or else the line."""
WIDTH, HEIGHT = 600.0, 120.0
"""Of the drawing; it is stretched to the place it has, its lines are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that happened at a time of a chart."""

    time_s: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One column of a chart: its name, and its path, area, bars or dots in the drawing."""

    name: str
    path: str = ""
    area: str = ""
    bars: Sequence[tuple[float, float, float, float]] = ()
    dots: Sequence[tuple[float, float]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart over time. `metric` is where scripts get finer values, if there are any."""

    id: str
    title: str
    unit: Unit
    names: Sequence[str]
    rows: Sequence[tuple[float, Sequence[float | None]]]
    span_s: tuple[float, float]
    kind: Kind = "line"
    kinds: Sequence[Kind] = ()
    """Of each column, where not all are of one kind."""
    metric: str = ""
    is_of_machine: bool = False
    """Whether it is measured of the machine, whatever project is shown."""
    is_exact: bool = False
    marks: Sequence[Mark] = ()
    width_s: float = 0.0
    top: float | None = None
    """Where the axis ends, where that is known."""

    @property
    def most(self) -> float:
        """The top of the axis: a round number."""
        if self.top is not None:
            return self.top
        values = [value for _, row in self.rows for value in row if value is not None]
        return rounded_up(max(values, default=0.0))

    @property
    def last(self) -> str:
        """The newest value of the first line, in words."""
        found = next((row[0] for _, row in reversed(self.rows) if row and row[0] is not None), None)
        return "no data" if found is None else amount(found, self.unit)

    @property
    def drawn(self) -> Sequence[Drawn]:
        """Its lines in the drawing."""
        return [self._line(place, name) for place, name in enumerate(self.names)]

    def words(self, value: float | None) -> str:
        """A value with its unit."""
        return "" if value is None else amount(value, self.unit)

    def x(self, time_s: float) -> float:
        """A time in the drawing."""
        start_s, end_s = self.span_s
        return round(WIDTH * (time_s - start_s) / max(1.0, end_s - start_s), 1)

    def kind_of(self, place: int) -> Kind:
        """How a column is drawn."""
        return self.kinds[place] if self.kinds else self.kind

    def _line(self, place: int, name: str) -> Drawn:
        points = self._points(place)
        match self.kind_of(place):
            case "dots":
                return Drawn(name=name, dots=points)
            case "bars":
                return Drawn(name=name, bars=self._bars(points))
            case "low":
                return Drawn(name=name)
            case "high":
                edge = self.kinds.index("low" if "low" in self.kinds else "line")
                around = [*points, *reversed(self._points(edge))]
                return Drawn(name=name, area=_path(around) + "Z" if points else "")
        return Drawn(name=name, path=_path(points))

    def _points(self, place: int) -> list[tuple[float, float]]:
        most = self.most or 1.0
        return [
            (self.x(at_s), round(HEIGHT * (1 - min(1.0, max(0.0, value / most))), 1))
            for at_s, row in self.rows
            if (value := row[place]) is not None
        ]

    def _bars(
        self, points: Sequence[tuple[float, float]]
    ) -> list[tuple[float, float, float, float]]:
        width = max(1.0, WIDTH * self.width_s / max(1.0, self.span_s[1] - self.span_s[0]) - 1)
        return [(x, y, round(width, 1), round(HEIGHT - y, 1)) for x, y in points if y < HEIGHT]


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points) if points else ""


def amount(value: float, unit: Unit) -> str:
    """A value as people read it."""
    match unit:
        case "ratio":
            return share(value)
        case "bytes":
            return size(value)
        case "bytes/s":
            return f"{size(value)}/s"
        case "seconds":
            return duration(value)
        case "count":
            return f"{value:,.3g}" if abs(value) < 999.5 else f"{value:,.0f}"


def measured(value: float, unit: str) -> str:
    """A value with the unit that its metric or event has, whatever that is."""
    known = UNITS.get("1" if unit == "%" else unit)
    return (
        amount(value, known)
        if known
        else f"{amount(value, 'count')} {printable(unit[:20])}".rstrip()
    )


def change_of(before: float, after: float, unit: Unit) -> str:
    """`+12.4 kB, +3.1 %`."""
    return change(before, after, lambda value: amount(value, unit))


def signed_share(ratio: float) -> str:
    """`+3.1 %`."""
    return signed(ratio, share)


def rounded_up(value: float) -> float:
    """The next of 1, 2, 4, 6, 8, 10 at the value's power of ten."""
    if value <= 0:
        return 1.0
    power = 10.0 ** (ceil(log10(value)) - 1)
    return next((step * power for step in (1, 2, 4, 6, 8, 10) if step * power >= value), value)


def spaced(start_s: float, end_s: float, count: int) -> int:
    """How wide columns are of which about so many fit."""
    return max(1, floor((end_s - start_s) / count))
