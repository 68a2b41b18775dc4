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
from typing import Any

from monitor_plugins.alert.channel_reading import CONSOLE, fallbacks_of, read_channels
from monitor_plugins.alert.channels import ChannelTable
from monitor_plugins.alert.engine import Policy
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule import Rule
from monitor_plugins.alert.rule_reading import read_rules, with_escalation
from monitor_plugins.alert.section import Section, Table
from monitor_plugins.alert.window_reading import read_windows

TOP = ("notify", "escalate", "channels", "windows", "rules")


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
        return fallbacks_of(self.channels)


def read_config(
    table: Table,
    *,
    place: Place,
    further_rules: Iterable[Mapping[str, Any]] = (),  # Any: as in TOML
) -> Config:
    """The whole table; raises SettingsError. `further_rules` are those of other plugins."""
    alert = Section(place, ("alert",), table)
    alert.only(TOP)
    channels = read_channels(alert)
    escalate = alert.names("escalate")
    notify = alert.names("notify") or (CONSOLE,)
    presets = {**PRESETS, **{str(rule.get("id", "")): rule for rule in further_rules}}
    tables = alert.part("rules", "a table for each rule").table
    rules = with_escalation(read_rules(tables, place=place, presets=presets), escalate)
    named = {*notify, *escalate}
    for rule in rules.values():
        named |= {*rule.channels, *(name for step in rule.escalate for name in step.channels)}
    return Config(
        rules=rules,
        policy=Policy(channels=notify, windows=tuple(read_windows(alert))),
        channels=channels,
        elsewhere=tuple(sorted(named - set(channels))),
    )
