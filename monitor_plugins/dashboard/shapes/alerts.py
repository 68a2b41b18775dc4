"""Alerts, silences and findings, and what people send about them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from monitor_plugins.dashboard.shapes.kinds import Json, Ratio


class Moment(Struct, kw_only=True):
    """A transition of an alert."""

    time_s: float
    kind: str
    level: str = ""
    value: float | None = None
    by: str = ""


class Alert(Struct, kw_only=True):
    """One incident, as its last transition leaves it."""

    incident: str
    rule: str
    level: str
    state: Literal["firing", "resolved"]
    title: str
    since_s: float
    changed_s: float
    duration_s: float
    value: float | None = None
    threshold: float | None = None
    unit: str = ""
    labels: Json = {}
    advice: str = ""
    run: str = ""
    acknowledged_by: str = ""
    acknowledged_until_s: float | None = None
    is_false_alarm: bool = False
    timeline: list[Moment] = []


class Silence(Struct, kw_only=True):
    """What is held back until a time."""

    id: str
    match: Json
    until_s: float
    by: str
    comment: str
    is_active: bool


class Change(Struct, kw_only=True):
    """A finding of a baseline: something lasting has changed."""

    finding: str
    name: str
    state: str
    direction: str
    time_s: float
    since_s: float
    since_run: str
    before: float | None
    after: float | None
    effect: Ratio | None
    confidence: Ratio | None
    smallest_change: float | None
    unit: str
    project: str
    cause: str
    task: str = ""
    metric: str = ""
    machine: str = ""
    cache: str = ""
    series: str = ""
    accept_by: str = ""


class Acknowledge(Struct, kw_only=True, forbid_unknown_fields=True):
    """I take care of it: no repeats and no escalation until then."""

    for_s: Annotated[float, Meta(gt=0, le=31_536_000)] = 14_400.0
    by: Annotated[str, Meta(max_length=200)] = ""


class Hush(Struct, kw_only=True, forbid_unknown_fields=True):
    """Hold notifications back of alerts with these labels; `rule` is one of them."""

    match: dict[str, Annotated[str, Meta(max_length=500)]] = msgspec.field(default_factory=dict)
    for_s: Annotated[float, Meta(gt=0, le=31_536_000)] = 3_600.0
    by: Annotated[str, Meta(max_length=200)] = ""
    comment: Annotated[str, Meta(max_length=1_000)] = ""


class Nothing(Struct, kw_only=True, forbid_unknown_fields=True):
    """An empty object."""


class Written(Struct, kw_only=True):
    """The event that was written; consumers take it at once."""

    event: str
    id: str
