"""What the engine knows: rules, alerts, groups, silences, and what it is yet to say.

`heap` has what time alone will bring. These modules change what is in here, each its part:

    judging      samples and events, and what they say of an alert
    transitions  what an alert's change is called, and what comes of it
    telling      which changes wait, and what is said of them
    holding      what is held back, and told when that ends
    due          when time alone will change something
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.alert import overlays
from monitor_plugins.alert.alert import Alert, digest
from monitor_plugins.alert.groups import Group, group_key
from monitor_plugins.alert.inputs import Moment
from monitor_plugins.alert.message import Message, entry_of
from monitor_plugins.alert.rule import Level, Rule, Signal
from monitor_plugins.alert.windows import Point

ALERT, GROUP, OVERLAY = "alert", "group", "overlay"
Names = tuple[str, ...]
Kin = tuple[str, Names, tuple[str | None, ...]]
"""A rule, names of labels, and the values that some of its alerts share."""
START = Moment(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for all rules."""

    channels: tuple[str, ...] = ("console",)
    windows: tuple[overlays.Window, ...] = ()


@dataclass(slots=True, kw_only=True)
class Book:
    """All that is known; plain data, and what is found by it."""

    rules: Mapping[str, Rule]
    policy: Policy = field(default_factory=Policy)
    now: Moment = START
    alerts: dict[str, Alert] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    silences: dict[str, overlays.Silence] = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    """What the gates of rules ask for: last values of metrics, and facts about runs."""
    seen: list[str] = field(default_factory=list)
    incidents: int = 0
    usual: dict[str, float] = field(default_factory=dict)
    """What a key's value is while it is good: a mean over the last few hundred samples."""
    overflow: dict[str, int] = field(default_factory=dict)

    messages: list[Message] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    """Transitions, each as the data of an event."""
    dirty: set[tuple[str, str]] = field(default_factory=set)
    heap: list[tuple[float, int, str, str]] = field(init=False, default_factory=list)
    planned: dict[str, float] = field(init=False, default_factory=dict)
    """When each alert, each group and the end of silences is next in the heap; an alert is looked
    at anew then, so a later time needs no entry."""
    lookups: dict[str, set[Names]] = field(init=False, default_factory=dict)
    """By rule: the labels by which its alerts are looked for."""
    kin: defaultdict[Kin, set[str]] = field(init=False, default_factory=lambda: defaultdict(set))
    held: set[str] = field(init=False, default_factory=set)
    by_metric: dict[str, list[Rule]] = field(init=False, default_factory=dict)
    event_rules: list[Rule] = field(init=False, default_factory=list)
    targets: dict[str, list[tuple[Rule, Names]]] = field(init=False, default_factory=dict)
    """By rule: those that it holds back, and the labels that have to be equal."""
    awake: set[str] = field(init=False, default_factory=set)
    """Alerts that hold back others: pending, firing or recovering."""
    asked: set[str] = field(init=False, default_factory=set)

    def rule_of(self, alert: Alert) -> Rule:
        """The rule of an alert; one that says nothing in place of a removed one."""
        known = self.rules.get(alert.rule)
        if known is not None:
            return known
        level = Level(name="warning", fire=alert.threshold, clear=alert.threshold, for_s=0.0)
        channels = tuple(alert.channels)
        return Rule(id=alert.rule, signal=Signal(), levels=(level,), channels=channels, repeat_s=0)

    def group_of(self, alert: Alert, rule: Rule) -> Group:
        """The group in which an alert waits; a new one where there is none."""
        return self.groups.setdefault(key := group_key(alert, rule), Group(key=key))

    def is_waiting(self, alert: Alert, rule: Rule) -> bool:
        """Whether an alert is yet to be told."""
        group = self.groups.get(group_key(alert, rule))
        return group is not None and alert.key in group.waiting

    def follow(self, alert: Alert) -> None:
        """An alert is there from now on."""
        self.alerts[alert.key] = alert
        for kin in self._kin_of(alert):
            self.kin[kin].add(alert.key)

    def forget(self, alert: Alert) -> None:
        """An alert is over for good."""
        del self.alerts[alert.key]
        self.planned.pop(alert.key, None)
        for kin in self._kin_of(alert):
            self.kin[kin].discard(alert.key)
            if not self.kin[kin]:
                del self.kin[kin]
        self.dirty.add((ALERT, alert.key))

    def alike(self, rule_id: str, names: Names, labels: Mapping[str, str]) -> list[Alert]:
        """The alerts of a rule that have the same labels of those names."""
        keys = self.kin.get((rule_id, names, tuple(map(labels.get, names))), ())
        return [self.alerts[key] for key in sorted(keys)]

    def _kin_of(self, alert: Alert) -> list[Kin]:
        names = self.lookups.get(alert.rule, ())
        return [(alert.rule, one, tuple(map(alert.labels.get, one))) for one in names]

    def record(self, alert: Alert, rule: Rule, kind: str, at_s: float) -> None:
        """Add a transition to the history."""
        entry = self.entry(alert, rule, kind)
        self.history.append({**entry, "wall_s": self.wall_of(at_s)})

    def entry(self, alert: Alert, rule: Rule, kind: str) -> dict[str, Any]:  # Any: JSON
        """What is to be said of an alert."""
        return entry_of(alert, rule, kind, self.now, usual=self.usual.get(alert.key))

    def wall_of(self, at_s: float) -> float:
        """Wall time of a time on the steady clock."""
        return self.now.wall_s - (self.now.steady_s - at_s)

    def steady_at(self, wall_s: float) -> float:
        """Time on the steady clock of a wall time."""
        return self.now.steady_s + wall_s - self.now.wall_s

    def move(self, moment: Moment) -> None:
        """Go on to a moment; never back."""
        elapsed_s = self.now.elapsed_s + max(0.0, moment.steady_s - self.now.steady_s)
        self.now = Moment(max(self.now.steady_s, moment.steady_s), moment.wall_s, elapsed_s)


def version_of(rule: Rule) -> str:
    """Changes with anything in a rule."""
    return digest(repr(rule))
