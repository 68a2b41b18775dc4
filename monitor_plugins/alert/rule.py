"""What an alert rule is: plain records, read from settings by `rule_reading`.

    signal     what is looked at: a metric or an event type, aggregated over a window
    levels     from which value on it is bad, and below which it is good again
    the rest   how long, how often, where to, and what holds it back

Durations are seconds. docs/alerts.md explains each key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

LevelName = Literal["warning", "critical"]
LEVELS: tuple[LevelName, ...] = ("warning", "critical")
"""From the lower to the higher."""
Aggregation = Literal[
    "last", "mean", "min", "max", "sum", "count", "p50", "p90", "p95", "p99", "share", "predict"
]
Compare = Literal[">=", ">", "<", "<="]
OnStale = Literal["keep", "resolve", "alert"]
Bound = Literal["none", "lower", "upper"]

CLEAR_SHARE = 0.05
"""Without a `clear` of its own a level ends 5 % of its threshold inside."""
DEFAULT_INTERVAL_S = 10.0
STALE_INTERVALS = 3
"""A source is stale after three samples that did not come."""
DEFAULT_KEEP_S = 60.0
GROUP_WAIT_S = 0.5
GROUP_INTERVAL_S = 30.0
REPEAT_S = 4 * 3600.0
REOPEN_WITHIN_S = 600.0
ESCALATION_S = (120.0, 300.0)
"""When the first two steps of an escalation come that do not say when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """What a rule looks at: `metric` or `event` (one of them is empty)."""

    metric: str = ""
    event: str = ""
    """A type, or a prefix that ends with a dot."""
    value: str = ""
    """Of an event: the field that is the value; empty: the event itself is bad or good."""
    where: str = ""
    """Expression: only samples or events for which it holds."""
    bad: str = ""
    """Expression: what `share` counts; of an event without `value`: what is bad."""
    good: str = ""
    """Expression: the event that ends what a bad one began."""
    aggregation: Aggregation = "last"
    window_s: float = 0.0
    window_count: int = 0
    """The last so many samples in place of those of a time."""
    bound: Bound = "none"
    """Of `share`: the end of the Wilson interval that is compared, in place of the share."""
    limit: float = 0.0
    """Of `predict`: what the resource can hold; the value is the hours until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One threshold with the one that ends it, and how long it must hold."""

    name: LevelName
    fire: float
    clear: float
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Who hears of it when nobody acknowledged for `after_s`."""

    after_s: float
    channels: tuple[str, ...]
    min_level: LevelName = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flap:
    """So many firings in a window are flapping, which ends after a quiet time."""

    count: int = 4
    window_s: float = 1800.0
    quiet_s: float = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhibition:
    """Held back while `rule` is pending or firing with the same values of the labels `equal`."""

    rule: str
    equal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When something is worth telling, and how it is told."""

    id: str
    signal: Signal
    levels: tuple[Level, ...]
    """From the lower to the higher; at least one."""
    compare: Compare = ">="
    keep_s: float = DEFAULT_KEEP_S
    min_count: int = 0
    stale_after_s: float = STALE_INTERVALS * DEFAULT_INTERVAL_S
    on_stale: OnStale = "keep"
    gate: str = ""
    identity: tuple[str, ...] = ()
    """Labels that tell one alert from another; empty: all labels of the sample."""
    resolve_identity: tuple[str, ...] = ()
    """Of event rules: labels that a good event must share with what it ends."""
    resolve_after_s: float = 0.0
    """Of event rules: an alert without a further event ends then; 0: never."""
    group_by: tuple[str, ...] = ()
    group_wait_s: float = GROUP_WAIT_S
    group_interval_s: float = GROUP_INTERVAL_S
    repeat_s: float = REPEAT_S
    escalate: tuple[Step, ...] = ()
    reopen_within_s: float = REOPEN_WITHIN_S
    flap: Flap = field(default_factory=Flap)
    inhibited_by: tuple[Inhibition, ...] = ()
    channels: tuple[str, ...] = ()
    notify_short: bool = False
    title: str = ""
    advice: str = ""
    unit: str = ""
    runbook: str = ""

    @property
    def is_event(self) -> bool:
        """Whether an event is bad or good by itself, and holds until another ends it."""
        return bool(self.signal.event and not self.signal.value) and not self.is_windowed

    @property
    def is_windowed(self) -> bool:
        """Whether more than the last sample counts."""
        return bool(self.signal.window_s or self.signal.window_count)

    @property
    def is_below(self) -> bool:
        """Whether low values are the bad ones."""
        return self.compare.startswith("<")

    def level(self, name: str) -> Level:
        """The level of that name; raises KeyError."""
        for level in self.levels:
            if level.name == name:
                return level
        raise KeyError(name)

    def is_bad(self, value: float, level: Level) -> bool:
        """Whether a value reaches the level."""
        if self.compare == ">=":
            return value >= level.fire
        if self.compare == ">":
            return value > level.fire
        return value < level.fire if self.compare == "<" else value <= level.fire

    def is_clear(self, value: float, level: Level) -> bool:
        """Whether a value has left the level for good."""
        return value >= level.clear if self.is_below else value < level.clear


def rank(level: str) -> int:
    """0 for no level, 1 for warning, 2 for critical."""
    return LEVELS.index(level) + 1 if level in LEVELS else 0
