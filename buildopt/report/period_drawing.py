"""The chart of a time: a column for each part of it, answered runs below those that took place."""

from __future__ import annotations

from dataclasses import dataclass

from buildopt.quantities import counted, moment
from buildopt.report.period import Period, Slot

HEIGHT_PX = 120
BASE_PX = 112
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Across in percent, upwards in pixels: the part that was answered, took place, and failed."""

    x: float
    width: float
    hits: tuple[float, float]
    executed: tuple[float, float]
    failed: tuple[float, float]
    title: str


def columns_of(period: Period) -> tuple[tuple[Column, ...], int]:
    """All columns, and how many runs the axis reaches up to."""
    most = max((slot.hits + slot.executed for slot in period.slots), default=0)
    if not most:
        return (), 0
    width = 100 / len(period.slots)
    return (
        tuple(_column(slot, place * width, width, most) for place, slot in enumerate(period.slots)),
        most,
    )


def first_and_last(period: Period) -> tuple[str, str]:
    """What stands below the first and the last column."""
    ends = period.slots[0].start_ns, period.slots[-1].start_ns
    begin, end = (moment(time_ns) for time_ns in ends)
    return (begin[:10], end[:10]) if period.slot_s >= DAY_S else (begin[:16], end[:16])


def _column(slot: Slot, x: float, width: float, most: int) -> Column:
    scale = (BASE_PX - 8) / most
    hits, good, failed = (
        count * scale for count in (slot.hits, slot.executed - slot.failed, slot.failed)
    )
    words = f"{counted(slot.hits, 'answer')}, {counted(slot.executed, 'execution')}"
    if slot.failed:
        words += f", {slot.failed} failed"
    return Column(
        x=round(x + width * 0.1, 3),
        width=round(width * 0.8, 3),
        hits=(round(BASE_PX - hits, 1), round(hits, 1)),
        executed=(round(BASE_PX - hits - good, 1), round(good, 1)),
        failed=(round(BASE_PX - hits - good - failed, 1), round(failed, 1)),
        title=f"{moment(slot.start_ns)[:16]}: {words}",
    )
