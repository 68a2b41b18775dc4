"""The scenarios of the alert specification, as they are and with a crash before each step."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.wording import text_of
from tests.unit.alert.alert_scenario import NAMES, clock, lines_of, load, simulation


def replayed(name: str, *, is_crashing: bool = False) -> tuple[dict, Simulation]:
    scenario = load(name)
    run = simulation(scenario, is_crashing=is_crashing)
    list(run.run(lines_of(scenario)))
    return scenario, run


def told(run: Simulation) -> list[tuple[float, tuple[str, ...], list[tuple]]]:
    return [
        (
            round(message.steady_s, 3),
            message.channels,
            [
                (e["kind"], e["rule"], e["level"], e["incident"], e["number"])
                for e in message.entries
            ],
        )
        for message in run.messages
    ]


@pytest.mark.parametrize("name", NAMES)
def test_scenario_gives_exactly_its_notifications(name: str) -> None:
    scenario, run = replayed(name)

    require_notifications(scenario, run)
    require_deliveries(scenario, run)
    require_state(scenario, run)


@pytest.mark.parametrize("name", NAMES)
def test_scenario_gives_the_same_with_a_crash_before_each_step(name: str) -> None:
    _, plain = replayed(name)

    _, crashing = replayed(name, is_crashing=True)

    assert told(crashing) == told(plain)
    assert crashing.history == plain.history
    keys = [one.parcel.key for one in crashing.deliveries if one.sent.status == "delivered"]
    assert set(keys) == {
        one.parcel.key for one in plain.deliveries if one.sent.status == "delivered"
    }
    assert all(
        row.state in ("sent", "merged", "failed", "waiting")
        for row in crashing.memory.outbox.values()
    )


def test_all_scenarios_are_there() -> None:
    assert [f"S{number:02}" for number in range(1, 56)] == NAMES


def require_notifications(scenario: dict, run: Simulation) -> None:
    wanted = scenario["notifications"]
    assert [one["transition"] for one in wanted] == [m.lead["kind"] for m in run.messages]
    for one, message in zip(wanted, run.messages, strict=True):
        lead = message.lead
        tolerance_s = scenario.get("tolerance_s", 0.001)
        assert message.steady_s == pytest.approx(clock(one["t"]), abs=tolerance_s)
        assert one.get("level", lead["level"]) == lead["level"]
        assert one.get("rule", lead["rule"]) == lead["rule"]
        assert one.get("peak", lead["peak"]) == lead["peak"]
        assert one.get("entries", len(message.entries)) == len(message.entries)
        assert tuple(one.get("channels", message.channels)) == message.channels
        assert one.get("came_and_went", message.came_and_went) == message.came_and_went
        assert clock(one.get("duration", lead["duration_s"])) == pytest.approx(lead["duration_s"])
        if "held_since" in one:
            assert lead["held_since"] - run.origin_wall_s == pytest.approx(clock(one["held_since"]))
        text = text_of(message.entries, held=message.held, came_and_went=message.came_and_went)
        assert one.get("text", "") in text


def require_deliveries(scenario: dict, run: Simulation) -> None:
    if "deliveries" in scenario:
        seen = [(one.t, one.parcel.entries[0]["kind"]) for one in run.deliveries]
        assert seen == [
            (pytest.approx(clock(one["t"])), one["transition"]) for one in scenario["deliveries"]
        ]
    if "distinct_keys" in scenario:
        assert len({one.parcel.key for one in run.deliveries}) == scenario["distinct_keys"]
    tries = Counter(one.parcel.channel for one in run.deliveries)
    for channel, most in scenario.get("most_tries", {}).items():
        assert 0 < tries[channel] <= most
    if "delivered" in scenario:
        done = [one for one in run.deliveries if one.sent.status == "delivered"]
        assert Counter(one.parcel.channel for one in done) == scenario["delivered"]
        text = text_of(done[0].parcel.entries)
        assert re.search(scenario.get("delivered_text", ""), text)
    if "outcomes" in scenario:
        assert [one.status for one in run.outcomes] == scenario["outcomes"]
    for channel, times in scenario.get("first_tries", {}).items():
        seen = [one.t for one in run.deliveries if one.parcel.channel == channel]
        tolerance_s = scenario.get("tolerance_s", 0.001)
        assert seen[: len(times)] == pytest.approx([clock(t) for t in times], abs=tolerance_s)


def require_state(scenario: dict, run: Simulation) -> None:
    alerts = [alert for alert in run.engine.alerts.values() if alert.is_open]
    assert scenario.get("open", len(alerts)) == len(alerts)
    assert scenario.get("levels", [a.level for a in alerts]) == [a.level for a in alerts]
    assert scenario.get("recorded", [e["kind"] for e in run.history]) == [
        e["kind"] for e in run.history
    ]
    if "occurrences" in scenario:
        assert [alert.occurrences for alert in alerts] == [scenario["occurrences"]]
