"""What the cache was worth to a checkout over 30 days, what it costs taken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from buildopt.events import RunFinished
from buildopt.report.gathered import Gathered

MOST_KINDS = 8
KINDS = {
    "no-record": "no record yet",
    "command": "another command",
    "environment": "a variable changed",
    "file-changed": "a file changed",
    "file-appeared": "a file appeared",
    "file-vanished": "a file is gone",
    "listing-changed": "a folder has other entries",
    "link-changed": "a link changed",
    "mode-changed": "a mode changed",
    "tool-changed": "a tool changed",
    "settings": "other settings",
    "evicted": "evicted",
    "damaged": "damaged",
    "forced": "asked to run",
    "format": "another version of buildopt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A kind of first reason for which a run was not answered."""

    kind: str
    words: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """All runs of a checkout; `saved_s` is estimated, `spent_s` measured."""

    days: int
    runs: int
    hits: int
    steps: int
    step_hits: int
    saved_s: float
    """Times of the recorded runs less those of their answers."""
    spent_s: float
    """Looking up and storing for runs that were not answered in the end."""
    causes: tuple[Cause, ...]
    grown_bytes: int
    evicted_bytes: int
    evicted_records: int

    @property
    def net_s(self) -> float:
        """Saved less spent; below zero where the cache costs more than it gives."""
        return self.saved_s - self.spent_s

    @property
    def hit_ratio(self) -> float:
        """Of all runs."""
        return self.hits / self.runs if self.runs else 0.0


def economy_of(found: Gathered, days: int) -> Economy:
    """The figures of what was gathered."""
    runs = [run for _, run in found.month]
    executed = [run for run in runs if run.outcome == "executed"]
    steps = [step for run in runs for step in run.tasks]
    return Economy(
        days=days,
        runs=len(runs),
        hits=len(runs) - len(executed),
        steps=len(steps),
        step_hits=sum(step.outcome != "executed" for step in steps),
        saved_s=sum(run.time_saved_s for run in runs),
        spent_s=sum(run.lookup_s for run in executed) + found.storing_s,
        causes=_causes(executed),
        grown_bytes=found.grown_bytes,
        evicted_bytes=sum(each.bytes_freed for each in found.evicted),
        evicted_records=sum(each.records for each in found.evicted),
    )


def _causes(executed: Sequence[RunFinished]) -> tuple[Cause, ...]:
    counted = Counter(run.miss_reasons[0].kind for run in executed if run.miss_reasons)
    return tuple(
        Cause(kind=kind, words=KINDS.get(kind, kind), runs=count)
        for kind, count in sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    )[:MOST_KINDS]
