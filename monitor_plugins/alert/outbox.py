"""The outbox: what is to be sent over which channel, when next, and what came of it.

    waiting ──delivered──▶ sent          waiting ──refused, or a day old──▶ failed (▶ fallback)
       └─────failed: due again later────┘      └──told by a later message──▶ merged

Rows are data and due times are too, so that a crash forgets no try. Nothing is sent from here: a
parcel says what to send, the outcome is an event, and `settled` says what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from random import Random
from typing import Any, Literal, NamedTuple

from monitor_plugins.alert.message import Message, message_key

RowState = Literal["waiting", "sent", "merged", "failed"]
Status = Literal["delivered", "failed", "refused", "overtaken"]
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
JITTER = 0.2
LONGEST_RETRY_AFTER_S = 3600.0
"""What a receiver may ask for; more is taken as an hour."""
DEAD_AFTER_S = 86_400.0
OVERDUE_S = 60.0
"""A row that is older was not sent because we were not there, or the channel was not."""
MOST_ROWS_IN_PARCEL = 50
MOST_KEYS_IN_EVENT = 2_000
"""Rows about the same incident: the event that tells what came of them has the keys of all."""
MOST_WAITING = 10_000
"""Rows of all channels; beyond it new ones of a channel replace its oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One message for one channel."""

    key: str
    channel: str
    created_wall_s: float
    due_wall_s: float
    message: Mapping[str, Any]  # Any: JSON of the message
    tries: int = 0
    state: RowState = "waiting"
    detail: str = ""

    @property
    def incidents(self) -> frozenset[str]:
        """The incidents it is about."""
        return frozenset(entry["incident"] for entry in self.message["entries"])

    def as_json(self) -> dict[str, Any]:  # Any: JSON
        """All of it; the message as it is, since copying it would cost more than keeping it."""
        return {name: getattr(self, name) for name in FIELDS}


FIELDS = tuple(one.name for one in fields(Row))


class Parcel(NamedTuple):
    """What to send at once: the newest row's message, with what older rows have to say."""

    channel: str
    key: str
    rows: tuple[Row, ...]
    entries: tuple[Mapping[str, Any], ...]  # Any: JSON
    held: int = 0
    came_and_went: int = 0


class Outcome(NamedTuple):
    """What came of sending a parcel; the data of an event."""

    channel: str
    key: str
    keys: tuple[str, ...]
    status: Status
    wall_s: float
    detail: str = ""
    tries: int = 0
    due_wall_s: float = 0.0
    is_final: bool = False


def rows_of(message: Message) -> list[Row]:
    """A row for each channel of a message."""
    plain = {
        "entries": list(message.entries), "held": message.held,
        "came_and_went": message.came_and_went,
    }  # fmt: skip
    return [
        Row(
            key=message.key(channel), channel=channel, message=plain,
            created_wall_s=message.wall_s, due_wall_s=message.wall_s,
        )
        for channel in message.channels
    ]  # fmt: skip


def row_of(raw: Mapping[str, Any]) -> Row:  # Any: JSON
    """The row of what `as_json` gave."""
    return Row(**{name: raw[name] for name in FIELDS if name in raw})


def next_due_s(waiting: Iterable[Row], channel: str) -> float | None:
    """When the channel is to be used next; None for never. A failed try holds up the others."""
    mine = [row for row in waiting if row.channel == channel]
    tried = [row.due_wall_s for row in mine if row.tries]
    if tried:
        return max(tried)
    return min((row.due_wall_s for row in mine), default=None)


def pick(
    waiting: Iterable[Row], channel: str, now_wall_s: float, *, is_crowded: bool
) -> Parcel | None:
    """What to send over a channel now; `is_crowded`: put together whatever waits.

    Rows about the same incident are one message: what began and ended meanwhile is told once.
    """
    rows = list(waiting)
    due_s = next_due_s(rows, channel)
    if due_s is None or now_wall_s < due_s < now_wall_s + LONGEST_RETRY_AFTER_S:
        return None
    mine = sorted(
        (row for row in rows if row.channel == channel),
        key=lambda row: (row.created_wall_s, row.key),
    )
    first = mine[0]
    if is_crowded or any(row.tries for row in mine):
        taken = mine[:MOST_ROWS_IN_PARCEL]
    else:
        taken = [row for row in mine if row is first or row.incidents & first.incidents]
        taken = taken[:MOST_KEYS_IN_EVENT]
    newest = taken[-1]
    return Parcel(
        channel=channel, key=newest.key, rows=tuple(taken), entries=_last_entries(taken),
        held=newest.message["held"],
        came_and_went=sum(row.message["came_and_went"] for row in taken),
    )  # fmt: skip


def overtaken(waiting: Iterable[Row], now_wall_s: float) -> list[Outcome]:
    """Escalation steps that nobody was there to send, when a later one is due as well."""
    rows = sorted(waiting, key=lambda row: row.created_wall_s)
    steps = [row for row in rows if is_step(row)]
    last = {row.incidents: row for row in steps}
    return [
        Outcome(row.channel, row.key, (row.key,), "overtaken", now_wall_s, "a later step is due")
        for row in steps
        if row.created_wall_s < last[row.incidents].created_wall_s
        and row.created_wall_s < now_wall_s - OVERDUE_S
    ]


def is_step(row: Row) -> bool:
    """Whether it tells of a step of an escalation, and of nothing else."""
    return [one["kind"] for one in row.message["entries"]] == ["escalated"]


def outcome(
    parcel: Parcel, status: Status, now_wall_s: float, random: Random, *,
    detail: str = "", retry_after_s: float | None = None,
) -> Outcome:  # fmt: skip
    """What came of a parcel; the next try after 1, 2, 4 … 60 s, give or take a fifth."""
    tries = max(row.tries for row in parcel.rows) + 1
    oldest_s = min(row.created_wall_s for row in parcel.rows)
    keys = tuple(row.key for row in parcel.rows)
    is_final = status == "refused" or (status == "failed" and now_wall_s - oldest_s >= DEAD_AFTER_S)
    due_s = 0.0
    if status == "failed" and not is_final:
        wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(tries - 1, 20))
        wait_s *= 1 + JITTER * (2 * random.random() - 1)
        if retry_after_s is not None:
            wait_s = min(max(wait_s, retry_after_s), LONGEST_RETRY_AFTER_S)
        due_s = now_wall_s + wait_s
    return Outcome(
        parcel.channel, parcel.key, keys, status, now_wall_s, detail[:300], tries, due_s, is_final
    )


def settled(rows: Mapping[str, Row], result: Outcome, fallback: str) -> list[Row]:
    """The rows that an outcome changes or makes; the same outcome again changes nothing."""
    changed: list[Row] = []
    for key in result.keys:
        row = rows.get(key)
        if row is None or row.state != "waiting":
            continue
        if result.status == "delivered":
            state: RowState = "sent" if key == result.key else "merged"
            changed.append(replace(row, state=state, tries=result.tries))
        elif result.status == "overtaken":
            changed.append(replace(row, state="merged", detail=result.detail))
        elif result.is_final:
            changed.append(replace(row, state="failed", tries=result.tries, detail=result.detail))
            changed.extend(_fallen_back(row, fallback, result, rows))
        else:
            changed.append(
                replace(row, tries=result.tries, due_wall_s=result.due_wall_s, detail=result.detail)
            )
    return changed


def _fallen_back(row: Row, fallback: str, result: Outcome, rows: Mapping[str, Row]) -> list[Row]:
    if not fallback or fallback == row.channel:
        return []
    key = message_key(tuple(row.message["entries"]), fallback)
    if key in rows:
        return []
    return [
        Row(
            key=key, channel=fallback, message=row.message, created_wall_s=row.created_wall_s,
            due_wall_s=result.wall_s,
        )
    ]  # fmt: skip


def _last_entries(rows: Iterable[Row]) -> tuple[Mapping[str, Any], ...]:  # Any: JSON
    """The newest entry of each incident, in the order in which they came up."""
    last: dict[str, Mapping[str, Any]] = {}  # Any: as above
    for row in rows:
        for entry in row.message["entries"]:
            before = last.get(entry["incident"])
            said = () if before is None else (*before.get("unsent", ()), before["kind"])
            said = tuple(dict.fromkeys(said))
            last[entry["incident"]] = {**entry, "unsent": said} if said else entry
    return tuple(last.values())


class Bucket:
    """Lets one message a second through, ten at once; the rest is put together."""

    def __init__(self, per_s: float = 1.0, burst: int = 10) -> None:
        self._per_s, self._burst = per_s, float(burst)
        self._left = float(burst)
        self._at_s: float | None = None

    def wait_s(self, now_s: float) -> float:
        """Seconds until the next message may go; 0 for now."""
        self._fill(now_s)
        return 0.0 if self._left >= 1 else (1 - self._left) / self._per_s

    def take(self, now_s: float) -> bool:
        """Take leave for one message; whether the bucket is empty now."""
        self._fill(now_s)
        self._left = max(0.0, self._left - 1)
        return self._left < 1

    @property
    def is_crowded(self) -> bool:
        """Whether what waits should go together."""
        return self._left < 2

    def _fill(self, now_s: float) -> None:
        passed_s = max(0.0, now_s - self._at_s) if self._at_s is not None else 0.0
        self._left = min(self._burst, self._left + passed_s * self._per_s)
        self._at_s = now_s
