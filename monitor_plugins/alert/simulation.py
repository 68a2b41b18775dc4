"""Replays a stream of events as the monitor would have met them, with clock and transport given.

    for each line: time passes (timers, deliveries) -> the line is taken -> rows are kept

With a `Memory` that keeps rows as a store does, `crash` throws the engine away and makes it anew
from what was kept. While it is down nothing is delivered; the log is read again at `restart`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from monitor_plugins.alert import outbox
from monitor_plugins.alert.engine import Engine, Policy
from monitor_plugins.alert.facts import Facts, facts_of
from monitor_plugins.alert.inputs import Moment, Occurrence, Sample
from monitor_plugins.alert.message import Message
from monitor_plugins.alert.outbox import Bucket, Outcome, Parcel, Row, Status
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.rule import Rule
from monitor_plugins.alert.snapshot import changed_rows, engine_of
from monitor_plugins.alert.stream import SPANS, Line, span_s, until_s

HANG_S = 10.0
"""How long a channel may take."""
EPOCH_S = 1_000_000.0
"""The wall clock at t = 0 of streams that do not tell."""


class Sent(NamedTuple):
    """What the transport answers: status, and seconds that the receiver asks to wait."""

    status: Status = "delivered"
    detail: str = ""
    retry_after_s: float | None = None
    took_s: float = 0.0
    is_lost: bool = False
    """We die before we have noted it."""


class Delivered(NamedTuple):
    """One call of the transport."""

    t: float
    parcel: Parcel
    sent: Sent


Transport = Callable[[Parcel, float], Sent]


def deliver_at_once(parcel: Parcel, t: float) -> Sent:  # noqa: ARG001  # the form of a transport
    """A transport that never fails."""
    return Sent()


@dataclass(slots=True, kw_only=True)
class Memory:
    """What is kept: rows of the engine, of the outbox, and what was told. JSON text, as on disk."""

    rows: dict[tuple[str, str], str] = field(default_factory=dict)
    outbox: dict[str, Row] = field(default_factory=dict)

    def write(self, engine: Engine, facts: Facts) -> None:
        """Write what changed: only rows that the engine names, as the store does."""
        for key, raw in changed_rows(engine):
            if raw is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = json.dumps(raw)
        self.rows["facts", ""] = json.dumps(facts.as_json())

    def keep(self, engine: Engine) -> list[Message]:
        """Put the messages of a step into the outbox; the messages."""
        messages = list(engine.messages)
        for message in messages:
            for row in outbox.rows_of(message):
                self.outbox.setdefault(row.key, row)
        engine.messages.clear()
        return messages

    def load(self, rules: Mapping[str, Rule], policy: Policy) -> tuple[Engine, Facts]:
        """The engine and the facts as they were kept."""
        rows = [(key, json.loads(raw)) for key, raw in self.rows.items() if key[0] != "facts"]
        known = self.rows.get(("facts", ""))
        return engine_of(rows, rules, policy), facts_of(json.loads(known)) if known else Facts()


@dataclass(slots=True, kw_only=True)
class Simulation:
    """One machine's alerts over a stream; `messages` and `deliveries` are what came of it."""

    rules: Mapping[str, Rule]
    policy: Policy = field(default_factory=Policy)
    transport: Transport | None = deliver_at_once
    """None: messages are all that is asked for, and nothing is delivered."""
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    random: Random = field(default_factory=lambda: Random(0))
    read_rules: Callable[[Mapping[str, Any]], Mapping[str, Rule]] | None = None  # Any: TOML
    memory: Memory = field(default_factory=Memory)
    messages: list[Message] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)  # Any: JSON
    deliveries: list[Delivered] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    before_step: Callable[[Simulation], None] | None = None
    origin_wall_s: float | None = None
    """Wall clock at t = 0; events tell it themselves."""
    _engine: Engine = field(init=False)
    _facts: Facts = field(init=False)
    _offset_s: float = 0.0
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _busy_until: dict[str, float] = field(default_factory=dict)
    _down_until: float = -math.inf

    def __post_init__(self) -> None:
        """Start the engine."""
        self._engine, self._facts = self.memory.load(self.rules, self.policy)

    def run(self, lines: Iterable[Line]) -> Iterator[Message]:
        """Replay; the messages as they come, also those that wait at the end."""
        known = list(lines)
        if self.origin_wall_s is None:
            is_real = any(line.wall_s is not None for line in known)
            self.origin_wall_s = 0.0 if is_real else EPOCH_S
        for place, line in enumerate(known):
            yield from self._pass_until(line.t)
            yield from self._keep()
            self._begin_step()
            if line.do == "crash":
                self._crash(line, known[place + 1 :])
            else:
                self._take(line)
            yield from self._keep()
        end = known[-1].t if known else 0.0
        yield from self._pass_until(end, inclusive=True)
        self._engine.finish()
        yield from self._keep()
        self._deliver_until(math.inf)

    def crash(self) -> None:
        """Lose what is in memory, and go on from rows alone; between two steps, so all is kept."""
        self.memory.write(self._engine, self._facts)
        self._engine, self._facts = self.memory.load(self.rules, self.policy)
        self._buckets.clear()

    @property
    def engine(self) -> Engine:
        """The engine as it is now."""
        return self._engine

    # ---- time --------------------------------------------------------------------------------

    def _pass_until(self, t: float, *, inclusive: bool = False) -> Iterator[Message]:
        while (due_s := self._engine.next_due_s()) < t or (inclusive and due_s == t):
            self._begin_step()
            self._engine.advance(
                self._moment(max(due_s, self._engine.now.steady_s)), inclusive=True
            )
            yield from self._keep()
        self._engine.advance(self._moment(t), inclusive=False)
        self._deliver_until(t)

    def _begin_step(self) -> None:
        if self.before_step is not None:
            self.before_step(self)

    def _moment(self, t: float) -> Moment:
        assert self.origin_wall_s is not None
        return Moment(t, self.origin_wall_s + t + self._offset_s, 0.0)

    def _keep(self) -> Iterator[Message]:
        self.history.extend(self._engine.history)
        self._engine.history.clear()
        messages = self.memory.keep(self._engine)
        self.messages.extend(messages)
        self._deliver_until(self._engine.now.steady_s)
        yield from messages

    # ---- what a line does --------------------------------------------------------------------

    def _take(self, line: Line) -> None:
        if line.do:
            self._do(line)
            return
        now_s = self._engine.now.steady_s
        for name, value in self._facts.gauges(now_s).items():
            self._engine.set_gauge(name, value)
        for item in line.items:
            feed(self._engine, self._facts, item)

    def _do(self, line: Line) -> None:
        raw, engine = line.raw, self._engine
        wall_s = engine.now.wall_s
        if line.do == "ack":
            name = str(raw.get("incident") or raw.get("key") or raw.get("rule") or "")
            until_s = _until(raw, wall_s, line.t, default_s=3600.0)
            by = str(raw.get("by", raw.get("user", "")))
            engine.acknowledge(name or _any_open(engine), by=by, until_wall_s=until_s)
        elif line.do == "silence":
            match = {
                str(k): str(v) for k, v in (raw.get("match") or raw.get("labels") or {}).items()
            }
            if raw.get("rule"):
                match["rule"] = str(raw["rule"])
            name = str(raw.get("id", f"s{len(engine.silences) + 1}"))
            until_s = _until(raw, wall_s, line.t, default_s=3600.0)
            engine.silence(Silence(id=name, start_wall_s=wall_s, end_wall_s=until_s, match=match))
        elif line.do == "unsilence":
            engine.unsilence(str(raw.get("id", "")))
        elif line.do == "clock":
            self._offset_s += span_s(raw, SPANS["clock"], 0.0)
        elif line.do == "sleep":
            self._offset_s += span_s(raw, SPANS["sleep"], 0.0)
        elif line.do == "restart":
            self.crash()
        elif line.do == "rules" and self.read_rules is not None:
            self.rules = self.read_rules(raw)
            self.crash()

    def _crash(self, line: Line, later: Iterable[Line]) -> None:
        """Down until `for` is over, or until the next `restart`, if there is one."""
        self.crash()
        down_s = span_s(line.raw, SPANS["crash"], 0.0)
        restart = next((one.t for one in later if one.do == "restart"), line.t)
        self._down_until = line.t + down_s if down_s else restart

    # ---- delivery ----------------------------------------------------------------------------

    def _deliver_until(self, t: float) -> None:
        """Send what is due until `t`, each try at its own time."""
        while self.transport is not None:
            waiting = [row for row in self.memory.outbox.values() if row.state == "waiting"]
            if not waiting:
                return
            at, channel = min(
                (self._ready_at(waiting, name), name) for name in {row.channel for row in waiting}
            )
            if at > t or math.isinf(at):
                return
            self._send(channel, at)

    def _ready_at(self, waiting: list[Row], channel: str) -> float:
        assert self.origin_wall_s is not None
        due_s = outbox.next_due_s(waiting, channel)
        if due_s is None:
            return math.inf
        at = due_s - self.origin_wall_s - self._offset_s
        at = max(at, self._busy_until.get(channel, -math.inf), self._down_until)
        return at + self._bucket(channel).wait_s(at)

    def _send(self, channel: str, at: float) -> None:
        assert self.transport is not None
        waiting = [row for row in self.memory.outbox.values() if row.state == "waiting"]
        wall_s = self._moment(at).wall_s
        late = outbox.overtaken(waiting, wall_s)
        for result in late:
            self._settle(result)
        if late:
            return
        bucket = self._bucket(channel)
        parcel = outbox.pick(waiting, channel, wall_s + 1e-6, is_crowded=bucket.is_crowded)
        if parcel is None:
            return
        bucket.take(at)
        sent = self.transport(parcel, at)
        took_s = min(sent.took_s, HANG_S)
        self._busy_until[channel] = at + took_s
        self.deliveries.append(Delivered(at, parcel, sent))
        if sent.is_lost:
            return
        self._settle(
            outbox.outcome(parcel, sent.status, wall_s + took_s, self.random,
                           detail=sent.detail, retry_after_s=sent.retry_after_s)
        )  # fmt: skip

    def _settle(self, result: Outcome) -> None:
        self.outcomes.append(result)
        rows = outbox.settled(self.memory.outbox, result, self.fallbacks.get(result.channel, ""))
        self.memory.outbox.update({row.key: row for row in rows})

    def _bucket(self, channel: str) -> Bucket:
        return self._buckets.setdefault(channel, Bucket())


def feed(engine: Engine, facts: Facts, item: Sample | Occurrence) -> None:
    """Give the engine one item, and what follows from it."""
    if isinstance(item, Sample):
        for sample in facts.of_sample(item):
            engine.take_sample(sample)
        return
    for found in facts.of_event(item, engine.now.steady_s):
        if isinstance(found, Sample):
            engine.take_sample(found)
        else:
            engine.take_event(found)


def _until(
    raw: Mapping[str, Any], wall_s: float, t: float, *, default_s: float
) -> float:  # Any: JSON
    """The wall time until which something holds: `until` on the stream's clock, or `for`."""
    until = until_s(raw)
    return wall_s + (span_s(raw, SPANS["ack"], default_s) if until is None else until - t)


def _any_open(engine: Engine) -> str:
    return next((alert.key for alert in engine.alerts.values() if alert.is_open), "")
