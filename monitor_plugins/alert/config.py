"""The table `[alert]` of the settings: who is told by default, channels, windows, rules.

[alert]
notify = ["console", "team"]          # channels of rules that name none
escalate = ["phone"]                  # told when nobody acknowledged: after 2 and 5 minutes
[alert.channels.team]
type = "slack"
url_variable = "SLACK_WEBHOOK"
fallback = "mail"
[alert.windows.night]
start = "22:00"
end = "06:00"
zone = "Europe/Berlin"
[alert.rules.memory]                  # a preset is changed key by key, other names are new
levels.warning.fire = 0.9
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from monitor_plugins.alert.channels import KINDS, KNOWN_KEYS, ChannelTable
from monitor_plugins.alert.engine import Policy
from monitor_plugins.alert.overlays import WEEKDAYS, Window
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule import Rule
from monitor_plugins.alert.rule_reading import Path, Place, Table, read_rules, with_escalation

TOP = ("notify", "escalate", "channels", "windows", "rules")
WINDOW_KEYS = ("start", "end", "zone", "days", "match")
CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the settings say about alerts."""

    rules: Mapping[str, Rule]
    policy: Policy
    channels: Mapping[str, ChannelTable] = field(default_factory=dict)
    """By name; `console` is always there."""
    elsewhere: tuple[str, ...] = ()
    """Channels that rules name and the settings do not have: those of other plugins, or nobody's,
    for which the console stands in."""

    @property
    def fallbacks(self) -> Mapping[str, str]:
        """Channel -> the one that gets what it refuses."""
        return {
            name: str(table["fallback"]) for name, table in self.channels.items()
            if table.get("fallback")
        }  # fmt: skip


def read_config(
    table: Table,
    *,
    place: Place,
    further_rules: Iterable[Mapping[str, Any]] = (),  # Any: as in TOML
) -> Config:
    """The whole table; raises SettingsError. `further_rules` are those of other plugins."""
    for key in table:
        if key not in TOP:
            raise place.unknown(("alert", key), TOP)
    channels = _channels(table.get("channels", {}), place)
    escalate = _names(table, "escalate", place)
    notify = _names(table, "notify", place) or (CONSOLE,)
    presets = {**PRESETS, **{str(rule.get("id", "")): rule for rule in further_rules}}
    tables = table.get("rules", {})
    if not isinstance(tables, Mapping):
        raise place.impossible(("alert", "rules"), tables, "a table for each rule")
    rules = with_escalation(read_rules(tables, place=place, presets=presets), escalate)
    windows = tuple(_windows(table.get("windows", {}), place))
    named = {*notify, *escalate}
    for rule in rules.values():
        named |= {*rule.channels, *(name for step in rule.escalate for name in step.channels)}
    return Config(
        rules=rules,
        policy=Policy(channels=notify, windows=windows),
        channels=channels,
        elsewhere=tuple(sorted(named - set(channels))),
    )


def _channels(raw: object, place: Place) -> dict[str, ChannelTable]:
    path: Path = ("alert", "channels")
    if not isinstance(raw, Mapping):
        raise place.impossible(path, raw, "a table for each channel")
    found: dict[str, ChannelTable] = {CONSOLE: {"type": CONSOLE}}
    for name, table in raw.items():
        if not isinstance(table, Mapping):
            raise place.impossible((*path, name), table, "a table with `type`")
        kind = table.get("type", name)
        if kind not in KINDS:
            raise place.impossible(
                (*path, name, "type"), kind, " or ".join(f"`{k}`" for k in KINDS)
            )
        known = ("type", "fallback", *KNOWN_KEYS[kind])
        for key in table:
            if key not in known:
                raise place.unknown((*path, name, key), known)
        for key in KINDS[kind].required:
            if not (table.get(key) or table.get(f"{key}_variable")):
                hint = f"add `{key}`, or `{key}_variable` with the name of a variable that holds it"
                what = f"`{'.'.join((*path, name))}` has no `{key}`"
                raise place.error((*path, name), what, hint, slug="missing-key")
        found[name] = {**table, "type": kind}
    for name, table in found.items():
        if table.get("fallback") and table["fallback"] not in found:
            known_names = ", ".join(sorted(found))
            at = (*path, name, "fallback")
            raise place.impossible(at, table["fallback"], f"a channel; known: {known_names}")
    return found


def _windows(raw: object, place: Place) -> Iterable[Window]:
    path: Path = ("alert", "windows")
    if not isinstance(raw, Mapping):
        raise place.impossible(path, raw, "a table for each window")
    for name, table in raw.items():
        at = (*path, name)
        if not isinstance(table, Mapping):
            raise place.impossible(at, table, "a table with `start` and `end`")
        for key in table:
            if key not in WINDOW_KEYS:
                raise place.unknown((*at, key), WINDOW_KEYS)
        days = tuple(str(day).lower()[:3] for day in table.get("days", WEEKDAYS))
        if any(day not in WEEKDAYS for day in days):
            raise place.impossible((*at, "days"), ", ".join(days), ", ".join(WEEKDAYS))
        zone = str(table.get("zone", "UTC"))
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            expected = "a time zone as `Europe/Berlin`"
            raise place.impossible((*at, "zone"), zone, expected) from None
        match = table.get("match", {})
        if not isinstance(match, Mapping):
            raise place.impossible((*at, "match"), match, "a table of labels")
        yield Window(
            name=name,
            start=_time(place, at, table, "start"),
            end=_time(place, at, table, "end"),
            zone=zone,
            days=days,
            match={str(label): str(value) for label, value in match.items()},
        )


def _time(place: Place, path: Path, table: Table, key: str) -> time:
    value = table.get(key)
    if isinstance(value, time):
        return value
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise place.impossible((*path, key), value or "nothing", 'a time as "22:00"') from None


def _names(table: Table, key: str, place: Place) -> tuple[str, ...]:
    raw = table.get(key, ())
    if isinstance(raw, str):
        raw = (raw,)
    if not isinstance(raw, list | tuple) or not all(isinstance(one, str) for one in raw):
        raise place.impossible(("alert", key), raw, "a list of channels")
    return tuple(raw)
