"""Sends what is due over one channel, and says what came of it; a thread a channel.

A row is sent after it was committed, and at least once: killed between sending and saying so, it
is sent again with the same idempotency key.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import tzinfo
from random import Random
from typing import Any

from buildopt.events import Severity
from buildopt.monitor.hookspecs import Delivery, Notification, NotificationChannel, Outside, fact
from monitor_plugins.alert import outbox, store
from monitor_plugins.alert.delivery_health import RECENT_S, Standing
from monitor_plugins.alert.outbox import Bucket, Outcome, Parcel, Row, row_of
from monitor_plugins.alert.wording import text_of, title_of

NS = 1e9
STARTED = "buildopt.notify.started"
AGAIN_S = 1.0
"""How soon is looked again whether the consumer has caught up with us."""
LOOK_S = 10.0
"""How often is looked even if nobody says that there is news."""
SEVERITIES: dict[str, Severity] = {"warning": "warning", "critical": "error"}


class ChannelWorker:
    """The queue of one channel."""

    consumer = "alert"

    def __init__(
        self,
        channel: NotificationChannel,
        *,
        random: Random | None = None,
        now_s: Callable[[], float] = time.time,
        zone: tzinfo | None = None,
    ) -> None:
        self.name = f"alert-{channel.name}"
        self._channel = channel
        self._random = random or Random()
        self._now_s = now_s
        self._zone = zone
        self._bucket = Bucket()
        self._done: dict[str, int] = {}
        """Keys of which was said already how they went, with the number of tries by then."""
        self._standing = Standing()

    @property
    def channel(self) -> str:
        """The name of its channel."""
        return self._channel.name

    def look(self) -> Standing:
        """How sending goes; asked by another thread."""
        return self._standing

    def run(self, outside: Outside) -> None:
        """Send until it is time to end."""
        self._channel = outside.channels.get(self._channel.name, self._channel)
        mark = secrets.token_hex(8)
        data = {"channel": self._channel.name, "mark": mark}
        outside.emit(fact(STARTED, data, time_ns=int(self._now_s() * NS)))
        wait_s = 0.0
        while outside.wait(wait_s):
            wait_s = self.step(outside) if self._is_current(outside, mark) else AGAIN_S

    def step(self, outside: Outside) -> float:
        """Send one parcel, if one is due; seconds until there may be another."""
        waiting = self._waiting(outside)
        now_s = self._now_s()
        if result := self._overtaken(outside, waiting, now_s):
            self._say(outside, result)
            return 0.0
        due_s = outbox.next_due_s(waiting, self._channel.name)
        if due_s is None:
            self._count(outside, waiting, now_s)
            return LOOK_S
        wait_s = max(due_s - now_s, self._bucket.wait_s(now_s))
        if 0 < wait_s < outbox.LONGEST_RETRY_AFTER_S:
            self._count(outside, waiting, now_s)
            return min(wait_s, LOOK_S)
        is_crowded = self._bucket.is_crowded
        parcel = outbox.pick(waiting, self._channel.name, now_s, is_crowded=is_crowded)
        if parcel is None:
            return LOOK_S
        self._bucket.take(now_s)
        self._say(outside, self._sent(parcel))
        return 0.0

    def _sent(self, parcel: Parcel) -> Outcome:
        try:
            went = self._channel.send(notification_of(parcel, self._zone))
        except Exception as error:  # noqa: BLE001  # a channel may be another plugin's
            went = Delivery("failed", f"{type(error).__name__}: {error}")
        return outbox.outcome(
            parcel, went.status, self._now_s(), self._random,
            detail=went.detail, retry_after_s=went.retry_after_s,
        )  # fmt: skip

    def _count(self, outside: Outside, waiting: Sequence[Row], now_s: float) -> None:
        """Note how the channel stands, while there is nothing to send."""
        found = _rows(outside, store.DEAD, (self._channel.name, now_s - RECENT_S))
        dead = found[0][0] if found else 0
        self._standing = self._standing._replace(waiting=len(waiting), dead=dead)
        if found and found[0][0] and not self._standing.detail:
            self._standing = self._standing._replace(detail=found[0][1] or "")

    def _note(self, result: Outcome) -> None:
        if result.status == "overtaken":
            return
        since_s = 0.0
        if result.status == "failed" and not result.is_final:
            since_s = self._standing.fails_since_s or result.wall_s
        self._standing = self._standing._replace(fails_since_s=since_s, detail=result.detail)

    def _say(self, outside: Outside, result: Outcome) -> None:
        self._note(result)
        for key in result.keys:
            self._done[key] = result.tries or 1
        severity: Severity = "info" if result.status in ("delivered", "overtaken") else "warning"
        outside.emit(
            fact(
                f"buildopt.notify.{result.status}", result._asdict(),
                time_ns=int(result.wall_s * NS), subject=result.channel, severity=severity,
            )
        )  # fmt: skip

    def _is_current(self, outside: Outside, mark: str) -> bool:
        """Whether the outbox knows all that was sent before we started, and nobody started since.

        The journal is in order: who has read our mark has read the outcomes before it.
        """
        return _rows(outside, store.MARK, (self._channel.name,)) == [(json.dumps(mark),)]

    def _overtaken(self, outside: Outside, waiting: Sequence[Row], now_s: float) -> Outcome | None:
        """A step of an escalation that a later one, on another channel, has overtaken."""
        if not any(outbox.is_step(row) for row in waiting):
            return None
        rows = [row_of(json.loads(text)) for (text,) in _rows(outside, store.WAITING)]
        keys = {row.key for row in waiting}
        found = outbox.overtaken(rows, now_s)
        return next((one for one in found if one.key in keys), None)

    def _waiting(self, outside: Outside) -> list[Row]:
        """Rows that wait for the channel, but for those whose outcome is on its way."""
        found = _rows(outside, store.WAITING_FOR, (self._channel.name,))
        rows = [row_of(json.loads(text)) for (text,) in found]
        known = {row.key for row in rows}
        self._done = {key: tries for key, tries in self._done.items() if key in known}
        return [row for row in rows if row.tries >= self._done.get(row.key, 0)]


def _rows(
    outside: Outside, sql: str, parameters: Sequence[str | float] = ()
) -> list[tuple[Any, ...]]:  # Any: what SQLite gives
    try:
        return list(outside.read(sql, parameters))
    except sqlite3.OperationalError:  # the consumer has not made its tables yet
        return []


def notification_of(parcel: Parcel, zone: tzinfo | None = None) -> Notification:
    """What a person reads, and what a program does."""
    levels = {entry["level"] for entry in parcel.entries if entry["kind"] != "resolved"}
    severity = (
        "info" if not levels else SEVERITIES["critical" if "critical" in levels else "warning"]
    )
    return Notification(
        key=parcel.key,
        title=title_of(parcel.entries),
        text=text_of(
            parcel.entries, held=parcel.held, came_and_went=parcel.came_and_went, zone=zone
        ),
        severity=severity,
        data={
            "entries": list(parcel.entries),
            "held": parcel.held,
            "came_and_went": parcel.came_and_went,
            "late_keys": [row.key for row in parcel.rows if row.key != parcel.key],
        },
    )
