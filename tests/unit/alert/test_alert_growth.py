"""Twice as many alerts, events or messages take twice the steps, and not four times."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from buildopt.cli.app import run_command_line
from monitor_plugins.alert import outbox
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.simulation import Simulation
from monitor_plugins.alert.stream import line_of

Case = tuple[dict[str, Any], list[dict[str, Any]]]
BASE: dict[str, Any] = {
    "signal": {"metric": "m"},
    "levels": {"warning": {"fire": 85, "clear": 80}},
    "keep": 0,
    "flap": {"count": 0},
}
SERVICE = BASE | {"inhibited_by": [{"rule": "host", "equal": ["host"]}]}
FEW = 100


def steps(work: Callable[[], object]) -> int:
    """Calls that it takes."""
    count = 0

    def note(frame: FrameType, event: str, arg: object) -> None:  # as it is called
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def sample(t: float, host: int, value: float = 90, metric: str = "m") -> dict[str, Any]:
    return {"t": t, "metric": metric, "value": value, "labels": {"host": str(host)}}


def failures_that_are_mended(count: int) -> Case:
    runs = [
        {
            "t": number, "type": "buildopt.run.finished", "run": f"r{number}",
            "data": {"task": f"t{number % count}", "exit_code": int(number < count)},
        }
        for number in range(2 * count)
    ]  # fmt: skip
    return {"build-failure": PRESETS["build-failure"]}, runs


def services_of_a_host_that_comes_and_goes(count: int) -> Case:
    services = [sample(0, host) for host in range(count)]
    changes = [sample(n, n // 2 % 5, 90 if n % 2 else 70, "h") for n in range(count)]
    return {"host": BASE | {"signal": "h"}, "service": SERVICE}, [*services, *changes]


def services_of_hosts_that_are_all_down(count: int) -> Case:
    hosts = [sample(0, host, metric="h") for host in range(count)]
    services = [sample(1, host) for host in range(count)]
    return {"host": BASE | {"signal": "h"}, "service": SERVICE}, [*hosts, *services]


def good_samples_of_what_held_back_others(count: int) -> Case:
    services = [sample(0, host) for host in range(count)]
    source = [sample(1, 0, metric="h"), *(sample(2 + n, 0, 70, "h") for n in range(count))]
    return {"host": BASE | {"signal": "h"}, "service": SERVICE}, [*services, *source]


def silences_of_others(count: int) -> Case:
    alerts = [sample(0, host) for host in range(FEW)]
    silences = [
        {"t": 1, "do": "silence", "match": {"host": "x"}, "id": str(n)} for n in range(count)
    ]
    return {"m": BASE}, [*alerts, *silences, *(sample(2, host) for host in range(FEW))]


@pytest.mark.parametrize(
    "case",
    [
        failures_that_are_mended, services_of_a_host_that_comes_and_goes,
        services_of_hosts_that_are_all_down, good_samples_of_what_held_back_others,
        silences_of_others,
    ],
)  # fmt: skip
def test_steps_grow_as_what_comes_in_does(case: Callable[[int], Case]) -> None:
    def taken(count: int) -> int:
        tables, raw = case(count)
        lines = [line_of(json.loads(json.dumps(line))) for line in raw]
        run = Simulation(rules=read_rules(tables, place=Place("t"), presets={}), transport=None)
        return steps(lambda: list(run.run(lines)))

    assert taken(2 * FEW) < 2.5 * taken(FEW)


def test_trying_rules_puts_nothing_together_that_is_not_sent(tmp_path, monkeypatch, capsys) -> None:
    """Looking through all that was said before for what is to be sent took minutes."""
    monkeypatch.setattr(outbox, "pick", None)
    rules, events = tmp_path / "rules.toml", tmp_path / "events.jsonl"
    rules.write_text('[alert.rules.mine]\nsignal = "m"\nlevels.warning = 85\ngroup_by = ["host"]\n')
    events.write_text("\n".join(json.dumps(sample(n, n)) for n in range(FEW)))
    call = ["alert", "test-rule", "mine", "--rules", str(rules), "--events", str(events)]

    assert run_command_line(call) == 0
    assert len(capsys.readouterr().out.splitlines()) == FEW
