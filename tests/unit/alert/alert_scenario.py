"""Reads a scenario file (`scenarios/S*.toml`) and runs it: a timeline in, notifications out."""

from __future__ import annotations

import datetime
import json
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor_plugins.alert.engine import Policy
from monitor_plugins.alert.overlays import Window
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule import Rule
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.simulation import Sent, Simulation
from monitor_plugins.alert.stream import Line, line_of

FOLDER = Path(__file__).parent / "scenarios"
NAMES = sorted(path.stem for path in FOLDER.glob("S*.toml"))
BASE = {
    "signal": {"metric": "m"},
    "levels": {
        "warning": {"fire": 85, "clear": 80, "for": "60s"},
        "critical": {"fire": 95, "clear": 90, "for": "5s"},
    },
    "keep": "60s",
}


def load(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def clock(text: str | float) -> float:
    """Seconds of `m:ss`, or of a number."""
    if isinstance(text, int | float):
        return float(text)
    minutes, seconds = text.split(":")
    return int(minutes) * 60 + float(seconds)


def rules_of(scenario: dict[str, Any], change: dict[str, Any] | None = None) -> dict[str, Rule]:
    change = change or {}
    if "rules" in scenario:
        tables = scenario["rules"]
    elif "presets" in scenario:
        tables = {name: PRESETS[name] for name in scenario["presets"]}
    else:
        tables = (
            {}
            if change.get("removed")
            else {"m": BASE | scenario.get("rule", {}) | change.get("rule", {})}
        )
    return read_rules(tables, place=Place("scenario"), presets={})


def lines_of(scenario: dict[str, Any]) -> list[Line]:
    raw: list[dict[str, Any]] = []
    for one in scenario.get("samples", ()):
        at, every = clock(one.get("from", 0)), one.get("every", 10)
        while at <= clock(one["to"]):
            raw.append({"t": at, "metric": one.get("metric", "m"), "value": one["value"]})
            at += every
    others = (*scenario.get("events", ()), *scenario.get("actions", ()))
    raw.extend({**one, "t": clock(one["t"])} for one in others)
    raw.sort(key=lambda line: line["t"])
    return [line_of(json.loads(json.dumps(line))) for line in raw]


@dataclass
class Receiver:
    """Answers as `transport` says; `is_forgetful` loses the first outcome of each."""

    faults: list[dict[str, Any]]
    is_forgetful: bool = False
    tries: Counter[str] = field(default_factory=Counter)

    def __call__(self, parcel, t: float) -> Sent:
        self.tries[parcel.key] += 1
        is_lost = self.is_forgetful and self.tries[parcel.key] == 1
        for fault in self.faults:
            if fault.get("channel", parcel.channel) != parcel.channel:
                continue
            if fault.get("lost", 0) >= self.tries[parcel.key]:
                return Sent(is_lost=True)
            if "status" in fault and t < clock(fault.get("to", 1e9)):
                return Sent(status=fault["status"], took_s=fault.get("took", 0.0), is_lost=is_lost)
        return Sent(is_lost=is_lost)


def simulation(scenario: dict[str, Any], *, is_crashing: bool = False) -> Simulation:
    windows = tuple(
        Window(
            name=one["name"], zone=one["zone"],
            start=datetime.time.fromisoformat(one["start"]),
            end=datetime.time.fromisoformat(one["end"]),
        )
        for one in scenario.get("windows", ())
    )  # fmt: skip
    start = scenario.get("start")
    return Simulation(
        rules=rules_of(scenario),
        policy=Policy(channels=tuple(scenario.get("channels", ("default",))), windows=windows),
        transport=Receiver(scenario.get("transport", []), is_forgetful=is_crashing),
        fallbacks=scenario.get("fallbacks", {}),
        read_rules=lambda change: rules_of(scenario, change),
        before_step=Simulation.crash if is_crashing else None,
        origin_wall_s=datetime.datetime.fromisoformat(start).timestamp() if start else None,
    )
