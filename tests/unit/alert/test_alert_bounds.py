"""Time that passes costs as many steps as it has something to do, however long it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from buildopt.errors import UsageError
from monitor_plugins.alert import due
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import line_of, read_lines

WEEK_S = 7 * 86_400
BASE: dict[str, Any] = {
    "signal": {"metric": "m"},
    "levels": {"warning": {"fire": 85, "clear": 80}, "critical": {"fire": 95, "clear": 90}},
}


class Looks:
    """How often it was looked what time will bring to an alert; more than `most` fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.most = 1_000
        self._look = due.change_due_s
        monkeypatch.setattr(due, "change_due_s", self)

    def __call__(self, *args: Any) -> float:
        self.count += 1
        assert self.count <= self.most, "time goes round in circles"
        return self._look(*args)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


def replayed(lines: list[dict[str, Any]], **rule: Any) -> Simulation:
    run = Simulation(rules=read_rules({"m": BASE | rule}, place=Place("t"), presets={}))
    list(run.run(line_of(json.loads(json.dumps(line))) for line in lines))
    return run


def bad(t: float, value: float = 90, **line: Any) -> dict[str, Any]:
    return {"t": t, "metric": "m", "value": value, **line}


def said(run: Simulation) -> list[tuple[float, str]]:
    return [(message.steady_s, message.lead["kind"]) for message in run.messages]


@pytest.mark.parametrize("group_wait", [0, "0.5s"])
def test_repeat_that_a_silence_held_back_is_said_once_at_its_end(looks, group_wait) -> None:
    silence = {"t": 30, "do": "silence", "for": "2h"}
    lines = [bad(0), silence, bad(60), {"t": 4 * WEEK_S, "do": "tick"}]

    run = replayed(lines, repeat="1h", stale_after="150min", group_wait=group_wait)

    wait_s = 0.5 if group_wait else 0
    assert said(run) == [(wait_s, "fired"), (7230 + wait_s, "repeat")]
    entry = run.messages[-1].lead
    assert entry["held_since"] - entry["since"] == pytest.approx(3600, abs=2)
    assert run.messages[-1].held == 0


def test_repeat_that_a_silence_held_back_is_not_said_to_who_acknowledged(looks) -> None:
    others = [{"t": 30, "do": "silence", "for": "2h"}, {"t": 7000, "do": "ack", "for": "1d"}]
    lines = [bad(0), *others, {"t": WEEK_S, "do": "tick"}]

    assert [kind for _, kind in said(replayed(lines, repeat="1h", stale_after="3h"))] == ["fired"]


def test_what_got_worse_in_a_silence_is_raised_at_its_end(looks) -> None:
    silence = {"t": 30, "do": "silence", "for": "2h"}
    lines = [bad(0), silence, bad(60, 97), {"t": WEEK_S, "do": "tick"}]

    assert said(replayed(lines, stale_after="3h")) == [(0.5, "fired"), (7230.5, "raised")]


def test_flapping_that_began_in_a_silence_is_told_at_its_end(looks) -> None:
    changes = [bad(t, 90 if t % 20 else 0) for t in range(10, 130, 10)]
    lines = [{"t": 0, "do": "silence", "for": "130s"}, *changes, {"t": 200, "do": "tick"}]

    assert [kind for _, kind in said(replayed(lines, keep=0))] == []
    lines.insert(-1, bad(125))
    assert said(replayed(lines, keep=0)) == [(130.5, "flapping")]


@pytest.mark.parametrize(("t", "time"), [(9.4, 5.8), (8.7, 2.1), (4.4, 2.4), (0.6, 0.0)])
@pytest.mark.parametrize("after", ["0.1s", "0.3s", "0.7s", "5s"])
def test_sample_that_comes_late_by_any_fraction_fires_once(looks, t, time, after) -> None:
    lines = [bad(t, time=time), {"t": 2 * WEEK_S, "do": "tick"}]

    run = replayed(lines, **{"for": after}, interval="10s")

    assert [kind for _, kind in said(run)] == ["fired"]


def test_repeat_is_not_due_again_while_it_waits_in_its_group(looks) -> None:
    day_s = 86_400
    looks.most = 10 * day_s // 31

    run = replayed([bad(0), {"t": day_s, "do": "tick"}], repeat="1s", stale_after="30d")

    assert len(run.messages) == pytest.approx(day_s / 30, rel=0.1)
    assert sum(entry["kind"] == "repeat" for entry in run.history) <= len(run.messages)


LINE = '{"t": 0, "metric": "m", "value": 90}'
DIGITS = "1" + 400 * "0"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"t": Infinity, "metric": "m", "value": 1}', "`t` is in seconds"),
        ('{"t": NaN, "metric": "m", "value": 1}', "`t` is in seconds"),
        ('{"t": 1790000000000, "metric": "m", "value": 1}', "`t` is in seconds"),
        ('{"t": -5, "metric": "m", "value": 1}', "`t` is in seconds"),
        (f'{{"t": {DIGITS}, "metric": "m", "value": 1}}', "`t` is in seconds"),
        ('{"time": 1e30, "type": "buildopt.x", "data": {}}', "`time` is in nanoseconds"),
        ('{"t": 1, "time": NaN, "metric": "m", "value": 1}', "`time` is too long ago"),
        ('{"t": 1, "time": -Infinity, "metric": "m", "value": 1}', "`time` is too long ago"),
        ('{"t": 1, "do": "ack", "for": "forever"}', "a duration as"),
        ('{"t": 1, "do": "ack", "until": Infinity}', "`until` is in seconds"),
        ('{"t": 1, "do": "clock", "by": 1e308}', "at most a year"),
        ('{"t": 1, "do": "crash", "down": "x"}', "a duration as"),
        ('{"t": 1, "do": "silence", "match": [1]}', "`match` is no object"),
    ],
)
def test_line_that_no_clock_can_show_is_named(line: str, why: str) -> None:
    with pytest.raises(UsageError, match=f"line 2: .*{why}"):
        list(read_lines([LINE, line], "s.jsonl"))


@pytest.mark.parametrize(
    "kind", ['"metric": "m", "value": ', '"type": "buildopt.metric.sample", "data": ']
)
@pytest.mark.parametrize("value", ["NaN", "Infinity", DIGITS])
def test_value_beyond_all_numbers_is_no_sample(looks, kind: str, value: str) -> None:
    value = f'{{"m": {value}}}' if "data" in kind else value
    lines = read_lines([f'{{"t": 0, {kind}{value}}}'], "s.jsonl")
    run = Simulation(rules=read_rules({"m": BASE}, place=Place("t"), presets={}))

    assert list(run.run(lines)) == []


def test_line_that_lies_before_another_comes_late(looks) -> None:
    rows = [bad(1000), bad(990), bad(400, 0), {"t": 2000, "do": "tick"}]
    lines = list(read_lines(map(json.dumps, rows), "s.jsonl"))

    assert [line.t for line in lines] == [1000, 1000, 1000, 2000]
    assert [item.late_s for line in lines for item in line.items] == [0, 10, 600]
    run = Simulation(rules=read_rules({"m": BASE}, place=Place("t"), presets={}))
    (message,) = run.run(lines)
    assert "slept_s" not in message.lead


def test_silence_until_a_time_of_a_stream_of_events_ends_there() -> None:
    start_s = 1_790_000_000
    silence = {"t": start_s, "do": "silence", "until": start_s + 60}
    lines = read_lines(map(json.dumps, [silence, bad(start_s), bad(start_s + 90)]), "s.jsonl")
    run = Simulation(rules=read_rules({"m": BASE}, place=Place("t"), presets={}))

    assert [message.steady_s for message in run.run(lines)] == [start_s + 60.5]
