"""The one SQLite file of a consumer: where it stands, what it knows, what it has yet to say.

    host_meta(key, value)        the fields of `Standing`, and what versions wrote the file
    host_state(key, value)       `state.get` and `state.set`, JSON
    host_wake(time_ns)           times that `wake_at` asked for
    host_outgoing(n, position, payload)
                                 events returned and not yet known to be in the journal; `position`
                                 is where the consumer stood before: they are in the journal behind
    host_said(id)                own events that the journal held when the file was made
    host_dead_letter(number, position, time_ns, type, payload, error)

All of it moves in one transaction with the tables that the consumer made by itself. Where it is
durable, what changed those is on the disk before anybody is told. One connection writes; a file
that is no database any more is moved aside, and the stream is taken from its start.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

APPLICATION_ID = 0x626F7067
"""The letters `bopg` in the header of the file (SQLite's `application_id`)."""
FORMAT = 1
MOST_DEAD_LETTERS = 1_000
"""The oldest go first."""
BUSY_TIMEOUT_S = 5.0
"""A child of a killed monitor may hold the file for a moment."""

_TABLES = """
CREATE TABLE IF NOT EXISTS host_meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host_state(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host_wake(time_ns INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS host_outgoing(
  n INTEGER PRIMARY KEY, position TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS host_said(id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host_dead_letter(
  number INTEGER PRIMARY KEY AUTOINCREMENT, position TEXT NOT NULL, time_ns INTEGER NOT NULL,
  type TEXT NOT NULL, payload BLOB NOT NULL, error TEXT NOT NULL);
"""
_DENIED = {
    sqlite3.SQLITE_TRANSACTION,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_ATTACH,
    sqlite3.SQLITE_DETACH,
    sqlite3.SQLITE_PRAGMA,
}
_STORAGE = {
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT,
}  # fmt: skip
_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


class Standing(NamedTuple):
    """Where a consumer is: kept in `host_meta`, all of it with each step.

    `clock_ns` is the time of the stream so far; `said` counts the events it returned;
    `letters` its dead letters, `letters_in_row` those since an event went well; `knows_said` is 1
    when `host_said` has been filled.
    """

    position: str = ""
    clock_ns: int = 0
    said: int = 0
    letters: int = 0
    letters_in_row: int = 0
    quarantined_until_ns: int = 0
    knows_said: int = 0


class Outgoing(NamedTuple):
    """An event that the consumer returned, as it will stand in the journal."""

    n: int
    position: str
    payload: bytes


class DeadLetter(NamedTuple):
    """An event that a consumer could not take, whatever was tried."""

    position: str
    time_ns: int
    type: str
    payload: bytes
    error: str


def path_of(folder: str, name: str) -> str:
    """The file of a consumer in a state folder."""
    return os.path.join(folder, "plugins", f"{name}.sqlite")


class Damaged(Exception):
    """SQLite's own check finds the file wanting."""


class PluginFile:
    """The only writing connection to a consumer's file."""

    def __init__(self, path: str, *, is_durable: bool = False) -> None:
        self.moved_aside = ""
        """Where the former file is, if it was no database any more."""
        self.plugin_changes = 0
        """How many rows of its own tables the plugin has changed so far."""
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self._log = f"{path}-wal" if is_durable else ""
        self._guarded = False
        self._standing: Standing | None = None
        """As it was kept last; None where that has to be read."""
        try:
            self._connection = self._open(path)
        except (sqlite3.DatabaseError, Damaged) as error:
            if not is_damage(error):
                raise
            self.moved_aside = _move_aside(path)
            self._connection = self._open(path)

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done within is kept together, or not at all."""
        changes = self.plugin_changes
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._standing = None
            with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                self._connection.execute("ROLLBACK")
            raise
        if self._log and self.plugin_changes != changes:
            _sync(self._log)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """While a plugin's code runs: SQL may not touch the host's tables or transactions."""
        self._guarded = True
        try:
            yield
        finally:
            self._guarded = False

    def standing(self) -> Standing:
        """Where the consumer is."""
        if self._standing is None:
            known = dict(self.rows("SELECT key, value FROM host_meta"))
            kept = {name: known[name] for name in Standing._fields if name in known}
            self._standing = Standing(**kept)
        return self._standing

    def stand(self, standing: Standing) -> None:
        """Keep where the consumer is."""
        before = self.standing()._asdict()
        self._connection.executemany(
            "INSERT OR REPLACE INTO host_meta VALUES (?, ?)",
            [(name, value) for name, value in standing._asdict().items() if value != before[name]],
        )
        self._standing = standing

    def state_version(self) -> int:
        """The `state_version` of who wrote last; 0 for a new file."""
        found = self.rows("SELECT value FROM host_meta WHERE key = 'state_version'")
        return int(found[0][0]) if found else 0

    def set_state_version(self, version: int) -> None:
        """The state has that form now."""
        self.rows("INSERT OR REPLACE INTO host_meta VALUES ('state_version', ?)", (version,))

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement."""
        return self._connection.execute(sql, parameters).fetchall()

    def plugin_rows(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The same for a statement of the plugin's: never one that the host has prepared."""
        before = self._connection.total_changes
        found = self.rows(f"--\n{sql}", parameters)
        self.plugin_changes += self._connection.total_changes - before
        return found

    def next_wake(self) -> int | None:
        """The earliest time that was asked for."""
        found: int | None = self.rows("SELECT min(time_ns) FROM host_wake")[0][0]
        return found

    def outgoing(self) -> tuple[Outgoing, ...]:
        """What is not yet known to be in the journal, in order."""
        rows = self.rows("SELECT n, position, payload FROM host_outgoing ORDER BY n")
        return tuple(Outgoing(*row) for row in rows)

    def forget_outgoing(self, upto_n: int) -> None:
        """All of them up to that one are in the journal."""
        self.rows("DELETE FROM host_outgoing WHERE n <= ?", (upto_n,))

    def learn_said(self, ids: Sequence[str]) -> None:
        """The journal holds these events of the consumer already, from a file that was lost."""
        with self.transaction():
            self._connection.executemany(
                "INSERT OR IGNORE INTO host_said VALUES (?)", ((id_,) for id_ in ids)
            )
            self.stand(self.standing()._replace(knows_said=1))

    def bury(self, letter: DeadLetter) -> None:
        """Keep an event that could not be taken."""
        self.rows(
            "INSERT INTO host_dead_letter(position, time_ns, type, payload, error) "
            "VALUES (?, ?, ?, ?, ?)",
            letter,
        )
        self.rows(
            "DELETE FROM host_dead_letter WHERE number <= "
            f"(SELECT max(number) FROM host_dead_letter) - {MOST_DEAD_LETTERS}"
        )

    def _open(self, path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        try:
            os.chmod(path, 0o600)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA trusted_schema = OFF")
            self._check(connection)
        except BaseException:
            connection.close()
            raise
        connection.set_authorizer(self._authorize)
        return connection

    def _check(self, connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
            raise Damaged
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise ValueError(f"the file has format {version}, this version knows {FORMAT}")
        if version == 0:
            connection.executescript(
                f"BEGIN IMMEDIATE;{_TABLES}PRAGMA application_id = {APPLICATION_ID};"
                f"PRAGMA user_version = {FORMAT};COMMIT;"
            )

    def _authorize(self, action: int, first: str | None, second: str | None, *_: str | None) -> int:
        if self._guarded and (
            action in _DENIED or (first or "").startswith("host_") or _on_host_table(action, second)
        ):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK


def is_damage(error: Exception) -> bool:
    """Whether a file is no database any more."""
    return isinstance(error, Damaged) or _code(error) in (
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
    )


def is_storage(error: BaseException) -> bool:
    """Whether the disk or another process is at fault, not the plugin's code or its SQL."""
    is_disk = isinstance(error, OSError) and error.errno in _DISK
    return is_disk or _code(error) in _STORAGE


def _code(error: BaseException) -> int:
    code = getattr(error, "sqlite_errorcode", 0) if isinstance(error, sqlite3.Error) else 0
    return int(code) & 0xFF


def _on_host_table(action: int, table: str | None) -> bool:
    kinds = (sqlite3.SQLITE_CREATE_TRIGGER, sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_ALTER_TABLE)
    return action in kinds and (table or "").startswith("host_")


def _sync(log: str) -> None:
    """Put SQLite's log on the disk, with what was committed to it: what `synchronous = FULL` does,
    which cannot be asked for once a transaction has begun.
    """
    descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _move_aside(path: str) -> str:
    number = 1
    while os.path.exists(aside := f"{path}.damaged-{number}"):
        number += 1
    os.rename(path, aside)
    for tail in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            os.rename(path + tail, aside + tail)
    return aside
