"""Holds messages back by silences, windows and other alerts, and tells what is left after."""

from __future__ import annotations

from collections.abc import Iterable

from monitor_plugins.alert import due
from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.book import ALERT, Book
from monitor_plugins.alert.escalation import run_clock
from monitor_plugins.alert.rule import Rule, rank


def hold(book: Book, alert: Alert, by: str) -> None:
    """Keep a message back."""
    since_wall_s = book.now.wall_s if alert.told == "firing" else alert.fired_wall_s
    alert.held_wall_s = alert.held_wall_s or since_wall_s
    alert.held_by = by
    book.held.add(alert.key)
    due.schedule_overlays(book)


def unhold(book: Book, alert: Alert) -> None:
    """There is nothing to be told later."""
    book.held.discard(alert.key)
    alert.held_wall_s = 0.0


def release(book: Book) -> None:
    """Tell of what was held back and is so no longer, if it still goes on."""
    ended = [one for one in book.silences.values() if one.end_wall_s <= book.now.wall_s + 1e-6]
    for silence in ended:
        del book.silences[silence.id]
        book.dirty.add(("silence", silence.id))
    _free(book, book.alerts.values())
    due.schedule_overlays(book)


def _free(book: Book, alerts: Iterable[Alert]) -> None:
    """What held these back may have ended."""
    found = sorted((alert for alert in alerts if alert.is_open), key=lambda alert: alert.key)
    for alert in found:
        if alert.key in book.held and alert.phase == "firing":
            _tell_if_free(book, alert, book.rule_of(alert))
        due.schedule(book, alert)


def _tell_if_free(book: Book, alert: Alert, rule: Rule) -> None:
    if due.held_by(book, alert, rule):
        return
    group = book.group_of(alert, rule)
    group.add(alert.key, _held_kind(alert), rule, book.now.steady_s)
    due.schedule_group(book, group)


def _held_kind(alert: Alert) -> str:
    """What is to be told after all, by what was told before."""
    if alert.told != "firing":
        return "flapping" if alert.is_flapping else "fired"
    return "raised" if rank(alert.level) > rank(alert.told_level) else "repeat"


def after(book: Book, alert: Alert) -> None:
    """What is to be seen to whenever an alert may have changed."""
    rule = book.rule_of(alert)
    run_clock(alert, book.now.steady_s)
    book.dirty.add((ALERT, alert.key))
    if alert.key in book.held and alert.phase == "firing" and not book.is_waiting(alert, rule):
        _tell_if_free(book, alert, rule)
    if rule.id in book.targets:
        _hold_others(book, alert)
    due.schedule(book, alert)


def _hold_others(book: Book, source: Alert) -> None:
    """Others are held back as long as this one goes on."""
    if source.phase != "inactive":
        book.awake.add(source.key)
    elif source.key in book.awake:
        book.awake.discard(source.key)
        for rule, equal in book.targets[source.rule]:
            _free(book, book.alike(rule.id, equal, source.labels))
