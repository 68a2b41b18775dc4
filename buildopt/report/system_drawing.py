"""The machine during a run as shapes and words: a chart and a row for each figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from buildopt.quantities import share, size
from buildopt.report.system import System, SystemFigure
from buildopt.report.timeline_drawing import Area, area_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemRow:
    """A figure in words; empty where nobody knows."""

    name: str
    mean: str
    most: str
    total: str
    by_run: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSystem:
    """What the section shows."""

    areas: tuple[Area, ...]
    rows: tuple[SystemRow, ...]


def system_drawn(system: System) -> DrawnSystem:
    """All shapes and words."""
    return DrawnSystem(areas=tuple(_areas(system)), rows=tuple(map(_row, system.figures)))


def _areas(system: System) -> Iterator[Area]:
    """A chart only where there is something to see; its top is the limit, where there is one."""
    for figure in system.figures:
        most = figure.limit or max(figure.values, default=0.0)
        if any(figure.values) and most:
            yield Area(
                name=figure.name,
                path=area_of(figure.values, most),
                most=_words(figure, most),
                note="all there is" if figure.limit else "each second",
            )


def _row(figure: SystemFigure) -> SystemRow:
    by_run = figure.by_run
    return SystemRow(
        name=figure.name,
        mean=_words(figure, figure.mean),
        most=_words(figure, figure.most),
        total="" if figure.total_bytes is None else size(figure.total_bytes),
        by_run="" if by_run is None else share(by_run) if figure.unit == "ratio" else size(by_run),
    )


def _words(figure: SystemFigure, value: float) -> str:
    if figure.unit == "ratio":
        return share(value)
    return size(value) + ("/s" if figure.unit == "bytes/s" else "")
