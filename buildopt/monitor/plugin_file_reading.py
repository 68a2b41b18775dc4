"""Looks into a consumer's file that somebody else may be writing, and copies it."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from buildopt.monitor.plugin_file import BUSY_TIMEOUT_S, DeadLetter, Standing


def read_dead_letters(path: str) -> tuple[DeadLetter, ...]:
    """The dead letters of a file that somebody else may be writing, oldest first."""
    with read_only(path) as connection:
        rows = connection.execute(
            "SELECT position, time_ns, type, payload, error FROM host_dead_letter ORDER BY number"
        )
        return tuple(DeadLetter(*row) for row in rows)


def read_standing(path: str) -> Standing:
    """Where the consumer of a file is, while somebody else may be writing it."""
    with read_only(path) as connection:
        known = dict(connection.execute("SELECT key, value FROM host_meta"))
        return Standing(**{name: known[name] for name in Standing._fields if name in known})


class Rows:
    """Reads one file again and again, from any thread, without opening it each time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode = 0

    def read(self, sql: str, parameters: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        """Rows as last committed; raises OSError where there is no such file."""
        with self._lock:
            inode = os.stat(self._path).st_ino
            if self._connection is None or inode != self._inode:
                self._disconnect()
                self._connection, self._inode = _connection(self._path), inode
            return self._connection.execute(sql, parameters).fetchall()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None


@contextmanager
def read_only(path: str) -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; raises OSError where there is no such file."""
    os.stat(path)
    connection = _connection(path)
    try:
        yield connection
    finally:
        connection.close()


def copy(source: str, target: str) -> None:
    """A whole copy of a file that somebody else may be writing."""
    with read_only(source) as connection:
        copied = sqlite3.connect(target)
        try:
            connection.backup(copied)
        finally:
            copied.close()


def rewind(path: str, position: str) -> None:
    """Put a copy back to a position: what it knows stays, what it had yet to say is dropped."""
    connection = sqlite3.connect(path)
    try:
        connection.execute("DELETE FROM host_outgoing")
        connection.execute("DELETE FROM host_said")
        places = [("position", position), ("clock_ns", 0)]
        connection.executemany("INSERT OR REPLACE INTO host_meta VALUES (?, ?)", places)
        connection.commit()
    finally:
        connection.close()


def _connection(path: str) -> sqlite3.Connection:
    address = f"file:{_quoted(path)}?mode=ro"
    return sqlite3.connect(address, uri=True, timeout=BUSY_TIMEOUT_S, check_same_thread=False)


def _quoted(path: str) -> str:
    return quote(os.path.abspath(path))
