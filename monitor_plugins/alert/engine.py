"""The alert engine: samples and events in, transitions and messages out; the page to read first.

    take_sample / take_event ─▶ judging ─▶ machine ─▶ transitions ─▶ telling ─▶ Message
    advance                  ─▶ timers: machine, acknowledgement, escalation, repeat, groups

Everything is an argument: what time it is comes with the inputs, and nothing is sent from here.
The same inputs give the same messages, whenever they are given. `dirty` names what changed, so
that a store can write it in one transaction with the messages.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from dataclasses import dataclass

from monitor_plugins.alert import due, holding, judging, machine, overlays, telling, transitions
from monitor_plugins.alert.alert import Alert
from monitor_plugins.alert.book import ALERT, GROUP, OVERLAY, Book, Policy
from monitor_plugins.alert.escalation import run_clock
from monitor_plugins.alert.expressions import holds, names
from monitor_plugins.alert.groups import NEVER_S
from monitor_plugins.alert.inputs import Moment, Occurrence, Sample
from monitor_plugins.alert.machine import Change
from monitor_plugins.alert.rule import Rule

__all__ = ["Engine", "Policy"]

JUMP_S = 1.0
"""Wall and steady clock apart by more than this: somebody set the clock, or the machine slept."""


@dataclass(slots=True, kw_only=True)
class Engine(Book):
    """All alerts of one machine: the book, and all that may happen to it."""

    def __post_init__(self) -> None:
        """Index the rules and what was remembered; end what has lost its rule."""
        by_metric: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules.values():
            if rule.signal.metric:
                by_metric[rule.signal.metric].append(rule)
        self.by_metric = dict(by_metric)
        self.event_rules = [rule for rule in self.rules.values() if rule.signal.event]
        self._note_kin()
        self.asked = {
            name for rule in self.rules.values() if rule.gate for name in names(rule.gate)
        }
        for key in list(self.points):
            if not any(key.startswith(rule_id + "/") for rule_id in self.rules):
                judging.drop_points(self, key)
        for alert in list(self.alerts.values()):
            self.follow(alert)
            if alert.held_wall_s:
                self.held.add(alert.key)
            if alert.rule in self.targets and alert.phase != "inactive":
                self.awake.add(alert.key)
            transitions.adopt(self, alert)
            due.schedule(self, alert)
        for group in self.groups.values():
            due.schedule_group(self, group)
        due.schedule_overlays(self)

    def _note_kin(self) -> None:
        """By which labels alerts are looked for: by what ends them, and by what holds them back."""
        for rule in self.rules.values():
            if rule.is_event:
                self.lookups.setdefault(rule.id, set()).add(rule.resolve_identity)
            for one in rule.inhibited_by:
                self.targets.setdefault(one.rule, []).append((rule, one.equal))
                for each in (one.rule, rule.id):
                    self.lookups.setdefault(each, set()).add(one.equal)

    def advance(self, moment: Moment, *, inclusive: bool) -> None:
        """Let time pass until `moment`: what is due before it happens, at its own time.

        Before an input of that moment exclusive, since samples come before timers.
        """
        self._jump(moment)
        while self.heap and (
            self.heap[0][0] < moment.steady_s or (inclusive and self.heap[0][0] == moment.steady_s)
        ):
            due_s, _, kind, key = heapq.heappop(self.heap)
            self.move(self.now.after(due_s))
            self._run(kind, key, due_s)
        self.move(moment)

    def take_sample(self, sample: Sample) -> None:
        """A value of a metric, measured `late_s` before now."""
        if not math.isfinite(sample.value):
            return
        if sample.metric in self.asked:
            self.gauges[sample.metric] = sample.value
        for rule in self.by_metric.get(sample.metric, ()):
            if holds(rule.signal.where, {**sample.labels, "value": sample.value}):
                judging.judge_sample(self, rule, sample)

    def take_event(self, event: Occurrence) -> None:
        """An event; one that was there before by its id counts once."""
        for rule in self.event_rules:
            wanted = rule.signal.event
            is_wanted = (
                event.type.startswith(wanted) if wanted.endswith(".") else event.type == wanted
            )
            if is_wanted and holds(rule.signal.where, event.data):
                judging.take(self, rule, event)

    def set_gauge(self, name: str, value: float) -> None:
        """A fact that gates of rules ask for, as `run.active`."""
        self.gauges[name] = value

    def acknowledge(self, key_or_incident: str, *, by: str, until_wall_s: float) -> bool:
        """Somebody takes care: no repeats and no escalation until then; False for no such alert."""
        found = [
            alert for alert in self.alerts.values()
            if alert.is_open and key_or_incident in (alert.key, alert.incident_id, alert.rule)
        ]  # fmt: skip
        for alert in found:
            alert.acked_by, alert.acked_until_wall_s = by or "somebody", until_wall_s
            holding.after(self, alert)
        return bool(found)

    def silence(self, silence: overlays.Silence) -> None:
        """Hold back what matches, until it ends; one that has ended already ends it early."""
        self.silences[silence.id] = silence
        self.dirty.add(("silence", silence.id))
        holding.release(self)

    def unsilence(self, id_: str) -> bool:
        """End a silence now; an empty id ends all of them. False for none such."""
        ended = [name for name in self.silences if id_ in ("", name)]
        for name in ended:
            del self.silences[name]
            self.dirty.add(("silence", name))
        holding.release(self)
        return bool(ended)

    def mark(self, incident: str, *, false_alarm: bool) -> bool:
        """Note that an incident was a false alarm, or was none after all."""
        for alert in self.alerts.values():
            if alert.incident_id == incident:
                alert.false_alarm = false_alarm
                self.dirty.add((ALERT, alert.key))
                return True
        return False

    def next_due_s(self) -> float:
        """When time alone will change something, on the steady clock; infinite for never."""
        return self.heap[0][0] if self.heap else math.inf

    def finish(self) -> None:
        """Tell what waits in groups, although nothing more comes; alerts stand still."""
        waiting = [group for group in self.groups.values() if group.due_s != NEVER_S]
        for group in sorted(waiting, key=lambda one: (one.due_s, one.key)):
            self.move(self.now.after(group.due_s))
            telling.flush(self, group)

    def _run(self, kind: str, key: str, due_s: float) -> None:
        if self.planned.get(key) == due_s:
            del self.planned[key]
        if kind == GROUP:
            group = self.groups.get(key)
            if group is not None and group.due_s != NEVER_S and group.due_s <= self.now.steady_s:
                telling.flush(self, group)
        elif kind == OVERLAY:
            holding.release(self)
        elif (alert := self.alerts.get(key)) is not None:
            if due.change_due_s(self, alert, self.rule_of(alert)) <= self.now.steady_s:
                self._run_alert(alert, self.rule_of(alert))
            due.schedule(self, alert)

    def _run_alert(self, alert: Alert, rule: Rule) -> None:
        """Everything that is due for one alert."""
        now_s = self.now.steady_s
        if alert.rule in self.rules:
            own_s = due.own_time_s(alert, rule, now_s)
            changes = machine.pass_time(alert, rule, own_s, inclusive=True)
            transitions.apply(self, alert, rule, changes)
        if alert.acked_by and self.now.wall_s >= alert.acked_until_wall_s - 1e-6:
            alert.acked_by = ""
        run_clock(alert, now_s)
        if due.step_due_s(self, alert, rule) <= now_s:
            telling.escalate(self, alert, rule)
        if due.repeat_due_s(self, alert, rule) <= now_s:
            telling.repeat(self, alert, rule)
        if due.event_ends_s(alert, rule) <= now_s:
            alert.good_s = now_s
            machine.resolve(alert, now_s)
            transitions.changed(
                self, alert, rule, Change("resolved", now_s, "nothing more was heard of it")
            )
        if alert.is_flapping and alert.changed_s + rule.flap.quiet_s <= now_s:
            telling.settle(self, alert, rule)
        holding.after(self, alert)
        if due.forgotten_s(self, alert, rule) <= now_s:
            self.forget(alert)

    def _jump(self, moment: Moment) -> None:
        """Notice that the wall clock went another way than the steady one."""
        passed_s = moment.steady_s - self.now.steady_s
        jumped_s = moment.wall_s - self.now.wall_s - passed_s
        if abs(jumped_s) < JUMP_S:
            return
        slept_s = max(0.0, jumped_s)
        self.now = Moment(
            self.now.steady_s, self.now.wall_s + jumped_s, self.now.elapsed_s + slept_s
        )
        for alert in self.alerts.values():
            if alert.is_open:
                alert.slept_s += slept_s
                self.dirty.add((ALERT, alert.key))
                due.schedule(self, alert)
        due.schedule_overlays(self)
