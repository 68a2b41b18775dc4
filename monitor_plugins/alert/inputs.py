"""What the engine is fed with: moments, samples and occurrences, whatever they were read from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple


def real(value: float) -> float:
    """A number of JSON as one to reckon with; infinite where it is too large."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def tables(raw: object) -> list[Mapping[str, Any]]:  # Any: JSON
    """The tables in a list; none in what is no list."""
    return [one for one in raw if isinstance(one, Mapping)] if isinstance(raw, list | tuple) else []


class Moment(NamedTuple):
    """One instant on three clocks."""

    steady_s: float
    """Never goes back and knows no steps: what durations are measured by."""
    wall_s: float
    """Seconds since 1970, as people read it."""
    elapsed_s: float
    """As steady, but what the machine slept counts: for repeats."""

    def after(self, steady_s: float) -> Moment:
        """The instant at `steady_s`, if all clocks go on alike."""
        passed_s = max(0.0, steady_s - self.steady_s)
        return Moment(self.steady_s + passed_s, self.wall_s + passed_s, self.elapsed_s + passed_s)


class Sample(NamedTuple):
    """One value of a metric."""

    metric: str
    value: float
    labels: Mapping[str, str] = {}  # a default that nobody changes
    late_s: float = 0.0
    """How long before now it was measured."""
    run: str = ""
    weight: int = 1
    """Of how many measurements it is the value."""


class Occurrence(NamedTuple):
    """One event, for rules about events."""

    type: str
    data: Mapping[str, Any]  # Any: JSON
    id: str = ""
    late_s: float = 0.0
    run: str = ""
