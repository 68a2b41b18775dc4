"""What the consumer keeps: values of page views by build, and the files of builds.

made    chunk -> bytes of each build; the last `MOST_BUILDS`
level   the builds of which a vital of a route was seen, in that order
view    one value for each page view; a later one of the same view takes its place
open    findings that are not over
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from buildopt.monitor.hookspecs import State
from monitor_plugins.web.builds import MOST_BUILDS, Made
from monitor_plugins.web.chunk_names import chunk_of

MOST_VIEWS = 2_000
"""Of one vital, route and build: more make a p75 no surer than anybody needs."""
MOST_LEVELS = 10
"""Builds of one vital and route; the oldest go."""
MOST_KEYS = 2_000

TABLES = (
    "CREATE TABLE made(n INTEGER PRIMARY KEY, build TEXT UNIQUE NOT NULL, files TEXT NOT NULL, "
    "time_ns INTEGER NOT NULL)",
    "CREATE TABLE level(n INTEGER PRIMARY KEY, key TEXT NOT NULL, build TEXT NOT NULL, "
    "time_ns INTEGER NOT NULL, UNIQUE(key, build))",
    "CREATE TABLE view(key TEXT, build TEXT, id TEXT, value REAL NOT NULL, "
    "PRIMARY KEY(key, build, id)) WITHOUT ROWID",
    "CREATE TABLE open(id TEXT PRIMARY KEY, key TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
)


def keep_made(state: State, made: Made, time_ns: int) -> None:
    """Remember the files of a build; several events of one run add up."""
    files = {**files_of(state, made.build), **made.files}
    state.execute(
        "INSERT INTO made(build, files, time_ns) VALUES (?, ?, ?) "
        "ON CONFLICT(build) DO UPDATE SET files = excluded.files",
        (made.build, json.dumps(files), time_ns),
    )
    state.execute("DELETE FROM made WHERE n <= (SELECT max(n) FROM made) - ?", (MOST_BUILDS,))


def files_of(state: State, build: str) -> dict[str, int]:
    """File -> bytes; nothing for a build that is not known."""
    rows = state.execute("SELECT files FROM made WHERE build = ?", (build,))
    return dict(json.loads(rows[0][0])) if rows else {}


def made_ns(state: State, build: str) -> int | None:
    """When a build was made, where that is known."""
    rows = state.execute("SELECT time_ns FROM made WHERE build = ?", (build,))
    return int(rows[0][0]) if rows else None


def sizes_of(state: State, build: str) -> Counter[str]:
    """Chunk -> bytes, whatever its hash."""
    sizes: Counter[str] = Counter()
    for file, size in files_of(state, build).items():
        sizes[chunk_of(file)] += size
    return sizes


def add(state: State, key: str, build: str, id_: str, value: float, time_ns: int) -> bool:
    """Keep one value; whether it is of a page view that was not known."""
    state.execute(
        "INSERT OR IGNORE INTO level(key, build, time_ns) VALUES (?, ?, ?)", (key, build, time_ns)
    )
    where = "WHERE key = ? AND build = ? AND id = ?"
    if state.execute(f"SELECT 1 FROM view {where}", (key, build, id_)):
        state.execute(f"UPDATE view SET value = ? {where}", (value, key, build, id_))
        return False
    if count(state, key, build) >= MOST_VIEWS:
        return False
    state.execute("INSERT INTO view VALUES (?, ?, ?, ?)", (key, build, id_, value))
    _make_room(state, key)
    return True


def count(state: State, key: str, build: str) -> int:
    """Page views of a build."""
    rows = state.execute("SELECT count(*) FROM view WHERE key = ? AND build = ?", (key, build))
    return int(rows[0][0])


def values(state: State, key: str, build: str) -> list[float]:
    """The values of a build."""
    rows = state.execute("SELECT value FROM view WHERE key = ? AND build = ?", (key, build))
    return [row[0] for row in rows]


def builds_before(state: State, key: str, build: str) -> list[str]:
    """The builds that were seen before this one, the newest first."""
    rows = state.execute(
        "SELECT build FROM level WHERE key = ? AND n < "
        "(SELECT n FROM level WHERE key = ? AND build = ?) ORDER BY n DESC",
        (key, key, build),
    )
    return [row[0] for row in rows]


def is_newest(state: State, key: str, build: str) -> bool:
    """Whether no later build was seen: views of an old page change nothing."""
    rows = state.execute("SELECT build FROM level WHERE key = ? ORDER BY n DESC LIMIT 1", (key,))
    return bool(rows) and rows[0][0] == build


def first_seen_ns(state: State, key: str, build: str) -> int:
    """When the first page of a build was seen."""
    rows = state.execute("SELECT time_ns FROM level WHERE key = ? AND build = ?", (key, build))
    return int(rows[0][0]) if rows else 0


def opened(state: State, key: str) -> list[dict[str, Any]]:  # Any: JSON
    """Findings of a series that are not over."""
    rows = state.execute("SELECT data FROM open WHERE key = ? ORDER BY id", (key,))
    return [json.loads(row[0]) for row in rows]


def open_one(state: State, finding: str) -> tuple[str, dict[str, Any]] | None:  # Any: JSON
    """The series of a finding, and the finding, as long as it is not over."""
    rows = state.execute("SELECT key, data FROM open WHERE id = ?", (finding,))
    return (rows[0][0], json.loads(rows[0][1])) if rows else None


def keep_open(state: State, key: str, data: Mapping[str, Any]) -> None:  # Any: JSON
    """Remember a finding until it is over."""
    state.execute(
        "INSERT OR REPLACE INTO open VALUES (?, ?, ?)", (data["finding"], key, json.dumps(data))
    )


def close(state: State, finding: str) -> None:
    """Forget a finding."""
    state.execute("DELETE FROM open WHERE id = ?", (finding,))


def _make_room(state: State, key: str) -> None:
    rows = state.execute(
        "SELECT key, build FROM level WHERE key = ? ORDER BY n DESC LIMIT -1 OFFSET ?",
        (key, MOST_LEVELS),
    )
    if not rows:
        rows = state.execute(
            "SELECT key, build FROM level WHERE n <= (SELECT max(n) FROM level) - ?",
            (MOST_KEYS,),
        )
    for old, build in rows:
        state.execute("DELETE FROM view WHERE key = ? AND build = ?", (old, build))
        state.execute("DELETE FROM level WHERE key = ? AND build = ?", (old, build))
