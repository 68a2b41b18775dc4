"""What holds for the alert engine under any timeline: samples, clock steps, crashes, actions."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import line_of
from tests.unit.alert.alert_scenario import rules_of

STEP = st.fixed_dictionaries(
    {
        "after": st.sampled_from((0.0, 0.3, 5.0, 10.0, 10.0, 10.0, 25.0, 45.0, 700.0)),
        "what": st.one_of(
            st.fixed_dictionaries({"value": st.sampled_from((70, 82, 86, 86, 96))}),
            st.fixed_dictionaries({"do": st.just("clock"), "by": st.integers(-7200, 7200)}),
            st.fixed_dictionaries({"do": st.just("sleep"), "for": st.integers(1, 40_000)}),
            st.fixed_dictionaries({"do": st.just("silence"), "for": st.integers(1, 2000)}),
            st.fixed_dictionaries({"do": st.just("ack"), "for": st.integers(1, 2000)}),
            st.just({"do": "restart"}),
        ),
    }
)
RULE = {
    "escalate": [{"after": "2min", "channels": ["team"]}, {"after": "5min", "channels": ["boss"]}],
    "repeat": "10min",
}


def lines(steps: list[dict[str, Any]], *, without: tuple[str, ...] = ()) -> list:
    made, t = [], 0.0
    for step in steps:
        t += step["after"]
        what = step["what"]
        if what.get("do") in without:
            what = {"do": "tick"}
        made.append(line_of({"t": t, **({"metric": "m", **what} if "value" in what else what)}))
    return made


def replay(steps, *, is_crashing: bool = False, without: tuple[str, ...] = ()) -> Simulation:
    run = Simulation(
        rules=rules_of({"rule": RULE}), before_step=Simulation.crash if is_crashing else None
    )
    list(run.run(lines(steps, without=without)))
    return run


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_nobody_is_told_of_an_end_without_a_beginning_nor_of_two_beginnings(steps) -> None:
    state: dict[str, str] = {}
    for message in replay(steps).messages:
        for entry in message.entries:
            incident, kind = entry["incident"], entry["kind"]
            before = state.get(incident, "")
            if kind in ("fired", "reopened", "flapping"):
                assert before != "firing" or kind == "flapping" or entry["level"] == "critical"
                state[incident] = "firing"
            elif kind == "resolved":
                assert before == "firing"
                state[incident] = "over"
            elif kind in ("raised", "escalated", "repeat"):
                assert before == "firing"


@settings(max_examples=150, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_history_alternates_between_beginning_and_end(steps) -> None:
    is_open = False
    numbers: dict[str, int] = {}
    for entry in replay(steps).history:
        if entry["kind"] in ("fired", "reopened", "flapping"):
            assert not is_open
            is_open = True
        elif entry["kind"] == "resolved":
            assert is_open
            is_open = False
        if entry["kind"] != "lowered":
            assert entry["number"] > numbers.get(entry["incident"], 0)
            numbers[entry["incident"]] = entry["number"]


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_no_step_of_the_wall_clock_moves_firing_or_resolving(steps) -> None:
    def transitions(run: Simulation) -> list[str]:
        kinds = ("fired", "raised", "resolved", "reopened", "flapping", "escalated")
        return [entry["kind"] for entry in run.history if entry["kind"] in kinds]

    others = ("silence", "ack", "restart")
    assert transitions(replay(steps, without=others)) == transitions(
        replay(steps, without=(*others, "clock", "sleep"))
    )


@settings(max_examples=100, deadline=None)
@given(st.lists(STEP, max_size=40))
def test_a_crash_before_any_step_changes_nothing(steps) -> None:
    plain, crashing = replay(steps), replay(steps, is_crashing=True)

    assert [(m.steady_s, m.entries, m.channels) for m in crashing.messages] == [
        (m.steady_s, m.entries, m.channels) for m in plain.messages
    ]
    assert set(crashing.memory.outbox) == set(plain.memory.outbox)


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, max_size=60))
def test_time_goes_on_only(steps) -> None:
    run = replay(steps)

    steady = [message.steady_s for message in run.messages]
    assert steady == sorted(steady)
    for alert in run.engine.alerts.values():
        assert alert.observed_until_s >= alert.last_s
        assert alert.escalation_s >= 0
        assert all(passed_s >= 0 for passed_s in alert.bad_s.values())
