"""What a consumer remembers: the `State` of hookspecs.py, as rows of the consumer's file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from buildopt.monitor.plugin_file import PluginFile


class FileState:
    """Reads and writes inside the transaction of a step."""

    def __init__(self, file: PluginFile, *, is_ticking: bool) -> None:
        self.version = file.state_version()
        self._file = file
        self._is_ticking = is_ticking

    def get(self, key: str, default: Any = None) -> Any:  # Any: JSON
        """The JSON value of a key."""
        found = self._host("SELECT value FROM host_state WHERE key = ?", (key,))
        return json.loads(found[0][0]) if found else default

    def set(self, key: str, value: Any) -> None:  # Any: JSON
        """Remember a JSON value."""
        self._host("INSERT OR REPLACE INTO host_state VALUES (?, ?)", (key, _json_text(value)))

    def delete(self, key: str) -> None:
        """Forget a key."""
        self._host("DELETE FROM host_state WHERE key = ?", (key,))

    def items(self, prefix: str = "") -> Iterator[tuple[str, Any]]:  # Any: JSON
        """Keys that begin so, in order, with their values."""
        rows = self._host(
            "SELECT key, value FROM host_state WHERE substr(key, 1, ?) = ? ORDER BY key",
            (len(prefix), prefix),
        )
        return ((key, json.loads(value)) for key, value in rows)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """SQL on the consumer's own tables."""
        with self._file.lent():
            return self._file.plugin_rows(sql, parameters)

    def wake_at(self, time_ns: int) -> None:
        """Have `tick` called at that time."""
        if not self._is_ticking:
            raise TypeError("wake_at without a method tick")
        self._host("INSERT OR IGNORE INTO host_wake VALUES (?)", (int(time_ns),))

    def _host(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._file.rows(sql, parameters)


def _json_text(value: Any) -> str:  # Any: JSON
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
