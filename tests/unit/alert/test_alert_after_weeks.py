"""The monitor was off for weeks: what fell due meanwhile is told once, and soon."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from buildopt.events import EVENT_LIMIT_BYTES
from buildopt.monitor.consumer_state import FileState
from buildopt.monitor.hookspecs import fact
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.alert import outbox
from monitor_plugins.alert.config import read_config
from monitor_plugins.alert.consumer import AlertConsumer
from monitor_plugins.alert.outbox import Row
from monitor_plugins.alert.place import Place

START_NS = 1_790_000_000 * 10**9
WEEKS_NS = 21 * 86_400 * 10**9


class Stopped:
    """A consumer that took some samples, and gets the next timer weeks later."""

    def __init__(self, path: str) -> None:
        self.file = PluginFile(path)

    def after(self, values: list[float], **rule: Any) -> list[dict[str, Any]]:
        rules = {"m": {"signal": "m", "levels": {"warning": 5}, "keep": 0} | rule}
        consumer = AlertConsumer(read_config({"rules": rules}, place=Place("t")))
        with self.file.transaction():
            state = FileState(self.file, is_ticking=True)
            consumer.migrate(state)
            for value in values:
                sample = {"metric": "m", "value": value}
                consumer.handle([fact("buildopt.metric.sample", sample, time_ns=START_NS)], state)
            consumer.tick(START_NS + 10**9, state)
            return [dict(one.data) for one in consumer.tick(START_NS + WEEKS_NS, state)]

    def waiting(self) -> list[list[str]]:
        rows = self.file.rows("SELECT json FROM alert_outbox ORDER BY created_wall_s", ())
        messages = [json.loads(text)["message"] for (text,) in rows]
        return [[entry["kind"] for entry in message["entries"]] for message in messages]


@pytest.fixture
def stopped(tmp_path) -> Iterator[Stopped]:
    made = Stopped(str(tmp_path / "alert.sqlite"))
    yield made
    made.file.close()


def test_repeats_of_a_heart_that_stopped_are_one(stopped) -> None:
    said = stopped.after([1], on_stale="alert", repeat="1h")

    assert [one["kind"] for one in said] == ["stale", "repeat"]
    assert stopped.waiting() == [["stale"], ["repeat"]]


def test_repeats_of_what_was_bad_at_last_are_one_and_steps_are_kept(stopped) -> None:
    rule = {"stale_after": "10d", "repeat": "4h", "escalate": ["a", "b"]}

    said = stopped.after([9], **rule)

    assert Counter(one["kind"] for one in said) == {"escalated": 2, "repeat": 1}
    assert Counter(map(tuple, stopped.waiting())) == {
        ("fired",): 1, ("escalated",): 2, ("repeat",): 1,
    }  # fmt: skip


def test_any_number_of_rows_about_an_incident_is_one_message_and_one_event() -> None:
    def row(number: int) -> Row:
        entry = {"incident": "a" * 16, "kind": "repeat", "number": number}
        message = {"entries": [entry], "held": 0, "came_and_went": 0}
        return Row(
            key=f"{number:016x}", channel="c", created_wall_s=number, due_wall_s=0, message=message
        )

    parcel = outbox.pick(map(row, range(5_000)), "c", 10_000, is_crowded=False)
    assert parcel is not None
    assert [entry["unsent"] for entry in parcel.entries] == [("repeat",)]
    told = outbox.outcome(parcel, "delivered", 10_000, Random(0))
    assert len(json.dumps(told._asdict())) < EVENT_LIMIT_BYTES * 0.9
