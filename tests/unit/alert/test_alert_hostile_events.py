"""Events may hold anything: what makes no sense says nothing, and stops nobody."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.monitor.consumer_state import FileState
from buildopt.monitor.hookspecs import fact
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.alert.config import read_config
from monitor_plugins.alert.consumer import AlertConsumer
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.wording import text_of, title_of

TYPES = (
    "run.finished", "run.lost", "task.finished", "cache.lookup", "metric.sample", "http.request",
    "http.served", "baseline.confirmed", "web_vital",
)  # fmt: skip
NAMES = (
    "task", "tasks", "exit_code", "signal", "error", "command", "miss_reasons", "inside", "kind",
    "subject", "result", "outcome", "duration_s", "duration", "status", "labels", "metric", "value",
    "state", "direction", "before", "after", "unit", "columns", "requests", "scale", "count",
    "buckets", "run_id", "project", "finding", "name", "chunk", "process",
)  # fmt: skip
WORDS = st.sampled_from(("confirmed", "worse", "m", "build", "no-record", "executed", "3", ""))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS | st.just(10**400)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=8,
)
EVENT = st.tuples(st.sampled_from(TYPES), st.dictionaries(st.sampled_from(NAMES), JSON))
RULE = {"signal": {"event": "buildopt.", "value": "value"}, "levels": {"warning": 0}}


class Consumer:
    """The consumer with its presets, and a rule that looks at a value of any event."""

    def __init__(self, path: str) -> None:
        self.file = PluginFile(path)
        self.state = FileState(self.file, is_ticking=True)
        self.time_ns = 1_790_000_000 * 10**9
        self.consumer = AlertConsumer(read_config({"rules": {"any": RULE}}, place=Place("t")))
        with self.file.transaction():
            self.consumer.migrate(self.state)

    def take(self, kind: str, data: dict[str, Any]) -> list[dict[str, Any]]:
        self.time_ns += 10**9
        event = fact(f"buildopt.{kind}", data, time_ns=self.time_ns, run="r")
        with self.file.transaction():
            said = list(self.consumer.handle([event], self.state))
        return [dict(one.data) for one in said]


@pytest.fixture(scope="module")
def consumer(tmp_path_factory) -> Consumer:
    return Consumer(str(tmp_path_factory.mktemp("hostile") / "alert.sqlite"))


@settings(max_examples=400, deadline=None)
@given(st.lists(EVENT, min_size=1, max_size=5))
def test_no_event_stops_alerts_or_the_words_for_them(consumer, events) -> None:
    for kind, data in events:
        for entry in consumer.take(kind, data):
            assert title_of([entry]).isprintable()
            assert text_of([entry])


def test_failure_is_told_after_samples_that_are_none(consumer) -> None:
    for data in ({"metric": "m"}, {"metric": "m", "value": "x"}, {"metric": "m", "value": 10**400}):
        assert consumer.take("metric.sample", data) == []

    told = consumer.take("run.finished", {"task": "own", "exit_code": 1, "tasks": 5, "command": 5})
    assert [one["rule"] for one in told] == ["build-failure"]


@pytest.mark.parametrize(("before", "after"), [("m", 3), (3, "m"), (10**400, 3), (True, None)])
def test_finding_without_numbers_is_told_without_them(consumer, before, after) -> None:
    finding = {"state": "confirmed", "direction": "worse", "finding": str(before) + str(after)}
    finding |= {"before": before, "after": after}

    (told,) = [
        one for one in consumer.take("baseline.confirmed", finding) if one["rule"] == "regression"
    ]
    assert "is 3" not in text_of([told])
