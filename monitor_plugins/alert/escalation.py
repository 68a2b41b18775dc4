"""Who hears next when nobody takes care of an alert.

The clock of an escalation runs while the alert fires and nobody has acknowledged it. While its
source is silent no step is taken: on its return the highest one that is due is, and only that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.rule import Rule, Step, rank


def run_clock(alert: Alert, now_s: float) -> None:
    """Start, go on with or stop the clock, as the alert is now."""
    runs = alert.phase == "firing" and not alert.acked_by
    if alert.escalation_from_s >= 0 and now_s > alert.escalation_from_s:
        alert.escalation_s += now_s - alert.escalation_from_s
    alert.escalation_from_s = now_s if runs else -1.0


def next_step_due_s(alert: Alert, rule: Rule, now_s: float) -> float:
    """When the next step is due; infinite for never."""
    is_unsure = alert.is_stale and rule.on_stale != "alert"
    if alert.escalation_from_s < 0 or alert.told != "firing" or is_unsure:
        return math.inf
    ran_s = alert.escalation_s + now_s - alert.escalation_from_s
    return min((now_s + step.after_s - ran_s for _, step in _left(alert, rule)), default=math.inf)


def due_step(alert: Alert, rule: Rule, now_s: float) -> tuple[int, Step] | None:
    """The highest step that is due, with its place."""
    ran_s = alert.escalation_s + now_s - alert.escalation_from_s
    due = [(place, step) for place, step in _left(alert, rule) if step.after_s <= ran_s + 1e-6]
    return due[-1] if due else None


def _left(alert: Alert, rule: Rule) -> Iterator[tuple[int, Step]]:
    for place, step in enumerate(rule.escalate):
        if place >= alert.step and rank(alert.level) >= rank(step.min_level):
            yield place, step
