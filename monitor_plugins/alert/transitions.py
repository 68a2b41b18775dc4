"""What a change of an alert is called, what is remembered of it, and that it is told."""

from __future__ import annotations

from collections.abc import Iterable

from monitor_plugins.alert import machine, telling
from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.book import ALERT, Book, version_of
from monitor_plugins.alert.groups import NEVER_S
from monitor_plugins.alert.machine import Change
from monitor_plugins.alert.rule import Rule, rank


def apply(book: Book, alert: Alert, rule: Rule, changes: Iterable[Change]) -> None:
    """Take some changes, in order."""
    for change in changes:
        changed(book, alert, rule, change)


def changed(book: Book, alert: Alert, rule: Rule, change: Change) -> None:
    """Take one: name it, remember it, let it be told."""
    kind: str = change.kind
    was_flapping = alert.is_flapping
    if kind in ("fired", "stale"):
        kind = _fired(book, alert, rule, change)
    elif kind == "raised":
        alert.acked_by, alert.escalation_s, alert.step = "", 0.0, 0
        alert.escalation_from_s = NEVER_S
    elif kind == "resolved":
        alert.good_wall_s = book.wall_of(alert.good_s)
        alert.acked_by = ""
    if kind != "lowered":
        alert.number += 1
    if change.note:
        alert.note = "; ".join(filter(None, (alert.note, change.note)))
    if kind not in ("stale", "lowered"):
        alert.changed_s = change.at_s + alert.lag_s
    book.record(alert, rule, kind, change.at_s)
    if kind != "lowered":
        telling.dispatch(book, alert, rule, kind, was_flapping=was_flapping)


def _fired(book: Book, alert: Alert, rule: Rule, change: Change) -> str:
    """An incident begins, or the last one goes on; what this is called."""
    if change.kind == "stale" and not alert.is_only_stale:
        return "stale"
    is_soon = 0 <= change.at_s - alert.resolved_s <= rule.reopen_within_s
    is_reopened = alert.told == "firing" or (alert.resolved_s >= 0 and is_soon)
    if not is_reopened:
        book.incidents += 1
        alert.incident, alert.number, alert.told, alert.told_level = book.incidents, 0, "", ""
        alert.note, alert.false_alarm = "", False
    alert.resolved_s = NEVER_S
    alert.since_wall_s = book.wall_of(alert.since_s)
    alert.fired_wall_s = book.wall_of(change.at_s)
    alert.slept_s, alert.escalation_s, alert.step = 0.0, 0.0, 0
    window_begins_s = change.at_s - rule.flap.window_s
    alert.firings_s = [at_s for at_s in alert.firings_s if at_s > window_begins_s][-99:]
    if change.kind == "stale":
        return "stale"
    if alert.is_flapping:
        return "fired" if alert.level == "critical" else "reopened"
    if rule.flap.count and len(alert.firings_s) >= rule.flap.count:
        alert.is_flapping, alert.flaps = True, len(alert.firings_s)
        return "flapping"
    return "reopened" if is_reopened else "fired"


def adopt(book: Book, alert: Alert) -> None:
    """Take up an alert whose rule may have been changed or removed meanwhile."""
    rule = book.rules.get(alert.rule)
    if rule is None:
        if alert.is_open:
            alert.good_s = book.now.steady_s
            machine.resolve(alert, book.now.steady_s)
            gone = book.rule_of(alert)
            changed(book, alert, gone, Change("resolved", book.now.steady_s, "rule removed"))
        alert.phase, alert.is_flapping = "inactive", False
        book.dirty.add((ALERT, alert.key))
    elif version_of(rule) != alert.version:
        alert.version = version_of(rule)
        if alert.is_open:
            alert.note = "rule changed"
        if rank(alert.level) and all(level.name != alert.level for level in rule.levels):
            alert.level = rule.levels[0].name
        book.dirty.add((ALERT, alert.key))
