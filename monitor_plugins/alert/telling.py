"""From a transition to a message: it waits in its group, and is said as things are by then.

dispatch ─▶ group ─▶ flush ─▶ words for it, or nothing ─▶ Message
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from monitor_plugins.alert import due, holding
from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.book import GROUP, Book
from monitor_plugins.alert.escalation import due_step
from monitor_plugins.alert.groups import NEVER_S, Group
from monitor_plugins.alert.message import Message
from monitor_plugins.alert.rule import Rule, rank


def dispatch(book: Book, alert: Alert, rule: Rule, kind: str, *, was_flapping: bool) -> None:
    """Let a transition wait in its group, or pass."""
    group = book.group_of(alert, rule)
    if was_flapping and kind in ("fired", "reopened", "raised", "resolved"):
        alert.flaps += kind in ("fired", "reopened")
        if kind == "resolved" or alert.level != "critical":
            return
    group.add(alert.key, kind, rule, book.now.steady_s)
    is_worse = kind == "raised" or (was_flapping and kind != "resolved")
    if is_worse and alert.level == "critical" and not rule.inhibited_by:
        flush(book, group, only=alert.key)
    else:
        due.schedule_group(book, group)


def flush(book: Book, group: Group, only: str = "") -> None:
    """Make the messages of what waits, as it is now."""
    keys = [only] if only else list(group.waiting)
    told: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)  # Any: JSON
    held = 0
    if not only:
        group.due_s = NEVER_S
    for key in keys:
        kind = group.waiting.pop(key)
        alert = book.alerts.get(key)
        if alert is None:
            continue
        rule = book.rule_of(alert)
        said = _words_for(book, alert, rule, kind, group)
        if said:
            entry = book.entry(alert, rule, said)
            told[_note_told(book, alert, rule, said)].append(entry)
        held += key in book.held
        holding.after(book, alert)
    for channels, entries in told.items():
        _send(book, group, entries, channels, held)
    if not group.waiting:
        group.due_s = NEVER_S
    if not (group.waiting or group.came_and_went or told or _may_be_told_soon(book, group)):
        del book.groups[group.key]
    book.dirty.add((GROUP, group.key))


def _may_be_told_soon(book: Book, group: Group) -> bool:
    return group.told_s != NEVER_S and book.now.steady_s - group.told_s < 3600


def _send(
    book: Book, group: Group, entries: list[dict[str, Any]], channels: tuple[str, ...], held: int
) -> None:
    message = Message(
        wall_s=book.now.wall_s,
        steady_s=book.now.steady_s,
        channels=channels,
        entries=tuple(entries),
        held=held,
        came_and_went=group.came_and_went,
    )
    book.messages.append(message)
    group.came_and_went = 0
    group.told_s = book.now.steady_s


def _words_for(book: Book, alert: Alert, rule: Rule, kind: str, group: Group) -> str:
    """What there is to say of an alert by its present state; empty for nothing.

    What is neither said nor held back now waits for nothing any more.
    """
    if kind == "settled":
        return "" if due.held_by(book, alert, rule) else kind
    if not alert.is_open:
        return _said_of_end(book, alert, rule, group)
    is_news = alert.told != "firing" or rank(alert.level) > rank(alert.told_level)
    is_known = not is_news and kind not in ("flapping", "stale", "repeat")
    is_noise = alert.is_flapping and kind != "flapping" and alert.level != "critical"
    is_seen_to = kind == "repeat" and not is_news and (alert.acked_by or alert.phase != "firing")
    if is_known or is_noise or is_seen_to:
        holding.unhold(book, alert)
        return ""
    if by := due.held_by(book, alert, rule):
        holding.hold(book, alert, by)
        return ""
    if kind in ("flapping", "stale") or not is_news:
        return kind
    if alert.is_flapping or alert.told == "firing":
        return kind if kind in ("fired", "raised") else "raised"
    return "reopened" if alert.told == "resolved" else "fired"


def _said_of_end(book: Book, alert: Alert, rule: Rule, group: Group) -> str:
    was_held = bool(alert.held_wall_s)
    holding.unhold(book, alert)
    if alert.is_flapping:
        return ""
    if alert.told == "firing":
        return "resolved"
    if alert.told == "" and not was_held:
        if rule.notify_short:
            return "resolved"
        group.came_and_went += 1
    return ""


def _note_told(book: Book, alert: Alert, rule: Rule, said: str) -> tuple[str, ...]:
    """Note that people know now, and which channels they are told by."""
    channels = list(rule.channels or book.policy.channels)
    if said == "resolved":
        channels = alert.channels or channels
    elif alert.told != "firing":
        alert.channels = channels
    alert.told = "firing" if alert.is_open else "resolved"
    alert.told_level, alert.told_elapsed_s = alert.level, book.now.elapsed_s
    holding.unhold(book, alert)
    return tuple(channels)


def escalate(book: Book, alert: Alert, rule: Rule) -> None:
    """Tell the highest step that is due; those before it are overtaken."""
    found = due_step(alert, rule, book.now.steady_s)
    if found is None:
        return
    place, step = found
    alert.step = place + 1
    alert.number += 1
    book.record(alert, rule, "escalated", book.now.steady_s)
    alert.told_elapsed_s = book.now.elapsed_s
    alert.channels = list(dict.fromkeys([*alert.channels, *step.channels]))
    entry = book.entry(alert, rule, "escalated")
    message = Message(
        wall_s=book.now.wall_s,
        steady_s=book.now.steady_s,
        channels=step.channels,
        entries=(entry,),
    )
    book.messages.append(message)


def repeat(book: Book, alert: Alert, rule: Rule) -> None:
    """Say it again."""
    alert.told_elapsed_s = book.now.elapsed_s
    alert.number += 1
    book.record(alert, rule, "repeat", book.now.steady_s)
    dispatch(book, alert, rule, "repeat", was_flapping=alert.is_flapping)


def settle(book: Book, alert: Alert, rule: Rule) -> None:
    """It does not flap any more."""
    alert.is_flapping = False
    alert.firings_s = []
    alert.number += 1
    book.record(alert, rule, "settled", book.now.steady_s)
    dispatch(book, alert, rule, "settled", was_flapping=False)
