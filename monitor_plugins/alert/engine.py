"""The alert engine: samples and events in, transitions and messages out; the page to read first.

    take_sample / take_event ─▶ window ─▶ judge ─▶ machine ─▶ _changed ─▶ group ─▶ _flush ─▶ Message
    advance                  ─▶ timers: machine, acknowledgement, escalation, repeat, groups

Everything is an argument: what time it is comes with the inputs, and nothing is sent from here.
The same inputs give the same messages, whenever they are given. `dirty` names what changed, so
that a store can write it in one transaction with the messages.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor_plugins.alert import machine, overlays
from monitor_plugins.alert.alert import Alert, digest, key_of
from monitor_plugins.alert.escalation import due_step, next_step_due_s, run_clock
from monitor_plugins.alert.expressions import holds, names
from monitor_plugins.alert.groups import NEVER_S, Group, group_key
from monitor_plugins.alert.inputs import Moment, Occurrence, Sample
from monitor_plugins.alert.machine import Change
from monitor_plugins.alert.message import Message, entry_of
from monitor_plugins.alert.rule import Level, Rule, Signal, rank
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
JUMP_S = 1.0
"""Wall and steady clock apart by more than this: somebody set the clock, or the machine slept."""
ALERT, GROUP, OVERLAY = "alert", "group", "overlay"
ORDER = {ALERT: 0, OVERLAY: 1, GROUP: 2}


START = Moment(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What holds for all rules."""

    channels: tuple[str, ...] = ("console",)
    windows: tuple[overlays.Window, ...] = ()


@dataclass(slots=True, kw_only=True)
class Engine:
    """All alerts of one machine."""

    rules: Mapping[str, Rule]
    policy: Policy = field(default_factory=Policy)
    now: Moment = START
    alerts: dict[str, Alert] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    silences: dict[str, overlays.Silence] = field(default_factory=dict)
    points: dict[str, list[Point]] = field(default_factory=dict)
    gauges: dict[str, float] = field(default_factory=dict)
    """What the gates of rules ask for: last values of metrics, and facts about runs."""
    seen: list[str] = field(default_factory=list)
    incidents: int = 0
    usual: dict[str, float] = field(default_factory=dict)
    """What a key's value is while it is good: a mean over the last few hundred samples."""
    overflow: dict[str, int] = field(default_factory=dict)

    messages: list[Message] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    """Transitions, each as the data of an event."""
    dirty: set[tuple[str, str]] = field(default_factory=set)
    _heap: list[tuple[float, int, str, str]] = field(default_factory=list)
    _planned: dict[str, float] = field(default_factory=dict)
    """When each alert is next in the heap; looked at anew then, so a later time needs no entry."""
    _of_rule: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _held: set[str] = field(default_factory=set)
    _by_metric: dict[str, list[Rule]] = field(default_factory=dict)
    _event_rules: list[Rule] = field(default_factory=list)
    _sources: set[str] = field(default_factory=set)
    _asked: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Index the rules and what was remembered; end what has lost its rule."""
        by_metric: defaultdict[str, list[Rule]] = defaultdict(list)
        for rule in self.rules.values():
            if rule.signal.metric:
                by_metric[rule.signal.metric].append(rule)
        self._by_metric = dict(by_metric)
        self._event_rules = [rule for rule in self.rules.values() if rule.signal.event]
        self._sources = {one.rule for rule in self.rules.values() for one in rule.inhibited_by}
        self._asked = {
            name for rule in self.rules.values() if rule.gate for name in names(rule.gate)
        }
        for key in list(self.points):
            if not any(key.startswith(rule_id + "/") for rule_id in self.rules):
                self._drop_points(key)
        for alert in list(self.alerts.values()):
            self._of_rule[alert.rule].add(alert.key)
            if alert.held_wall_s:
                self._held.add(alert.key)
            self._adopt(alert)
            self._schedule(alert)
        for group in self.groups.values():
            self._schedule_group(group)
        self._schedule_overlays()

    # ---- what comes in --------------------------------------------------------------------

    def advance(self, moment: Moment, *, inclusive: bool) -> None:
        """Let time pass until `moment`: what is due before it happens, at its own time.

        Before an input of that moment exclusive, since samples come before timers.
        """
        self._jump(moment)
        while self._heap and (
            self._heap[0][0] < moment.steady_s
            or (inclusive and self._heap[0][0] == moment.steady_s)
        ):
            due_s, _, kind, key = heapq.heappop(self._heap)
            self._move(self.now.after(due_s))
            self._run(kind, key, due_s)
        self._move(moment)

    def take_sample(self, sample: Sample) -> None:
        """A value of a metric, measured `late_s` before now."""
        if not math.isfinite(sample.value):
            return
        if sample.metric in self._asked:
            self.gauges[sample.metric] = sample.value
        for rule in self._by_metric.get(sample.metric, ()):
            if holds(rule.signal.where, {**sample.labels, "value": sample.value}):
                self._judge(rule, sample)

    def take_event(self, event: Occurrence) -> None:
        """An event; one that was there before by its id counts once."""
        for rule in self._event_rules:
            wanted = rule.signal.event
            is_wanted = (
                event.type.startswith(wanted) if wanted.endswith(".") else event.type == wanted
            )
            if is_wanted and holds(rule.signal.where, event.data):
                self._take_event(rule, event)

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
            self._after(alert)
        return bool(found)

    def silence(self, silence: overlays.Silence) -> None:
        """Hold back what matches, until it ends; one that has ended already ends it early."""
        self.silences[silence.id] = silence
        self.dirty.add(("silence", silence.id))
        self._release()

    def unsilence(self, id_: str) -> bool:
        """End a silence now; an empty id ends all of them. False for none such."""
        ended = [name for name in self.silences if id_ in ("", name)]
        for name in ended:
            del self.silences[name]
            self.dirty.add(("silence", name))
        self._release()
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
        return self._heap[0][0] if self._heap else math.inf

    def finish(self) -> None:
        """Tell what waits in groups, although nothing more comes; alerts stand still."""
        waiting = [group for group in self.groups.values() if group.due_s != NEVER_S]
        for group in sorted(waiting, key=lambda one: (one.due_s, one.key)):
            self._move(self.now.after(group.due_s))
            self._flush(group)

    # ---- samples and events ---------------------------------------------------------------

    def _judge(self, rule: Rule, sample: Sample) -> None:
        labels = {name: value[:LONGEST_LABEL] for name, value in sample.labels.items()}
        key = key_of(rule.id, labels, rule.identity)
        if rule.identity:
            shown = (*rule.identity, *rule.group_by, *_equal(rule))
            labels = {name: labels[name] for name in dict.fromkeys(shown) if name in labels}
        at_s = self.now.steady_s - sample.late_s
        value, count = sample.value, sample.weight
        if rule.is_windowed:
            found = self._aggregated(rule, key, (at_s, value, count))
            if found is None:
                return
            value, count = found
        alert = self.alerts.get(key)
        is_gated = bool(rule.gate) and not holds(rule.gate, self.gauges)
        is_open = alert is not None and alert.is_open
        judged = machine.judge(rule, value, count=count, is_gated=is_gated, is_open=is_open)
        if judged.is_clear and not judged.level and not is_open:
            self._learn(key, value)
        if alert is None:
            if not judged.level and rule.on_stale != "alert":
                return
            alert = self._begin(rule, key, labels, at_s)
            if alert is None:
                return
        if at_s < alert.last_s:
            return
        alert.run = sample.run or alert.run
        self._feed(alert, rule, at_s, judged, late_s=sample.late_s)

    def _learn(self, key: str, value: float) -> None:
        known = self.usual.get(key)
        if known is not None:
            self.usual[key] = known + (value - known) * USUAL_GAIN
        elif len(self.usual) < MOST_USUAL:
            self.usual[key] = value

    def _aggregated(self, rule: Rule, key: str, point: Point) -> tuple[float, int] | None:
        name = f"{rule.id}/{key}"
        if name not in self.points and len(self.points) >= MOST_ALERTS:
            self._overflown(rule)
            return None
        before = self.points.get(name, ())
        self.points[name] = added(before, point, rule.signal)
        self.dirty.add(("points", name))
        if before and is_same_slice(before[-1], point, rule.signal):
            return None
        return aggregate(self.points[name], rule.signal)

    def _drop_points(self, name: str) -> None:
        del self.points[name]
        self.dirty.add(("points", name))

    def _feed(
        self, alert: Alert, rule: Rule, at_s: float, judged: machine.Judgement, *, late_s: float
    ) -> None:
        """Bring one alert up to a sample, take it, and do what follows at once."""
        self._apply(alert, rule, machine.pass_time(alert, rule, at_s, inclusive=False))
        alert.lag_s = late_s
        self._apply(alert, rule, machine.take_sample(alert, rule, at_s, judged))
        self._apply(alert, rule, machine.pass_time(alert, rule, at_s, inclusive=True))
        self._after(alert)

    def _take_event(self, rule: Rule, event: Occurrence) -> None:
        if not rule.is_event:
            value = event.data.get(rule.signal.value) if rule.signal.value else 1.0
            if rule.signal.aggregation == "share":
                value = float(holds(rule.signal.bad, event.data))
            if isinstance(value, int | float):
                labels = _labels(rule, event.data)
                self._judge(rule, Sample("", float(value), labels, event.late_s, event.run))
            return
        if rule.signal.good and holds(rule.signal.good, event.data):
            self._end_by_event(rule, event)
        elif holds(rule.signal.bad, event.data) and not self._was_seen(rule, event):
            self._begin_by_event(rule, event)

    def _begin_by_event(self, rule: Rule, event: Occurrence) -> None:
        labels = _labels(rule, event.data)
        at_s = self.now.steady_s - event.late_s
        key = key_of(rule.id, labels, rule.identity)
        alert = self.alerts.get(key) or self._begin(rule, key, labels, at_s)
        if alert is None:
            return
        was_open = alert.is_open
        alert.context, alert.run = _context(event.data), event.run or alert.run
        level = str(event.data.get("level") or rule.levels[0].name)
        level = level if any(one.name == level for one in rule.levels) else rule.levels[0].name
        self._feed(alert, rule, at_s, machine.Judgement(1.0, level, False), late_s=event.late_s)
        if was_open:
            alert.occurrences += 1
            if rule.repeat_s and self.now.elapsed_s - alert.told_elapsed_s >= rule.repeat_s:
                self._repeat(alert, rule)

    def _end_by_event(self, rule: Rule, event: Occurrence) -> None:
        at_s = self.now.steady_s - event.late_s
        for key in sorted(self._of_rule.get(rule.id, ())):
            alert = self.alerts[key]
            is_same = all(
                alert.labels.get(name) == _text(event.data.get(name))
                for name in rule.resolve_identity
            )
            if is_same and alert.is_open and at_s >= alert.last_s:
                alert.good_s = at_s
                machine.resolve(alert, at_s)
                self._apply(alert, rule, [Change("resolved", at_s)])
                self._after(alert)

    def _was_seen(self, rule: Rule, event: Occurrence) -> bool:
        if not event.id:
            return False
        mark = digest(rule.id, event.id)
        if mark in self.seen:
            return True
        self.seen = [*self.seen[-MOST_SEEN + 1 :], mark]
        return False

    def _begin(self, rule: Rule, key: str, labels: Mapping[str, str], at_s: float) -> Alert | None:
        if len(self.alerts) >= MOST_ALERTS:
            self._overflown(rule)
            return None
        alert = Alert(
            key=key, rule=rule.id, labels=dict(labels), version=version_of(rule), last_s=at_s,
            observed_until_s=at_s,
        )  # fmt: skip
        self.alerts[key] = alert
        self._of_rule[rule.id].add(key)
        return alert

    def _overflown(self, rule: Rule) -> None:
        """Said once for each rule: more label sets than are followed."""
        if rule.id not in self.overflow:
            self.history.append({
                "kind": "overflowed", "rule": rule.id, "limit": MOST_ALERTS,
                "wall_s": self.now.wall_s,
            })  # fmt: skip
        self.overflow[rule.id] = self.overflow.get(rule.id, 0) + 1

    # ---- what follows from a transition ---------------------------------------------------

    def _apply(self, alert: Alert, rule: Rule, changes: Iterable[Change]) -> None:
        for change in changes:
            self._changed(alert, rule, change)

    def _changed(self, alert: Alert, rule: Rule, change: Change) -> None:
        kind: str = change.kind
        was_flapping = alert.is_flapping
        if kind in ("fired", "stale"):
            kind = self._fired(alert, rule, change)
        elif kind == "raised":
            alert.acked_by, alert.escalation_s, alert.step = "", 0.0, 0
            alert.escalation_from_s = NEVER_S
        elif kind == "resolved":
            alert.good_wall_s = self._wall_of(alert.good_s)
            alert.acked_by = ""
        if kind != "lowered":
            alert.number += 1
        if change.note:
            alert.note = "; ".join(filter(None, (alert.note, change.note)))
        if kind not in ("stale", "lowered"):
            alert.changed_s = change.at_s + alert.lag_s
        self._record(alert, rule, kind, change.at_s)
        if kind != "lowered":
            self._dispatch(alert, rule, kind, was_flapping=was_flapping)

    def _fired(self, alert: Alert, rule: Rule, change: Change) -> str:
        """An incident begins, or the last one goes on; what this is called."""
        if change.kind == "stale" and not alert.is_only_stale:
            return "stale"
        is_soon = 0 <= change.at_s - alert.resolved_s <= rule.reopen_within_s
        is_reopened = alert.told == "firing" or (alert.resolved_s >= 0 and is_soon)
        if not is_reopened:
            self.incidents += 1
            alert.incident, alert.number, alert.told, alert.told_level = self.incidents, 0, "", ""
            alert.note, alert.false_alarm = "", False
        alert.resolved_s = NEVER_S
        alert.since_wall_s = self._wall_of(alert.since_s)
        alert.fired_wall_s = self._wall_of(change.at_s)
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

    def _dispatch(self, alert: Alert, rule: Rule, kind: str, *, was_flapping: bool) -> None:
        """Let a transition wait in its group, or pass."""
        group = self._group(alert, rule)
        if was_flapping and kind in ("fired", "reopened", "raised", "resolved"):
            alert.flaps += kind in ("fired", "reopened")
            if kind == "resolved" or alert.level != "critical":
                return
        group.add(alert.key, kind, rule, self.now.steady_s)
        is_worse = kind == "raised" or (was_flapping and kind != "resolved")
        if is_worse and alert.level == "critical" and not rule.inhibited_by:
            self._flush(group, only=alert.key)
        else:
            self._schedule_group(group)

    def _flush(self, group: Group, only: str = "") -> None:
        """Make the messages of what waits, as it is now."""
        keys = [only] if only else list(group.waiting)
        told: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)  # Any: JSON
        held = 0
        if not only:
            group.due_s = NEVER_S
        for key in keys:
            kind = group.waiting.pop(key)
            alert = self.alerts.get(key)
            if alert is None:
                continue
            rule = self._rule_of(alert)
            said = self._said(alert, rule, kind, group)
            held += key in self._held
            if said:
                entry = self._entry(alert, rule, said)
                told[self._told(alert, rule, said)].append(entry)
            self._after(alert)
        for channels, entries in told.items():
            self._send(group, entries, channels, held)
        if not group.waiting:
            group.due_s = NEVER_S
        if not (group.waiting or group.came_and_went or told or self._may_be_told_soon(group)):
            del self.groups[group.key]
        self.dirty.add((GROUP, group.key))

    def _may_be_told_soon(self, group: Group) -> bool:
        return group.told_s != NEVER_S and self.now.steady_s - group.told_s < 3600

    def _send(
        self, group: Group, entries: list[dict[str, Any]], channels: tuple[str, ...], held: int
    ) -> None:
        message = Message(
            wall_s=self.now.wall_s,
            steady_s=self.now.steady_s,
            channels=channels,
            entries=tuple(entries),
            held=held,
            came_and_went=group.came_and_went,
        )
        self.messages.append(message)
        group.came_and_went = 0
        group.told_s = self.now.steady_s

    def _said(self, alert: Alert, rule: Rule, kind: str, group: Group) -> str:
        """What there is to say of an alert by its present state; empty for nothing."""
        if kind == "settled":
            return "" if self._held_by(alert, rule) else kind
        if not alert.is_open:
            return self._said_of_end(alert, rule, group)
        is_news = alert.told != "firing" or rank(alert.level) > rank(alert.told_level)
        if not is_news and kind not in ("flapping", "stale", "repeat"):
            return ""
        if alert.is_flapping and kind != "flapping" and alert.level != "critical":
            self._unhold(alert)
            return ""
        if by := self._held_by(alert, rule):
            self._hold(alert, by)
            return ""
        if kind in ("flapping", "stale"):
            return kind
        if kind == "repeat" and not is_news:
            return "" if alert.acked_by or alert.phase != "firing" else kind
        if alert.is_flapping or alert.told == "firing":
            return kind if kind in ("fired", "raised") else "raised"
        return "reopened" if alert.told == "resolved" else "fired"

    def _said_of_end(self, alert: Alert, rule: Rule, group: Group) -> str:
        was_held = bool(alert.held_wall_s)
        self._unhold(alert)
        if alert.is_flapping:
            return ""
        if alert.told == "firing":
            return "resolved"
        if alert.told == "" and not was_held:
            if rule.notify_short:
                return "resolved"
            group.came_and_went += 1
        return ""

    def _told(self, alert: Alert, rule: Rule, said: str) -> tuple[str, ...]:
        """Note that people know now, and which channels they are told by."""
        channels = list(rule.channels or self.policy.channels)
        if said == "resolved":
            channels = alert.channels or channels
        elif alert.told != "firing":
            alert.channels = channels
        alert.told = "firing" if alert.is_open else "resolved"
        alert.told_level, alert.told_elapsed_s = alert.level, self.now.elapsed_s
        self._unhold(alert)
        return tuple(channels)

    # ---- time -----------------------------------------------------------------------------

    def _run(self, kind: str, key: str, due_s: float) -> None:
        if kind == GROUP:
            group = self.groups.get(key)
            if group is not None and group.due_s != NEVER_S and group.due_s <= self.now.steady_s:
                self._flush(group)
        elif kind == OVERLAY:
            self._release()
        elif (alert := self.alerts.get(key)) is not None:
            if self._planned.get(key) == due_s:
                del self._planned[key]
            if self._due_s(alert, self._rule_of(alert)) <= self.now.steady_s:
                self._run_alert(alert, self._rule_of(alert))
            self._schedule(alert)

    def _run_alert(self, alert: Alert, rule: Rule) -> None:
        """Everything that is due for one alert."""
        now_s = self.now.steady_s
        if alert.rule in self.rules:
            changes = machine.pass_time(alert, rule, now_s - alert.lag_s, inclusive=True)
            self._apply(alert, rule, changes)
        if alert.acked_by and self.now.wall_s >= alert.acked_until_wall_s - 1e-6:
            alert.acked_by = ""
        run_clock(alert, now_s)
        if next_step_due_s(alert, rule, now_s) <= now_s and not self._held_by(alert, rule):
            self._escalate(alert, rule)
        if self._repeat_due_s(alert, rule) <= now_s:
            self._repeat(alert, rule)
        if self._event_ends_s(alert, rule) <= now_s:
            alert.good_s = now_s
            machine.resolve(alert, now_s)
            self._changed(alert, rule, Change("resolved", now_s, "nothing more was heard of it"))
        if alert.is_flapping and alert.changed_s + rule.flap.quiet_s <= now_s:
            self._settle(alert, rule)
        self._after(alert)
        if self._forgotten_s(alert, rule) <= now_s:
            self._forget(alert)

    def _escalate(self, alert: Alert, rule: Rule) -> None:
        """Tell the highest step that is due; those before it are overtaken."""
        found = due_step(alert, rule, self.now.steady_s)
        if found is None:
            return
        place, step = found
        alert.step = place + 1
        alert.number += 1
        self._record(alert, rule, "escalated", self.now.steady_s)
        alert.told_elapsed_s = self.now.elapsed_s
        alert.channels = list(dict.fromkeys([*alert.channels, *step.channels]))
        entry = self._entry(alert, rule, "escalated")
        message = Message(
            wall_s=self.now.wall_s,
            steady_s=self.now.steady_s,
            channels=step.channels,
            entries=(entry,),
        )
        self.messages.append(message)

    def _repeat(self, alert: Alert, rule: Rule) -> None:
        alert.told_elapsed_s = self.now.elapsed_s
        alert.number += 1
        self._record(alert, rule, "repeat", self.now.steady_s)
        self._dispatch(alert, rule, "repeat", was_flapping=alert.is_flapping)

    def _settle(self, alert: Alert, rule: Rule) -> None:
        alert.is_flapping = False
        alert.firings_s = []
        alert.number += 1
        self._record(alert, rule, "settled", self.now.steady_s)
        self._dispatch(alert, rule, "settled", was_flapping=False)

    def _due_s(self, alert: Alert, rule: Rule) -> float:
        """When time alone will change this alert; infinite for never."""
        due_s = math.inf
        if alert.rule in self.rules:
            due_s = machine.next_due_s(alert, rule) + alert.lag_s
        if alert.acked_by:
            due_s = min(due_s, self._steady_at(alert.acked_until_wall_s))
        if alert.told == "firing" and not self._held_by(alert, rule):
            due_s = min(due_s, next_step_due_s(alert, rule, self.now.steady_s))
        if alert.is_flapping:
            due_s = min(due_s, alert.changed_s + rule.flap.quiet_s)
        return min(
            due_s,
            self._repeat_due_s(alert, rule),
            self._event_ends_s(alert, rule),
            self._forgotten_s(alert, rule),
        )

    def _repeat_due_s(self, alert: Alert, rule: Rule) -> float:
        is_silent = alert.acked_by or alert.is_flapping or rule.is_event or not rule.repeat_s
        is_unsure = alert.is_stale and rule.on_stale != "alert"
        if alert.told != "firing" or alert.phase != "firing" or is_silent or is_unsure:
            return math.inf
        return self.now.steady_s + alert.told_elapsed_s + rule.repeat_s - self.now.elapsed_s

    def _event_ends_s(self, alert: Alert, rule: Rule) -> float:
        if not (rule.is_event and rule.resolve_after_s and alert.is_open):
            return math.inf
        return alert.last_s + alert.lag_s + rule.resolve_after_s

    def _forgotten_s(self, alert: Alert, rule: Rule) -> float:
        """When an alert that is over is worth nothing any more."""
        is_needed = alert.phase != "inactive" or alert.is_flapping or alert.key in self._held
        if is_needed or (rule.on_stale == "alert" and alert.rule in self.rules):
            return math.inf
        if self._is_waiting(alert, rule):
            return math.inf
        if alert.resolved_s < 0:
            return self.now.steady_s
        return alert.resolved_s + alert.lag_s + max(rule.reopen_within_s, rule.flap.window_s)

    def _after(self, alert: Alert) -> None:
        """What is to be seen to whenever an alert may have changed."""
        rule = self._rule_of(alert)
        run_clock(alert, self.now.steady_s)
        self.dirty.add((ALERT, alert.key))
        if (
            alert.key in self._held
            and alert.phase == "firing"
            and not self._is_waiting(alert, rule)
        ):
            self._tell_if_free(alert, rule)
        if alert.phase == "inactive" and rule.id in self._sources:
            self._release()
        self._schedule(alert)

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
                self._schedule(alert)
        self._schedule_overlays()

    def _move(self, moment: Moment) -> None:
        elapsed_s = self.now.elapsed_s + max(0.0, moment.steady_s - self.now.steady_s)
        self.now = Moment(max(self.now.steady_s, moment.steady_s), moment.wall_s, elapsed_s)

    def _wall_of(self, at_s: float) -> float:
        return self.now.wall_s - (self.now.steady_s - at_s)

    def _steady_at(self, wall_s: float) -> float:
        return self.now.steady_s + wall_s - self.now.wall_s

    def _schedule(self, alert: Alert) -> None:
        if alert.key not in self.alerts:
            return
        due_s = self._due_s(alert, self._rule_of(alert))
        if due_s < self._planned.get(alert.key, math.inf):
            self._planned[alert.key] = due_s
            heapq.heappush(self._heap, (due_s, ORDER[ALERT], ALERT, alert.key))

    def _schedule_group(self, group: Group) -> None:
        self.dirty.add((GROUP, group.key))
        if group.due_s != NEVER_S:
            heapq.heappush(self._heap, (group.due_s, ORDER[GROUP], GROUP, group.key))

    # ---- what holds back ------------------------------------------------------------------

    def _held_by(self, alert: Alert, rule: Rule) -> str:
        return overlays.held_by(
            alert,
            self.now.wall_s + 1e-6,
            silences=self.silences.values(),
            windows=self.policy.windows,
            sources=self._inhibiting(alert, rule),
        )

    def _inhibiting(self, alert: Alert, rule: Rule) -> Iterator[Alert]:
        if not rule.inhibited_by:
            return iter(())
        awake = {
            one.rule: [
                self.alerts[key]
                for key in self._of_rule.get(one.rule, ())
                if self.alerts[key].phase != "inactive"
            ]
            for one in rule.inhibited_by
        }
        return overlays.inhibiting(alert, rule, awake)

    def _hold(self, alert: Alert, by: str) -> None:
        alert.held_wall_s = alert.held_wall_s or alert.fired_wall_s
        alert.held_by = by
        self._held.add(alert.key)
        self._schedule_overlays()

    def _unhold(self, alert: Alert) -> None:
        self._held.discard(alert.key)
        alert.held_wall_s = 0.0

    def _release(self) -> None:
        """Tell of what was held back and is so no longer, if it still goes on."""
        ended = [one for one in self.silences.values() if one.end_wall_s <= self.now.wall_s + 1e-6]
        for silence in ended:
            del self.silences[silence.id]
            self.dirty.add(("silence", silence.id))
        for key in sorted(self._held):
            alert = self.alerts[key]
            if alert.phase == "firing":
                self._tell_if_free(alert, self._rule_of(alert))
        for alert in list(self.alerts.values()):
            if alert.is_open:
                self._schedule(alert)
        self._schedule_overlays()

    def _tell_if_free(self, alert: Alert, rule: Rule) -> None:
        if self._held_by(alert, rule):
            return
        group = self._group(alert, rule)
        group.add(alert.key, "fired", rule, self.now.steady_s)
        self._schedule_group(group)

    def _schedule_overlays(self) -> None:
        """Wake when the next silence or window ends, if something may wait for it."""
        wall_s = self.now.wall_s
        ends = [silence.end_wall_s for silence in self.silences.values()]
        ends += [end for one in self.policy.windows if (end := one.ends_wall_s(wall_s + 1e-6))]
        later = [end for end in ends if end > wall_s]
        if later:
            due_s = self._steady_at(min(later))
            heapq.heappush(self._heap, (due_s, ORDER[OVERLAY], OVERLAY, ""))

    # ---- rules, groups, records -----------------------------------------------------------

    def _adopt(self, alert: Alert) -> None:
        """Take up an alert whose rule may have been changed or removed meanwhile."""
        rule = self.rules.get(alert.rule)
        if rule is None:
            if alert.is_open:
                alert.good_s = self.now.steady_s
                machine.resolve(alert, self.now.steady_s)
                gone = self._rule_of(alert)
                self._changed(alert, gone, Change("resolved", self.now.steady_s, "rule removed"))
            alert.phase, alert.is_flapping = "inactive", False
            self.dirty.add((ALERT, alert.key))
        elif version_of(rule) != alert.version:
            alert.version = version_of(rule)
            if alert.is_open:
                alert.note = "rule changed"
            if rank(alert.level) and all(level.name != alert.level for level in rule.levels):
                alert.level = rule.levels[0].name
            self.dirty.add((ALERT, alert.key))

    def _rule_of(self, alert: Alert) -> Rule:
        """The rule of an alert; one that says nothing in place of a removed one."""
        known = self.rules.get(alert.rule)
        if known is not None:
            return known
        level = Level(name="warning", fire=alert.threshold, clear=alert.threshold, for_s=0.0)
        channels = tuple(alert.channels)
        return Rule(id=alert.rule, signal=Signal(), levels=(level,), channels=channels, repeat_s=0)

    def _group(self, alert: Alert, rule: Rule) -> Group:
        return self.groups.setdefault(key := group_key(alert, rule), Group(key=key))

    def _is_waiting(self, alert: Alert, rule: Rule) -> bool:
        group = self.groups.get(group_key(alert, rule))
        return group is not None and alert.key in group.waiting

    def _forget(self, alert: Alert) -> None:
        del self.alerts[alert.key]
        self._planned.pop(alert.key, None)
        self._of_rule[alert.rule].discard(alert.key)
        self.dirty.add((ALERT, alert.key))

    def _record(self, alert: Alert, rule: Rule, kind: str, at_s: float) -> None:
        entry = self._entry(alert, rule, kind)
        self.history.append({**entry, "wall_s": self._wall_of(at_s)})

    def _entry(self, alert: Alert, rule: Rule, kind: str) -> dict[str, Any]:  # Any: JSON
        return entry_of(alert, rule, kind, self.now, usual=self.usual.get(alert.key))


def version_of(rule: Rule) -> str:
    """Changes with anything in a rule."""
    return digest(repr(rule))


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
