"""The plugin's tables: the engine's rows, the outbox, the history. The host commits them.

alert_row(kind, key, json)                     the engine's state, row by row (snapshot.py)
alert_outbox(key, channel, state, json)        what is to be sent, and what came of it
alert_history(n, wall_s, incident, rule, kind, level, json)
                                               every transition, for `alert history` and `stats`
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from monitor_plugins.alert.outbox import MOST_WAITING, Row, row_of
from monitor_plugins.alert.snapshot import RowKey

TABLES = (
    "CREATE TABLE IF NOT EXISTS alert_row("
    "kind TEXT, key TEXT, json TEXT NOT NULL, PRIMARY KEY(kind, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS alert_outbox("
    "key TEXT PRIMARY KEY, channel TEXT, state TEXT, created_wall_s REAL, json TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS alert_outbox_waiting ON alert_outbox(state, channel)",
    "CREATE TABLE IF NOT EXISTS alert_history("
    "n INTEGER PRIMARY KEY, wall_s REAL, incident TEXT, rule TEXT, kind TEXT, level TEXT, "
    "json TEXT NOT NULL)",
    "CREATE INDEX IF NOT EXISTS alert_history_incident ON alert_history(incident)",
)
WAITING = "SELECT json FROM alert_outbox WHERE state = 'waiting'"
WAITING_FOR = f"{WAITING} AND channel = ?"
MARK = "SELECT json FROM alert_row WHERE kind = 'worker' AND key = ?"
DEAD = (
    "SELECT count(*), max(json_extract(json, '$.detail')) FROM alert_outbox "
    "WHERE state = 'failed' AND channel = ? AND created_wall_s > ?"
)
OF_KIND = "SELECT json FROM alert_row WHERE kind = ?"
HISTORY = (
    "SELECT json FROM alert_history WHERE wall_s >= ? AND substr(incident, 1, ?) = ? ORDER BY n"
)
SENT = "SELECT channel, state, json FROM alert_outbox WHERE instr(json, ?) ORDER BY created_wall_s"
HISTORY_DAYS = 90
SETTLED_DAYS = 30
DAY_S = 86_400.0


class Database(Protocol):
    """What runs SQL: the consumer's state."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """The rows that come of it."""


def make_tables(database: Database) -> None:
    """All of them, where they are not there yet."""
    for table in TABLES:
        database.execute(table)


def read_rows(database: Database) -> list[tuple[RowKey, Any]]:  # Any: JSON
    """The engine's state as it was kept."""
    found = database.execute("SELECT kind, key, json FROM alert_row")
    return [((kind, key), json.loads(text)) for kind, key, text in found]


def write_rows(database: Database, rows: Iterable[tuple[RowKey, Any]]) -> None:  # Any: JSON
    """Keep what changed; None removes."""
    for (kind, key), raw in rows:
        if raw is None:
            database.execute("DELETE FROM alert_row WHERE kind = ? AND key = ?", (kind, key))
        else:
            text = json.dumps(raw, separators=(",", ":"))
            database.execute("INSERT OR REPLACE INTO alert_row VALUES (?, ?, ?)", (kind, key, text))


def add_to_outbox(database: Database, rows: Iterable[Row]) -> None:
    """New rows; one that is there already stays as it is."""
    for row in rows:
        database.execute(
            "INSERT OR IGNORE INTO alert_outbox VALUES (?, ?, ?, ?, ?)", _outbox_values(row)
        )
    (count,) = database.execute("SELECT count(*) FROM alert_outbox WHERE state = 'waiting'")[0]
    if count > MOST_WAITING:
        database.execute(
            "UPDATE alert_outbox SET state = 'merged' WHERE key IN (SELECT key FROM alert_outbox "
            "WHERE state = 'waiting' ORDER BY created_wall_s LIMIT ?)", (count - MOST_WAITING,)
        )  # fmt: skip


def change_outbox(database: Database, rows: Iterable[Row]) -> None:
    """Rows whose state or due time is another one now."""
    for row in rows:
        database.execute(
            "INSERT OR REPLACE INTO alert_outbox VALUES (?, ?, ?, ?, ?)", _outbox_values(row)
        )


def outbox_rows(database: Database, keys: Iterable[str]) -> Mapping[str, Row]:
    """Rows by their keys, and those of the same incidents on other channels."""
    found: dict[str, Row] = {}
    for key in keys:
        for text, state in database.execute(
            "SELECT json, state FROM alert_outbox WHERE key = ?", (key,)
        ):
            found[key] = row_of({**json.loads(text), "state": state})
    return found


def add_history(database: Database, entries: Iterable[Mapping[str, Any]]) -> None:  # Any: JSON
    """Transitions, as they came."""
    for one in entries:
        database.execute(
            "INSERT INTO alert_history(wall_s, incident, rule, kind, level, json) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (one["wall_s"], one.get("incident", ""), one["rule"], one["kind"],
             one.get("level", ""), json.dumps(one)),
        )  # fmt: skip


def mark_history(database: Database, incident: str, *, false_alarm: bool) -> None:
    """Note in the history what somebody thinks of an incident."""
    database.execute(
        "UPDATE alert_history SET json = json_set(json, '$.false_alarm', json(?)) "
        "WHERE incident = ?", ("true" if false_alarm else "false", incident)
    )  # fmt: skip


def forget_old(database: Database, wall_s: float) -> None:
    """Drop what is too old for any question."""
    database.execute("DELETE FROM alert_history WHERE wall_s < ?", (wall_s - HISTORY_DAYS * DAY_S,))
    database.execute(
        "DELETE FROM alert_outbox WHERE state != 'waiting' AND created_wall_s < ?",
        (wall_s - SETTLED_DAYS * DAY_S,),
    )


def _outbox_values(row: Row) -> tuple[Any, ...]:  # Any: what SQLite takes
    text = json.dumps(row.as_json(), separators=(",", ":"))
    return row.key, row.channel, row.state, row.created_wall_s, text
