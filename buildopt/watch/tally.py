"""What the runs of a day have come to, for the waiting line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from buildopt.events import Event, RunFinished
from buildopt.quantities import duration

MOST_EVENTS = 20_000
"""So many are looked through at the start: about half a second."""
NS = 1_000_000_000


class Tally(NamedTuple):
    """Hits and the time they saved since midnight, and the last result."""

    day: str
    tasks: int = 0
    hits: int = 0
    saved_s: float = 0.0
    last: str = ""
    """In words."""

    def with_result(self, result: Mapping[str, Any], now: datetime) -> Tally:  # Any: JSON fields
        """With one more round."""
        before = self if self.day == _day(now) else Tally(_day(now))
        failed = result.get("exit_code") or result.get("signal")
        words = "failed" if failed else result["outcome"]
        return before._with(result)._replace(last=f"{words} in {duration(result['duration_s'])}")

    def _with(self, result: Mapping[str, Any]) -> Tally:  # Any: as above
        tasks = list(result.get("tasks", ())) or [result]
        return self._replace(
            tasks=self.tasks + len(tasks),
            hits=self.hits + sum(1 for task in tasks if task["outcome"] != "executed"),
            saved_s=self.saved_s + result.get("time_saved_s", 0.0),
        )


def of_today(newest_first: Iterable[Event], root: str, now: datetime) -> Tally:
    """All that was run in the project today, by whomever."""
    midnight_ns = int(datetime(now.year, now.month, now.day).timestamp()) * NS
    tally = Tally(_day(now))
    for event in islice(newest_first, MOST_EVENTS):
        if event.time_ns < midnight_ns:
            break
        if event.type == RunFinished.type and event.data.get("root") == root:
            tally = tally._with(event.data)
    return tally


def _day(now: datetime) -> str:
    return now.strftime("%Y-%m-%d")
