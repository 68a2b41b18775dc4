"""What samples and events say of alerts: which one, how bad, and since when.

sample ─▶ labels, window ─▶ machine.judge ─▶ feed        event ─▶ begins or ends, or is a sample
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from monitor_plugins.alert import holding, machine, telling, transitions
from monitor_plugins.alert.alert import Alert, digest, key_of
from monitor_plugins.alert.book import Book, version_of
from monitor_plugins.alert.expressions import holds
from monitor_plugins.alert.inputs import Occurrence, Sample, real
from monitor_plugins.alert.machine import Change
from monitor_plugins.alert.rule import Rule
from monitor_plugins.alert.windows import Point, added, aggregate, is_same_slice

MOST_ALERTS = 10_000
"""Label sets that are followed at the same time, of all rules: a million of them is a mistake in a
label, and the first ten thousand show it as well."""
MOST_SEEN = 512
"""Ids of events that are remembered, so that one that is imported twice counts once."""
MOST_USUAL = 200
USUAL_GAIN = 1 / 300
"""Weight of a new sample in what is usual: at one in ten seconds it follows within an hour."""
LONGEST_LABEL = 200


def judge_sample(book: Book, rule: Rule, sample: Sample) -> None:
    """Judge a sample by a rule, and do what follows."""
    labels = {name: value[:LONGEST_LABEL] for name, value in sample.labels.items()}
    key = key_of(rule.id, labels, rule.identity)
    if rule.identity:
        shown = (*rule.identity, *rule.group_by, *_equal(rule))
        labels = {name: labels[name] for name in dict.fromkeys(shown) if name in labels}
    at_s = book.now.steady_s - sample.late_s
    value, count = sample.value, sample.weight
    if rule.is_windowed:
        found = _aggregated(book, rule, key, (at_s, value, count))
        if found is None:
            return
        value, count = found
    alert = book.alerts.get(key)
    is_gated = bool(rule.gate) and not holds(rule.gate, book.gauges)
    is_open = alert is not None and alert.is_open
    judged = machine.judge(rule, value, count=count, is_gated=is_gated, is_open=is_open)
    if judged.is_clear and not judged.level and not is_open:
        _learn(book, key, value)
    if alert is None:
        if not judged.level and rule.on_stale != "alert":
            return
        alert = _begin(book, rule, key, labels, at_s)
        if alert is None:
            return
    if at_s < alert.last_s:
        return
    alert.run = sample.run or alert.run
    _feed(book, alert, rule, at_s, judged, late_s=sample.late_s)


def _learn(book: Book, key: str, value: float) -> None:
    known = book.usual.get(key)
    if known is not None:
        book.usual[key] = known + (value - known) * USUAL_GAIN
    elif len(book.usual) < MOST_USUAL:
        book.usual[key] = value


def _aggregated(book: Book, rule: Rule, key: str, point: Point) -> tuple[float, int] | None:
    name = f"{rule.id}/{key}"
    if name not in book.points and len(book.points) >= MOST_ALERTS:
        _overflown(book, rule)
        return None
    before = book.points.get(name, ())
    book.points[name] = added(before, point, rule.signal)
    book.dirty.add(("points", name))
    if before and is_same_slice(before[-1], point, rule.signal):
        return None
    return aggregate(book.points[name], rule.signal)


def drop_points(book: Book, name: str) -> None:
    """Forget a window."""
    del book.points[name]
    book.dirty.add(("points", name))


def _feed(
    book: Book, alert: Alert, rule: Rule, at_s: float, judged: machine.Judgement, *, late_s: float
) -> None:
    """Bring one alert up to a sample, take it, and do what follows at once."""
    transitions.apply(book, alert, rule, machine.pass_time(alert, rule, at_s, inclusive=False))
    alert.lag_s = late_s
    transitions.apply(book, alert, rule, machine.take_sample(alert, rule, at_s, judged))
    transitions.apply(book, alert, rule, machine.pass_time(alert, rule, at_s, inclusive=True))
    holding.after(book, alert)


def take(book: Book, rule: Rule, event: Occurrence) -> None:
    """Judge an event by a rule, and do what follows."""
    if not rule.is_event:
        value = event.data.get(rule.signal.value) if rule.signal.value else 1.0
        if rule.signal.aggregation == "share":
            value = float(holds(rule.signal.bad, event.data))
        if isinstance(value, int | float) and math.isfinite(number := real(value)):
            labels = _labels(rule, event.data)
            judge_sample(book, rule, Sample("", number, labels, event.late_s, event.run))
        return
    if rule.signal.good and holds(rule.signal.good, event.data):
        _end_by_event(book, rule, event)
    elif holds(rule.signal.bad, event.data) and not _was_seen(book, rule, event):
        _begin_by_event(book, rule, event)


def _begin_by_event(book: Book, rule: Rule, event: Occurrence) -> None:
    labels = _labels(rule, event.data)
    at_s = book.now.steady_s - event.late_s
    key = key_of(rule.id, labels, rule.identity)
    alert = book.alerts.get(key) or _begin(book, rule, key, labels, at_s)
    if alert is None:
        return
    was_open = alert.is_open
    alert.context, alert.run = _context(event.data), event.run or alert.run
    level = str(event.data.get("level") or rule.levels[0].name)
    level = level if any(one.name == level for one in rule.levels) else rule.levels[0].name
    _feed(book, alert, rule, at_s, machine.Judgement(1.0, level, False), late_s=event.late_s)
    if was_open:
        alert.occurrences += 1
        if rule.repeat_s and book.now.elapsed_s - alert.told_elapsed_s >= rule.repeat_s:
            telling.repeat(book, alert, rule)


def _end_by_event(book: Book, rule: Rule, event: Occurrence) -> None:
    at_s = book.now.steady_s - event.late_s
    labels = {name: _text(event.data.get(name)) for name in rule.resolve_identity}
    for alert in book.alike(rule.id, rule.resolve_identity, labels):
        if alert.is_open and at_s >= alert.last_s:
            alert.good_s = at_s
            machine.resolve(alert, at_s)
            transitions.apply(book, alert, rule, [Change("resolved", at_s)])
            holding.after(book, alert)


def _was_seen(book: Book, rule: Rule, event: Occurrence) -> bool:
    if not event.id:
        return False
    mark = digest(rule.id, event.id)
    if mark in book.seen:
        return True
    book.seen = [*book.seen[-MOST_SEEN + 1 :], mark]
    return False


def _begin(
    book: Book, rule: Rule, key: str, labels: Mapping[str, str], at_s: float
) -> Alert | None:
    if len(book.alerts) >= MOST_ALERTS:
        _overflown(book, rule)
        return None
    alert = Alert(
        key=key, rule=rule.id, labels=dict(labels), version=version_of(rule), last_s=at_s,
        observed_until_s=at_s,
    )  # fmt: skip
    book.follow(alert)
    return alert


def _overflown(book: Book, rule: Rule) -> None:
    """Said once for each rule: more label sets than are followed."""
    if rule.id not in book.overflow:
        book.history.append({
            "kind": "overflowed", "rule": rule.id, "limit": MOST_ALERTS,
            "wall_s": book.now.wall_s,
        })  # fmt: skip
    book.overflow[rule.id] = book.overflow.get(rule.id, 0) + 1


def _labels(rule: Rule, data: Mapping[str, Any]) -> dict[str, str]:  # Any: JSON
    names = (*rule.identity, *rule.resolve_identity, *rule.group_by, *_equal(rule))
    return {name: _text(data.get(name)) for name in dict.fromkeys(names)}


def _equal(rule: Rule) -> list[str]:
    return [name for one in rule.inhibited_by for name in one.equal]


def _context(data: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    """What the message may need of an event: short plain values."""
    return {
        name: value[:LONGEST_LABEL] if isinstance(value, str) else value
        for name, value in list(data.items())[:40]
        if isinstance(value, str | int | float | bool)
    }


def _text(value: object) -> str:
    return "" if value is None else str(value)[:LONGEST_LABEL]
