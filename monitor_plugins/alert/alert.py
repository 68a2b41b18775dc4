"""One alert: everything that is remembered about one rule and one set of labels.

It is plain data with a JSON form, so that it survives any crash; `machine` is what changes it.
Times that end in `_s` are on the engine's steady clock, those in `_wall_s` are seconds since 1970.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from monitor_plugins.alert.rule import LEVELS

Phase = Literal["inactive", "pending", "firing", "recovering"]
Told = Literal["", "firing", "resolved"]
KEY_DIGITS = 16
"""Hexadecimal digits of keys and incident ids: 64 bits."""


@dataclass(slots=True, kw_only=True)
class Alert:
    """The state of one key; all times of samples are those of the events."""

    key: str
    rule: str
    labels: dict[str, str]
    version: str = ""
    """Of the rule by which it was judged last."""
    phase: Phase = "inactive"
    level: str = ""
    value: float = 0.0
    peak: float = 0.0
    threshold: float = 0.0
    context: dict[str, Any] = field(default_factory=dict)  # Any: JSON of the event, for the message
    run: str = ""

    bad_level: str = ""
    """What the last sample was; it holds until the source is stale."""
    is_clear: bool = True
    is_level_clear: bool = True
    last_s: float = 0.0
    lag_s: float = 0.0
    """How much later than it happened the last sample came in."""
    observed_until_s: float = 0.0
    bad_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0.0))
    bad_count: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LEVELS, 0))
    clear_s: float = 0.0
    lower_s: float = 0.0
    is_stale: bool = False
    is_only_stale: bool = False
    """Nothing else is wrong: the incident ends when the source is back."""

    since_s: float = 0.0
    since_wall_s: float = 0.0
    fired_wall_s: float = 0.0
    good_s: float = 0.0
    good_wall_s: float = 0.0
    resolved_s: float = -1.0
    slept_s: float = 0.0
    incident: int = 0
    number: int = 0
    """Of the last transition of this incident."""
    occurrences: int = 0

    firings_s: list[float] = field(default_factory=list)
    is_flapping: bool = False
    changed_s: float = 0.0
    flaps: int = 0

    told: Told = ""
    told_level: str = ""
    channels: list[str] = field(default_factory=list)
    """Those that were told, so that they hear of the end too."""
    told_elapsed_s: float = 0.0
    """When the last message went out, on the clock that also counts sleep."""
    held_wall_s: float = 0.0
    """Since when a message is held back; 0: none is."""
    held_by: str = ""
    acked_by: str = ""
    acked_until_wall_s: float = 0.0
    escalation_s: float = 0.0
    escalation_from_s: float = -1.0
    """Since when the escalation's clock runs; -1: it stands still."""
    step: int = 0
    note: str = ""
    false_alarm: bool = False

    @property
    def incident_id(self) -> str:
        """Names this incident for good."""
        return digest(self.key, str(self.incident))

    @property
    def is_open(self) -> bool:
        """Whether an incident is going on."""
        return self.phase in ("firing", "recovering")

    @property
    def is_worth_keeping(self) -> bool:
        """Whether forgetting it would lose something."""
        return self.phase != "inactive" or self.is_flapping or self.resolved_s >= 0

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(one.name for one in fields(Alert))


def alert_of(raw: Mapping[str, Any]) -> Alert:  # Any: JSON
    """The alert of what `as_json` gave; fields of another version are left out."""
    return Alert(**{name: raw[name] for name in FIELDS if name in raw})


def key_of(rule: str, labels: Mapping[str, str], identity: Iterable[str]) -> str:
    """The key of a rule and those labels that tell its alerts apart; the level is not in it."""
    names = sorted(identity) or sorted(labels)
    parts = [part for name in names for part in (name, labels.get(name, ""))]
    return digest(rule, *parts)


def digest(*parts: str) -> str:
    """A short name for some texts, in which no text runs into the next."""
    hashed = hashlib.blake2b(digest_size=KEY_DIGITS // 2)
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        hashed.update(b"%d:" % len(raw) + raw)
    return hashed.hexdigest()
