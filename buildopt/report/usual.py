"""How long a run usually takes, from those before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Literal

from buildopt.events import RunFinished
from buildopt.quantities import counted, duration

LEAST_RUNS = 5
"""Fewer say nothing of what is usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """The band from p5 to p95 of earlier runs that ended in the same way."""

    low_s: float
    median_s: float
    high_s: float
    runs: int
    place: Literal["below", "inside", "above"]

    @property
    def words(self) -> str:
        """`usual: 1.9 s to 2.4 s`."""
        place = {"below": "quicker than usual", "inside": "as usual", "above": "slower than usual"}
        of = f"p5 to p95 of {counted(self.runs, 'earlier run')}"
        band = f"{duration(self.low_s)} to {duration(self.high_s)}"
        return f"{place[self.place]}: {band} is {of}, median {duration(self.median_s)}"


def usual_of(run: RunFinished, earlier: Iterable[RunFinished]) -> Usual | None:
    """The band for a run; None where too few are like it."""
    kind = run.outcome == "executed"
    alike = [
        each.duration_s
        for each in earlier
        if not each.exit_code and (each.outcome == "executed") == kind
    ]
    if run.exit_code or len(alike) < LEAST_RUNS:
        return None
    cuts = quantiles(alike, n=20, method="inclusive")
    low_s, high_s = cuts[0], cuts[-1]
    place: Literal["below", "inside", "above"] = "inside"
    if not low_s <= run.duration_s <= high_s:
        place = "below" if run.duration_s < low_s else "above"
    return Usual(low_s=low_s, median_s=median(alike), high_s=high_s, runs=len(alike), place=place)
