"""The detectors over a series that is given whole: one record a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from monitor_plugins.baseline.changepoints import Change, find_changes
from monitor_plugins.baseline.incidents import IncidentDetector
from monitor_plugins.baseline.large_step import LARGE_BUILDS_STEADY
from monitor_plugins.baseline.learning import LEAST_BUILDS
from monitor_plugins.baseline.regression import RegressionDetector

Kind = Literal["anomaly", "changepoint"]
"""A metric sampled over time, or a series with one value a build."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One thing that was found."""

    index: int
    """Row from 0: the first of a new level, or the sample with which an incident showed."""
    detected_at: int
    """The row after which it was known."""
    before: float
    """Usual level, or the level before the change."""
    after: float
    effect: float | None
    """Change relative to before: 0.05 is 5 % more; None where before is zero."""
    strength: float
    """Of an incident: its distance as a multiple of the usual one. Of a change: its effect in
    standard errors."""
    confidence: float | None
    """Of a change: how often chance would not part builds so, for one look. None for incidents,
    whose samples are too much alike for such a figure."""


def judge(
    kind: Kind, times_s: Sequence[float], values: Sequence[float], *, online: bool
) -> tuple[Verdict, ...]:
    """All verdicts over the series, in the order they were known.

    Rows whose value is no finite number are gaps: they count as rows and say nothing. `online`
    makes change points be asked again after each row, where the first claim counts; incidents
    are always found so.
    """
    if kind == "anomaly":
        return tuple(_incidents(times_s, values))
    rows = [row for row, value in enumerate(values) if math.isfinite(value)]
    known = [values[row] for row in rows]
    if online:
        return tuple(_confirmed(rows, known))
    last = len(values) - 1
    changes = find_changes(known)
    return tuple(_of_change(one, index=rows[one.index], detected_at=last) for one in changes)


def learning(kind: Kind, values: Iterable[float]) -> str | None:
    """`learning, 6 of 10 builds` while a series is too short for any verdict, else None."""
    known = sum(math.isfinite(value) for value in values)
    unit = "builds" if kind == "changepoint" else "samples"
    needed = LEAST_BUILDS if kind == "changepoint" else IncidentDetector().samples_to_learn
    return f"learning, {known} of {needed} {unit}" if known < needed else None


def _incidents(times_s: Sequence[float], values: Sequence[float]) -> Iterator[Verdict]:
    detector = IncidentDetector()
    for time_s, value in zip(times_s, values, strict=True):
        found = detector.observe(time_s, value)
        if found:
            yield Verdict(
                index=found.index,
                detected_at=found.index,
                before=found.usual,
                after=found.seen,
                effect=_relative(found.usual, found.seen),
                strength=found.score,
                confidence=None,
            )


def _confirmed(rows: Sequence[int], values: Sequence[float]) -> Iterator[Verdict]:
    # Of bare numbers nobody knows that another program slowed them: as few builds as of a size.
    detector = RegressionDetector(large_builds=LARGE_BUILDS_STEADY)
    for value in values:
        for finding in detector.observe(value):
            if finding.state == "confirmed":
                change, at = finding.change, rows[finding.detected_at]
                yield _of_change(change, index=rows[change.index], detected_at=at)


def _of_change(change: Change, *, index: int, detected_at: int) -> Verdict:
    return Verdict(
        index=index,
        detected_at=detected_at,
        before=change.before,
        after=change.after,
        effect=_relative(change.before, change.after),
        strength=change.contrast.standard_errors,
        confidence=change.confidence,
    )


def _relative(before: float, after: float) -> float | None:
    return (after - before) / abs(before) if before else None
