"""The state machine of one alert: what a sample and what the passing of time make of it.

    inactive ──bad──▶ pending ──bad for `for`, enough samples──▶ firing ◀──bad──┐
       ▲                 │ good, or a gap                          │ clear      │
       ├─────────────────┘                                         ▼            │
       └──────────────── clear for `keep` ─────────────────── recovering ───────┘

Time is observed time: a sample holds until the next one, at most `stale_after`. A sample comes
before a timer of the same instant, so `pass_time` stops short of the time of the next sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.rule import Level, Rule, rank

Kind = Literal[
    "fired", "raised", "lowered", "resolved", "reopened", "flapping", "settled", "stale",
    "escalated", "repeat",
]  # fmt: skip


class Change(NamedTuple):
    """What happened to an alert, and when on the clock of its samples."""

    kind: Kind
    at_s: float
    note: str = ""


class Judgement(NamedTuple):
    """What a sample says of an alert."""

    value: float
    level: str
    """The highest that it reaches, or empty."""
    is_clear: bool


def judge(rule: Rule, value: float, *, count: int, is_gated: bool, is_open: bool) -> Judgement:
    """Judge a value by the levels; a closed gate keeps only what is not open yet from beginning."""
    level = ""
    is_enough = not rule.is_windowed or count >= rule.min_count
    if is_enough and (is_open or not is_gated):
        level = next((one.name for one in reversed(rule.levels) if rule.is_bad(value, one)), "")
    return Judgement(value, level, rule.is_clear(value, rule.levels[0]))


def take_sample(alert: Alert, rule: Rule, at_s: float, judged: Judgement) -> Iterator[Change]:
    """The sample of `at_s`, to which `pass_time` has brought the alert."""
    _observe(alert, rule, at_s)
    at_s = max(at_s, alert.last_s)
    alert.last_s = alert.observed_until_s = at_s
    alert.value, alert.bad_level, alert.is_clear = judged.value, judged.level, judged.is_clear
    alert.is_stale = False
    if alert.is_only_stale:
        alert.is_only_stale, alert.good_s = False, at_s
        resolve(alert, at_s)
        alert.bad_level = judged.level
        yield Change("resolved", at_s, "the source is back")
    _count(alert, judged.level)
    if alert.phase != "inactive":
        alert.peak = (min if rule.is_below else max)(alert.peak, judged.value)
    if alert.phase == "inactive":
        if judged.level:
            _begin(alert, at_s, judged)
    elif alert.phase == "pending":
        if not judged.level:
            alert.phase = "inactive"
            _forget_bad(alert)
    else:
        _follow(alert, rule, at_s, judged)


def pass_time(alert: Alert, rule: Rule, to_s: float, *, inclusive: bool) -> Iterator[Change]:
    """Everything that time alone does until `to_s`, in its order."""
    while (due_s := next_due_s(alert, rule)) < to_s or (inclusive and due_s == to_s):
        _observe(alert, rule, due_s)
        change = _step(alert, rule, due_s)
        if change is not None:
            yield change
    _observe(alert, rule, to_s)


def next_due_s(alert: Alert, rule: Rule) -> float:
    """When time will change the alert, on the clock of its samples; infinite for never."""
    ends = _hold_ends_s(alert, rule)
    due_s = min(
        (alert.observed_until_s + left_s for left_s in _left(alert, rule)), default=math.inf
    )
    if due_s <= ends:
        return due_s
    return math.inf if alert.is_stale or not _waits_for_samples(alert, rule) else ends


def resolve(alert: Alert, at_s: float) -> None:
    """End the incident."""
    alert.phase = "inactive"
    alert.resolved_s = at_s
    alert.bad_level, alert.is_stale = "", False
    alert.escalation_from_s = -1.0
    _forget_bad(alert)


def fire(alert: Alert, level: Level, at_s: float) -> None:
    """Begin an incident, or go on with the last one."""
    alert.phase, alert.level, alert.threshold = "firing", level.name, level.fire
    alert.clear_s = alert.lower_s = 0.0
    alert.firings_s.append(at_s)


def _begin(alert: Alert, at_s: float, judged: Judgement) -> None:
    alert.phase = "pending"
    alert.since_s, alert.peak = at_s, judged.value
    alert.occurrences = 1


def _follow(alert: Alert, rule: Rule, at_s: float, judged: Judgement) -> None:
    """A sample of an open incident."""
    own = rule.level(alert.level) if rank(alert.level) else rule.levels[0]
    was_level_clear = alert.is_level_clear
    alert.is_level_clear = rule.is_clear(judged.value, own)
    if not (alert.is_level_clear and was_level_clear):
        alert.lower_s = 0.0
    if judged.level or not judged.is_clear:
        alert.phase, alert.clear_s = "firing", 0.0
    elif alert.phase == "firing":
        alert.phase, alert.clear_s, alert.good_s = "recovering", 0.0, at_s


def _count(alert: Alert, level: str) -> None:
    for name in alert.bad_count:
        if rank(level) >= rank(name):
            alert.bad_count[name] += 1
        else:
            alert.bad_count[name], alert.bad_s[name] = 0, 0.0


def _observe(alert: Alert, rule: Rule, to_s: float) -> None:
    """Let observed time pass: the last sample holds, but not beyond `stale_after`."""
    passed_s = min(to_s, _hold_ends_s(alert, rule)) - alert.observed_until_s
    if passed_s <= 0:
        return
    alert.observed_until_s += passed_s
    for name in alert.bad_s:
        if rank(alert.bad_level) >= rank(name):
            alert.bad_s[name] += passed_s
    if alert.phase == "recovering":
        alert.clear_s += passed_s
    elif alert.phase == "firing" and alert.is_level_clear:
        alert.lower_s += passed_s


def _left(alert: Alert, rule: Rule) -> Iterator[float]:
    """Observed time until something is due, for each thing that waits."""
    if alert.phase in ("pending", "firing"):
        for level in rule.levels:
            if _is_rising(alert, rule, level):
                yield max(0.0, level.for_s - alert.bad_s[level.name])
    if alert.phase == "recovering":
        yield max(0.0, rule.keep_s - alert.clear_s)
    if _may_sink(alert, rule):
        yield max(0.0, rule.keep_s - alert.lower_s)


def _step(alert: Alert, rule: Rule, at_s: float) -> Change | None:
    """What is due now; `next_due_s` has said that something is."""
    for level in reversed(rule.levels):
        if alert.phase in ("pending", "firing") and _has_risen(alert, rule, level):
            return _rise(alert, level, at_s)
    if alert.phase == "recovering" and _is_over(rule.keep_s, alert.clear_s):
        resolve(alert, at_s)
        return Change("resolved", at_s)
    if _may_sink(alert, rule) and _is_over(rule.keep_s, alert.lower_s):
        lower = rule.levels[0]
        alert.level, alert.threshold, alert.lower_s = lower.name, lower.fire, 0.0
        return Change("lowered", at_s)
    return _go_stale(alert, rule, at_s)


def _go_stale(alert: Alert, rule: Rule, at_s: float) -> Change | None:
    alert.is_stale = True
    if alert.phase == "pending":
        alert.phase = "inactive"
        _forget_bad(alert)
    if rule.on_stale == "alert":
        if not alert.is_open:
            alert.is_only_stale, alert.since_s, alert.peak = True, alert.last_s, alert.value
            fire(alert, rule.levels[0], at_s)
        return Change("stale", at_s)
    if rule.on_stale == "resolve" and alert.is_open:
        alert.good_s = at_s
        resolve(alert, at_s)
        return Change("resolved", at_s, "the source is gone")
    return None


def _rise(alert: Alert, level: Level, at_s: float) -> Change:
    if alert.phase == "firing":
        alert.level, alert.threshold, alert.lower_s = level.name, level.fire, 0.0
        alert.is_level_clear = False
        return Change("raised", at_s)
    fire(alert, level, at_s)
    alert.is_level_clear = False
    return Change("fired", at_s)


def _is_rising(alert: Alert, rule: Rule, level: Level) -> bool:
    is_higher = alert.phase == "pending" or rank(level.name) > rank(alert.level)
    is_enough = rule.is_windowed or alert.bad_count[level.name] >= rule.min_count
    return is_higher and is_enough and rank(alert.bad_level) >= rank(level.name)


def _has_risen(alert: Alert, rule: Rule, level: Level) -> bool:
    return _is_rising(alert, rule, level) and _is_over(level.for_s, alert.bad_s[level.name])


def _may_sink(alert: Alert, rule: Rule) -> bool:
    is_higher = rank(alert.level) > rank(rule.levels[0].name)
    return alert.phase == "firing" and is_higher and alert.is_level_clear


def _is_over(wanted_s: float, passed_s: float) -> bool:
    """Whether a time is over, but for what adding up floating-point numbers loses."""
    return passed_s >= wanted_s - 1e-6


def _hold_ends_s(alert: Alert, rule: Rule) -> float:
    return math.inf if rule.is_event else alert.last_s + rule.stale_after_s


def _waits_for_samples(alert: Alert, rule: Rule) -> bool:
    return alert.phase != "inactive" or rule.on_stale == "alert"


def _forget_bad(alert: Alert) -> None:
    alert.bad_s = dict.fromkeys(alert.bad_s, 0.0)
    alert.bad_count = dict.fromkeys(alert.bad_count, 0)
    alert.clear_s = alert.lower_s = 0.0
