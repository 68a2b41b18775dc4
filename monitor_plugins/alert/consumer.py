"""Leads the engine along the stream of events: one event, or one timer, is one step.

event -> its moment -> timers before it -> samples, occurrences, commands -> rows, events
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from buildopt.events import Event, Severity
from buildopt.monitor.hookspecs import State, fact
from monitor_plugins.alert import outbox, store
from monitor_plugins.alert.config import Config
from monitor_plugins.alert.engine import Engine
from monitor_plugins.alert.facts import Facts, facts_of
from monitor_plugins.alert.inputs import Moment
from monitor_plugins.alert.outbox import Outcome
from monitor_plugins.alert.overdue import without_early_repeats, worth_sending
from monitor_plugins.alert.overlays import Silence
from monitor_plugins.alert.simulation import feed
from monitor_plugins.alert.snapshot import MOMENT, STATE, RowKey, changed_rows, engine_of
from monitor_plugins.alert.stream import items_of
from monitor_plugins.alert.timeline import Timeline, at_tick

NAME = "alert"
FACTS: RowKey = ("facts", "")
NS = 1e9
TIMER_SLACK_S = 0.001
"""A timer is asked for that much later, since seconds since 1970 are no exact numbers."""
NOTIFY = "buildopt.notify."
ACKNOWLEDGED, SILENCED = "buildopt.alert.acknowledged", "buildopt.alert.silenced"
UNSILENCED, MARKED = "buildopt.alert.unsilenced", "buildopt.alert.marked"
COMMANDS = (ACKNOWLEDGED, SILENCED, UNSILENCED, MARKED)
SEVERITY: dict[str, Severity] = {"warning": "warning", "critical": "error"}
Data = dict[str, Any]  # Any: JSON


class AlertConsumer:
    """The consumer `alert`; what it knows is in the state, and remembered only between steps."""

    name = NAME
    version = "1"
    types: Sequence[str] = ("buildopt.",)
    state_version = 1
    is_durable = True

    def __init__(self, config: Config) -> None:
        self._config = config
        self._revision = -1
        self._kept: dict[RowKey, Any] = {}  # Any: JSON
        """Rows that stay the same for long, as they were kept last."""
        self._day = -1
        self._engine = Engine(rules={})
        self._facts = Facts()
        self._timeline = Timeline()
        self._asked_wall_s = math.inf

    def migrate(self, state: State) -> None:
        """Make the tables."""
        store.make_tables(state)

    def handle(self, batch: Sequence[Event], state: State) -> Iterable[Event]:
        """Take events, in order."""
        self._recall(state)
        said: list[Event] = []
        for event in batch:
            moment, late_s = self._timeline.place(
                self._engine.now, event.time_ns / NS, event.mono_ns / NS, event.boot
            )
            self._engine.advance(moment, inclusive=False)
            self._take(event, late_s, state)
            said.extend(self._said(state))
        self._keep(state)
        return said

    def tick(self, now_ns: int, state: State) -> Iterable[Event]:
        """Do what is due by now."""
        self._recall(state)
        self._asked_wall_s = math.inf
        self._engine.advance(at_tick(self._engine.now, now_ns / NS), inclusive=True)
        said = list(self._said(state))
        self._keep(state)
        return said

    # ---- what comes in ----

    def _take(self, event: Event, late_s: float, state: State) -> None:
        if event.type.startswith(NOTIFY):
            self._settle(event.data, state)
        elif event.type in COMMANDS:
            self._obey(event, state)
        elif not event.type.startswith("buildopt.alert."):
            self._judge(event, late_s)

    def _judge(self, event: Event, late_s: float) -> None:
        data = dict(event.data)
        data.setdefault("project", _project_of(event.source))
        for name, value in self._facts.gauges(self._engine.now.steady_s).items():
            self._engine.set_gauge(name, value)
        run = event.run or str(data.get("run_id", ""))
        try:
            items = list(items_of(event.type, data, event.id, run, late_s))
        except (ValueError, TypeError, KeyError):  # a sample that is none says nothing
            return
        for item in items:
            feed(self._engine, self._facts, item)

    def _obey(self, event: Event, state: State) -> None:
        data, wall_s = event.data, event.time_ns / NS
        until_wall_s = float(data.get("until", wall_s))
        by = str(data.get("by", ""))
        if event.type == ACKNOWLEDGED:
            self._engine.acknowledge(
                str(data.get("incident", "")), by=by, until_wall_s=until_wall_s
            )
        elif event.type == SILENCED:
            self._engine.silence(
                Silence(
                    id=str(data.get("id") or event.id), start_wall_s=wall_s,
                    end_wall_s=until_wall_s, by=by, comment=str(data.get("comment", "")),
                    match={str(k): str(v) for k, v in dict(data.get("match", {})).items()},
                )
            )  # fmt: skip
        elif event.type == UNSILENCED:
            self._engine.unsilence(str(data.get("id", "")))
        else:
            false_alarm = bool(data.get("false_alarm", True))
            self._engine.mark(str(data.get("incident", "")), false_alarm=false_alarm)
            store.mark_history(state, str(data.get("incident", "")), false_alarm=false_alarm)

    def _settle(self, data: Any, state: State) -> None:  # Any: JSON
        """Note what came of sending, and which worker has begun."""
        if "mark" in data:
            store.write_rows(state, [(("worker", str(data.get("channel"))), data["mark"])])
        if not {"channel", "key", "keys", "status"} <= set(data):
            return
        values = {name: data[name] for name in Outcome._fields if name in data}
        result = Outcome(**{**values, "keys": tuple(data["keys"])})
        rows = dict(store.outbox_rows(state, result.keys))
        fallback = self._config.fallbacks.get(result.channel, "")
        changed = outbox.settled(rows, result, fallback)
        store.change_outbox(state, [row for row in changed if row.key in rows])
        store.add_to_outbox(state, [row for row in changed if row.key not in rows])

    # ---- what goes out, and what is kept ----

    def _said(self, state: State) -> Iterator[Event]:
        history, self._engine.history = without_early_repeats(self._engine.history), []
        messages, self._engine.messages = self._engine.messages, []
        if history:
            store.add_history(state, history)
        for entry in history:
            yield fact(
                f"buildopt.alert.{entry['kind']}", entry, time_ns=int(entry["wall_s"] * NS),
                subject=entry["rule"], run=str(entry.get("run", "")),
                severity=SEVERITY.get(str(entry.get("level", "")), "info"),
            )  # fmt: skip
        rows = [row for one in worth_sending(messages) for row in outbox.rows_of(one)]
        if rows:
            store.add_to_outbox(state, rows)

    def _recall(self, state: State) -> None:
        """Take up what was kept, unless it is what is remembered."""
        revision = state.get("revision", 0)
        if self._revision == revision and self._revision >= 0:
            return
        rows = dict(store.read_rows(state))
        moment = state.get("moment", {})
        self._facts = facts_of(rows.pop(FACTS, {}))
        self._timeline = Timeline(**moment.pop("timeline", rows.pop(("timeline", ""), {})))
        rows[MOMENT] = moment
        others = [(key, raw) for key, raw in rows.items() if key[0] != "worker"]
        self._engine = engine_of(others, self._config.rules, self._config.policy)
        self._asked_wall_s = math.inf
        self._kept.clear()
        self._day = state.get("day", -1)
        self._revision = revision

    def _keep(self, state: State) -> None:
        """What every sample changes is in no table: workers are told when one of those changes."""
        rows = dict(changed_rows(self._engine))
        moment = {**rows.pop(MOMENT), "timeline": self._timeline.as_json()}
        rows[FACTS] = self._facts.as_json()
        store.write_rows(state, [row for row in rows.items() if self._is_new(*row)])
        self._ask(self._engine.now, state)
        day = int(self._engine.now.wall_s // store.DAY_S)
        if self._day != day:
            self._day = day
            state.set("day", day)
            store.forget_old(state, self._engine.now.wall_s)
        self._revision += 1
        state.set("moment", moment)
        state.set("revision", self._revision)

    def _is_new(self, key: RowKey, raw: Any) -> bool:  # Any: JSON
        if key not in (STATE, FACTS):
            return True
        before, self._kept[key] = self._kept.get(key), raw
        return bool(before != raw)

    def _ask(self, now: Moment, state: State) -> None:
        """Be called when something is due; not again for what was asked for already."""
        due_s = self._engine.next_due_s()
        if math.isinf(due_s):
            return
        due_wall_s = now.wall_s + max(0.0, due_s - now.steady_s) + TIMER_SLACK_S
        if not now.wall_s < self._asked_wall_s <= due_wall_s:
            self._asked_wall_s = due_wall_s
            state.wake_at(math.ceil(due_wall_s * NS))


def _project_of(source: str) -> str:
    """The project of `/HOST/PROJECT/PROCESS`; the address of a repository has slashes, too."""
    return source.lstrip("/").partition("/")[2].rpartition("/")[0]
