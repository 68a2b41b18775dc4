"""When time alone will change something, and what holds a message back until then.

Alerts, groups and the end of silences are in the heap with their next time, and each time once;
whoever finds them looks anew whether they are due.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator

from monitor_plugins.alert import machine, overlays
from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.book import ALERT, GROUP, OVERLAY, Book
from monitor_plugins.alert.escalation import next_step_due_s
from monitor_plugins.alert.groups import NEVER_S, Group
from monitor_plugins.alert.rule import Rule

ORDER = {ALERT: 0, OVERLAY: 1, GROUP: 2}


def held_by(book: Book, alert: Alert, rule: Rule) -> str:
    """What holds the alert back now, in words; empty for nothing."""
    return overlays.held_by(
        alert,
        book.now.wall_s + 1e-6,
        silences=book.silences.values(),
        windows=book.policy.windows,
        sources=_inhibiting(book, alert, rule),
    )


def _inhibiting(book: Book, alert: Alert, rule: Rule) -> Iterator[Alert]:
    """The alerts that are pending or firing and explain this one."""
    for one in rule.inhibited_by:
        for source in book.alike(one.rule, one.equal, alert.labels):
            if source.phase != "inactive" and source.key != alert.key:
                yield source


def change_due_s(book: Book, alert: Alert, rule: Rule) -> float:
    """When time alone will change this alert; infinite for never."""
    due_s = math.inf
    if alert.rule in book.rules:
        due_s = machine.next_due_s(alert, rule) + alert.lag_s
    if alert.acked_by:
        due_s = min(due_s, book.steady_at(alert.acked_until_wall_s))
    due_s = min(due_s, step_due_s(book, alert, rule))
    if alert.is_flapping:
        due_s = min(due_s, alert.changed_s + rule.flap.quiet_s)
    return min(
        due_s,
        repeat_due_s(book, alert, rule),
        event_ends_s(alert, rule),
        forgotten_s(book, alert, rule),
    )


def step_due_s(book: Book, alert: Alert, rule: Rule) -> float:
    """When the next step of its escalation is due; nobody is told what is held back."""
    due_s = next_step_due_s(alert, rule, book.now.steady_s)
    return math.inf if math.isinf(due_s) or held_by(book, alert, rule) else due_s


def own_time_s(alert: Alert, rule: Rule, now_s: float) -> float:
    """Now on the clock of the alert's samples.

    What is due now is due on it as well, whatever rounding makes of adding and taking away a lag.
    """
    due_s = machine.next_due_s(alert, rule)
    is_due = due_s + alert.lag_s <= now_s
    return max(now_s - alert.lag_s, due_s) if is_due else now_s - alert.lag_s


def repeat_due_s(book: Book, alert: Alert, rule: Rule) -> float:
    """When it is said again."""
    is_silent = alert.acked_by or alert.is_flapping or rule.is_event or not rule.repeat_s
    is_unsure = alert.is_stale and rule.on_stale != "alert"
    is_held = alert.key in book.held
    if alert.told != "firing" or alert.phase != "firing" or is_silent or is_unsure or is_held:
        return math.inf
    if book.is_waiting(alert, rule):
        return math.inf
    return book.now.steady_s + alert.told_elapsed_s + rule.repeat_s - book.now.elapsed_s


def event_ends_s(alert: Alert, rule: Rule) -> float:
    """When an event ends that nothing ended."""
    if not (rule.is_event and rule.resolve_after_s and alert.is_open):
        return math.inf
    return alert.last_s + alert.lag_s + rule.resolve_after_s


def forgotten_s(book: Book, alert: Alert, rule: Rule) -> float:
    """When an alert that is over is worth nothing any more."""
    is_needed = alert.phase != "inactive" or alert.is_flapping or alert.key in book.held
    if is_needed or (rule.on_stale == "alert" and alert.rule in book.rules):
        return math.inf
    if book.is_waiting(alert, rule):
        return math.inf
    if alert.resolved_s < 0:
        return book.now.steady_s
    return alert.resolved_s + alert.lag_s + max(rule.reopen_within_s, rule.flap.window_s)


def schedule(book: Book, alert: Alert) -> None:
    """Put an alert into the heap, unless it is there for a time as early."""
    if alert.key not in book.alerts:
        return
    due_s = change_due_s(book, alert, book.rule_of(alert))
    if due_s < book.planned.get(alert.key, math.inf):
        _plan(book, ALERT, alert.key, due_s)


def schedule_group(book: Book, group: Group) -> None:
    """Put a group into the heap, if something waits in it."""
    book.dirty.add((GROUP, group.key))
    if group.due_s not in (NEVER_S, book.planned.get(group.key)):
        _plan(book, GROUP, group.key, group.due_s)


def schedule_overlays(book: Book) -> None:
    """Wake when the next silence or window ends, if something may wait for it."""
    wall_s = book.now.wall_s
    ends = [silence.end_wall_s for silence in book.silences.values()]
    ends += [end for one in book.policy.windows if (end := one.ends_wall_s(wall_s + 1e-6))]
    later = [end for end in ends if end > wall_s]
    if later:
        due_s = book.steady_at(min(later))
        if due_s != book.planned.get(OVERLAY):
            _plan(book, OVERLAY, OVERLAY, due_s)


def _plan(book: Book, kind: str, key: str, due_s: float) -> None:
    book.planned[key] = due_s
    heapq.heappush(book.heap, (due_s, ORDER[kind], kind, key))
