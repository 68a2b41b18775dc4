"""Bounds and hostile input of the alert engine, predictive rules, and sums of one message."""

from __future__ import annotations

import math

import pytest

from monitor_plugins.alert import judging
from monitor_plugins.alert.engine import Engine
from monitor_plugins.alert.expressions import holds
from monitor_plugins.alert.inputs import Moment, Occurrence, Sample
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.prediction import NEVER_H, hours_until_full
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.wording import text_of, title_of


def engine_with(**table) -> Engine:
    base = {"signal": {"metric": "m"}, "levels": {"warning": {"fire": 5}}}
    return Engine(rules=read_rules({"m": base | table}, place=Place("t"), presets={}))


def test_too_many_label_sets_are_followed_up_to_a_bound_and_said_once(monkeypatch) -> None:
    monkeypatch.setattr(judging, "MOST_ALERTS", 100)
    engine = engine_with()

    for number in range(1000):
        engine.take_sample(Sample("m", 9.0, {"user": str(number)}))

    assert len(engine.alerts) == 100
    assert [one["kind"] for one in engine.history].count("overflowed") == 1
    assert engine.overflow == {"m": 900}
    (told,) = [one for one in engine.history if one["kind"] == "overflowed"]
    assert title_of([told]) == "rule `m` has too many label sets: 100 are followed"


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("window", [{}, {"aggregation": "mean", "window": "60s"}])
def test_a_million_label_sets_are_bounded_and_said_once(window: dict[str, str]) -> None:
    engine = engine_with(signal={"metric": "m"} | window)
    for number in range(1_000_000):
        engine.take_sample(Sample("m", 9.0, {"user": str(number)}))

    most = judging.MOST_ALERTS
    assert len(engine.alerts) == most
    assert len(engine.heap) <= most + len(engine.groups)
    kept = (engine.points, engine.usual, engine.kin, engine.planned)
    assert max(map(len, kept)) <= most + len(engine.groups) + 1
    assert [one["kind"] for one in engine.history].count("overflowed") == 1
    assert engine.overflow == {"m": 1_000_000 - most}


def test_time_looks_once_at_a_group_and_at_the_end_of_a_silence_of_many_alerts() -> None:
    engine = engine_with(group_wait=1)
    engine.silence(Silence(id="s", start_wall_s=0, end_wall_s=60, match={}))
    for number in range(300):
        engine.take_sample(Sample("m", 9.0, {"user": str(number)}))
    assert len(engine.heap) == 300 + 2

    engine.advance(Moment(2, 2, 2), inclusive=True)
    assert len(engine.held) == 300
    assert len(engine.heap) == 300 + 1

    engine.advance(Moment(62, 62, 62), inclusive=True)
    assert [len(message.entries) for message in engine.messages] == [300]


def test_good_samples_of_any_number_of_label_sets_leave_nothing() -> None:
    engine = engine_with()

    for number in range(2000):
        engine.take_sample(Sample("m", 1.0, {"user": str(number)}))

    assert not engine.alerts
    assert len(engine.usual) <= judging.MOST_USUAL


def test_what_is_no_number_is_no_sample() -> None:
    engine = engine_with()

    for value in (math.nan, math.inf, -math.inf):
        engine.take_sample(Sample("m", value))

    assert not engine.alerts


def test_labels_of_strangers_are_cut_and_shown_on_one_line() -> None:
    engine = engine_with(**{"for": 0})
    engine.take_sample(Sample("m", 9.0, {"host": "a\n\x1b[31m" + "x" * 10_000}))
    engine.advance(Moment(1, 1, 1), inclusive=True)

    (message,) = engine.messages
    text = title_of(message.entries) + text_of(message.entries)
    assert "\x1b" not in text
    assert len(text) < 2000


def test_confirmed_finding_is_told_and_so_is_its_end() -> None:
    rules = read_rules({}, place=Place("t"), presets={"regression": PRESETS["regression"]})
    engine = Engine(rules=rules)
    finding = {"finding": "f1", "name": "build", "project": "p", "group": "g", "unit": "s"}
    finding |= {"direction": "worse", "before": 10.0, "after": 13.0}
    for t, state in ((0, "suspected"), (60, "confirmed"), (6000, "closed")):
        engine.advance(Moment(t, t, 0), inclusive=False)
        engine.take_event(Occurrence(f"buildopt.baseline.{state}", finding | {"state": state}))
    engine.finish()

    assert [message.lead["kind"] for message in engine.messages] == ["fired", "resolved"]
    assert "was 10 s, is 13 s" in text_of(engine.messages[0].entries)


def test_gate_keeps_an_alert_from_beginning_and_not_from_going_on() -> None:
    engine = engine_with(gate="not run.active", **{"for": 0})
    engine.set_gauge("run.active", 1.0)
    engine.take_sample(Sample("m", 9.0))
    assert not engine.alerts

    engine.set_gauge("run.active", 0.0)
    engine.take_sample(Sample("m", 9.0))
    engine.set_gauge("run.active", 1.0)
    engine.take_sample(Sample("m", 9.0))
    assert [alert.phase for alert in engine.alerts.values()] == ["firing"]


def test_conditions_know_comparisons_and_nothing_else() -> None:
    values = {"status": 500, "route": "/a", "run.active": 1.0}

    assert holds("status >= 500 and route in ('/a', '/b')", values)
    assert not holds("missing > 3", values)
    assert not holds("route > 3", values)
    assert holds("not missing", values)


def test_disk_that_fills_steadily_is_told_hours_ahead_and_noise_is_not() -> None:
    filling = [(hour * 600.0, 100 + hour * 2.0 + (hour % 3)) for hour in range(40)]
    noise = [(hour * 600.0, 100 + (hour * 7919 % 13)) for hour in range(40)]

    hours = hours_until_full(filling, 230)
    assert hours is not None
    assert 3 < hours < 6.6
    assert hours_until_full(noise, 230) == NEVER_H
    assert hours_until_full(filling[:5], 230) is None
    assert hours_until_full(filling, 100_000) == NEVER_H  # looks no further than it has seen


def test_predictive_rule_fires_before_the_disk_is_full() -> None:
    signal = {"metric": "m", "aggregation": "predict", "window": "8h", "limit": 100}
    levels = {"warning": {"fire": 4, "clear": 6}}
    engine = engine_with(signal=signal, levels=levels, interval="10min", compare="<")
    for n in range(40):
        engine.advance(Moment(n * 600.0, n * 600.0, 0), inclusive=False)
        engine.take_sample(Sample("m", 20 + n * 1.5))
    engine.finish()

    assert [message.lead["kind"] for message in engine.messages] == ["fired"]
    assert engine.messages[0].lead["value"] < 4
