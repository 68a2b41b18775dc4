"""Reads what a rule listens to: a metric or an event, and how many samples are one value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from monitor_plugins.alert.place import name_of
from monitor_plugins.alert.rule import Aggregation, Bound, Signal
from monitor_plugins.alert.section import Section
from monitor_plugins.alert.windows import MOST_POINTS

SIGNAL_KEYS = (
    "metric", "event", "value", "where", "bad", "good", "aggregation", "window", "window_count",
    "bound", "limit",
)  # fmt: skip
TYPES = "buildopt."


def read_signal(rule: Section) -> Signal:
    """The signal of a rule; raises SettingsError."""
    raw = _section(rule)
    raw.only(SIGNAL_KEYS)
    last: Aggregation = "last"
    none: Bound = "none"
    signal = Signal(
        metric=raw.text("metric"),
        event=raw.text("event"),
        value=raw.text("value"),
        where=raw.condition("where"),
        bad=raw.condition("bad"),
        good=raw.condition("good"),
        aggregation=raw.choice("aggregation", get_args(Aggregation), last),
        window_s=raw.seconds("window"),
        window_count=raw.count("window_count"),
        bound=raw.choice("bound", get_args(Bound), none),
        limit=raw.number("limit"),
    )
    _require_possible(signal, raw)
    return signal


def _section(rule: Section) -> Section:
    value = rule.table.get("signal")
    if value is None:
        hint = 'add `signal = { metric = "…" }` or `{ event = "…" }`'
        raise rule.place.missing(rule.path, "signal", hint)
    if isinstance(value, str):
        value = {"event" if _is_event(value) else "metric": value}
    if not isinstance(value, Mapping):
        raise rule.wrong("signal", value, "a table with `metric` or `event`")
    return Section(rule.place, (*rule.path, "signal"), value)


def _is_event(name: str) -> bool:
    return name.startswith(TYPES) and "." in name.removeprefix(TYPES)


def _require_possible(signal: Signal, raw: Section) -> None:
    if bool(signal.metric) == bool(signal.event):
        what = f"`{name_of(raw.path)}` needs either `metric` or `event`"
        hint = "keep one of them" if signal.metric else "name one of them"
        raise raw.place.error(raw.path, what, hint, slug="impossible-rule")
    if signal.aggregation != "last" and not (signal.window_s or signal.window_count):
        raise raw.wrong("aggregation", signal.aggregation, "`last` without a `window`")
    if signal.window_count > MOST_POINTS:
        expected = f"{MOST_POINTS} samples at most; a `window` has any number"
        raise raw.wrong("window_count", signal.window_count, expected)
    if signal.event and not signal.event.startswith(TYPES):
        raise raw.wrong("event", signal.event, f"a type of events; all begin with `{TYPES}`")
    if signal.aggregation == "predict" and "limit" not in raw.table:
        raise raw.place.missing(raw.path, "limit", "add `limit`, what the resource can hold")
    if signal.aggregation == "predict" and signal.limit <= 0:
        raise raw.wrong("limit", signal.limit, "what the resource can hold, above 0")
