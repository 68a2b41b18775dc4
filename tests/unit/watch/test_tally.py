"""What the runs of a day have come to."""

from __future__ import annotations

from datetime import datetime, timedelta

from buildopt.events import Event
from buildopt.watch.tally import Tally, of_today

NOW = datetime(2026, 11, 29, 12, 0)


def event(when: datetime, outcome: str, saved_s: float, root: str = "/p") -> Event:
    return Event(
        id="", time_ns=int(when.timestamp() * 1e9), mono_ns=0, boot="", run="", n=1, source="",
        type="buildopt.run.finished",
        data={"outcome": outcome, "time_saved_s": saved_s, "root": root},
    )  # fmt: skip


def test_runs_of_this_project_since_midnight_count() -> None:
    newest_first = [
        event(NOW, "fresh", 2.0),
        event(NOW, "fresh", 9.0, root="/other"),
        event(NOW - timedelta(hours=11), "executed", 0.0),
        event(NOW - timedelta(hours=13), "fresh", 5.0),
    ]

    tally = of_today(newest_first, "/p", NOW)

    assert (tally.tasks, tally.hits, tally.saved_s) == (2, 1, 2.0)


def test_a_new_day_begins_with_nothing() -> None:
    result = {"outcome": "restored", "duration_s": 0.5, "time_saved_s": 1.0, "exit_code": 0}
    today = Tally("2026-11-29", 7, 7, 70.0).with_result(result, NOW)

    tomorrow = today.with_result(result, NOW + timedelta(days=1))

    assert (today.tasks, today.saved_s) == (8, 71.0)
    assert (tomorrow.tasks, tomorrow.saved_s, tomorrow.last) == (1, 1.0, "restored in 500 ms")
