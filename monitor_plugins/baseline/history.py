"""What is kept of series with one value a build: all of it in the plugin's file, none in memory.

series    one row each: what the detector remembers, where the present level began
build     the values, numbered from 0 for the life of a series; the last `KEPT_BUILDS` stay
about     what may explain a build: commit, reasons of the miss, parts (run_values.py)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from buildopt.monitor.hookspecs import State
from monitor_plugins.baseline.regression import WINDOW_BUILDS, Memory
from monitor_plugins.baseline.series_key import SeriesKey

DAY_NS = 86_400 * 10**9
SILENCE_NS = 30 * DAY_NS
"""A series without a build for so long begins anew: what ran then is no measure of now, and the
journal has forgotten it too, so that a replay says the same."""
MOST_SERIES = 10_000
"""The one that was silent for longest goes first."""
KEPT_BUILDS = WINDOW_BUILDS
MOST_ABOUTS = 20_000
"""Of the newest builds of all series: some 20 MB."""

TABLES = (
    "CREATE TABLE series(id TEXT PRIMARY KEY, key TEXT NOT NULL, total INTEGER NOT NULL, "
    "level INTEGER NOT NULL, last_ns INTEGER NOT NULL, gaps INTEGER NOT NULL, "
    "looks TEXT NOT NULL, said TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX series_silent ON series(last_ns, id)",
    "CREATE TABLE build(series TEXT, n INTEGER, time_ns INTEGER NOT NULL, value REAL NOT NULL, "
    "run TEXT NOT NULL, about TEXT NOT NULL, PRIMARY KEY(series, n)) WITHOUT ROWID",
    "CREATE TABLE about(number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, data TEXT NOT NULL)",
)


class Series(NamedTuple):
    """One row; `level` is the first build of the present level."""

    key: SeriesKey
    total: int = 0
    """Builds so far, also those that are forgotten."""
    level: int = 0
    last_ns: int = 0
    gaps: int = 0
    """Builds whose value was no number."""
    looks: Mapping[int, int] = {}  # a default that nobody changes
    said: tuple[int, ...] = ()

    @property
    def memory(self) -> Memory:
        """What the detector goes on from."""
        return Memory(count=self.total, looks=self.looks, said=self.said)

    def with_memory(self, memory: Memory) -> Series:
        """The series after a look of the detector."""
        return self._replace(total=memory.count, looks=memory.looks, said=memory.said)


class Build(NamedTuple):
    """One value."""

    n: int
    time_ns: int
    value: float
    run: str
    about: str


def load(state: State, key: SeriesKey) -> Series:
    """The series of a key; a new one where there is none."""
    rows = state.execute(f"SELECT {_COLUMNS} FROM series WHERE id = ?", (key.id,))
    return series_of(rows[0]) if rows else Series(key)


_COLUMNS = "key, total, level, last_ns, gaps, looks, said"
ALL = f"SELECT {_COLUMNS} FROM series ORDER BY key"
ONE = f"SELECT {_COLUMNS} FROM series WHERE id = ?"
BUILDS_OF = (
    "SELECT series, n, time_ns, value, run, about FROM build "
    "WHERE series IN (SELECT value FROM json_each(?)) ORDER BY series, n"
)
BUILDS = "SELECT n, time_ns, value, run, about FROM build WHERE series = ? AND n >= ? ORDER BY n"


def series_of(row: Sequence[Any]) -> Series:  # Any: columns of SQLite
    """The series of a row of `ALL` or `ONE`."""
    key, total, level, last_ns, gaps, looks, said = row
    return Series(
        key=SeriesKey(*json.loads(key)),
        total=total,
        level=level,
        last_ns=last_ns,
        gaps=gaps,
        looks={int(index): seen for index, seen in json.loads(looks).items()},
        said=tuple(json.loads(said)),
    )


def save(state: State, series: Series) -> None:
    """Keep a series; a new one may push the most silent one out."""
    state.execute(
        "INSERT INTO series VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET "
        "total = excluded.total, level = excluded.level, last_ns = excluded.last_ns, "
        "gaps = excluded.gaps, looks = excluded.looks, said = excluded.said",
        (
            series.key.id, json.dumps(series.key), series.total, series.level, series.last_ns,
            series.gaps, json.dumps(series.looks), json.dumps(series.said),
        ),
    )  # fmt: skip


def begin_level(state: State, series: str, n: int) -> None:
    """Let the present level begin with build `n`, which nobody needs to be told of any more."""
    rows = state.execute(ONE, (series,))
    if rows:
        known = series_of(rows[0])
        said = tuple(dict.fromkeys((*known.said, n)))
        save(state, known._replace(level=max(known.level, n), said=said))


def make_room(state: State) -> None:
    """Forget the most silent series where there are too many."""
    rows = state.execute(
        "SELECT id FROM series ORDER BY last_ns, id "
        "LIMIT max(0, (SELECT count(*) FROM series) - ?)",
        (MOST_SERIES,),
    )
    for (series,) in rows:
        for table in ("build", "finding", "accepted"):
            state.execute(f"DELETE FROM {table} WHERE series = ?", (series,))
        state.execute("DELETE FROM series WHERE id = ?", (series,))


class Rows(Protocol):
    """What those need who only read."""

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Rows of the plugin's tables."""


def builds(state: Rows, series: str, first: int = 0) -> list[Build]:
    """The builds of a series from number `first` on."""
    return [Build(*row) for row in state.execute(BUILDS, (series, first))]


def append(state: State, series: str, build: Build) -> None:
    """Keep a build; the oldest goes where there are too many."""
    state.execute("INSERT OR REPLACE INTO build VALUES (?, ?, ?, ?, ?, ?)", (series, *build))
    state.execute("DELETE FROM build WHERE series = ? AND n <= ?", (series, build.n - KEPT_BUILDS))


def forget_builds(state: State, series: str) -> None:
    """Forget all values of a series."""
    state.execute("DELETE FROM build WHERE series = ?", (series,))


def keep_about(state: State, id_: str, data: Mapping[str, Any]) -> None:  # Any: JSON
    """Keep what may explain a build."""
    state.execute(
        "INSERT OR IGNORE INTO about(id, data) VALUES (?, ?)",
        (id_, json.dumps(data, separators=(",", ":"))),
    )
    state.execute(
        "DELETE FROM about WHERE number <= (SELECT max(number) FROM about) - ?", (MOST_ABOUTS,)
    )


def about_of(state: Rows, id_: str) -> dict[str, Any]:  # Any: JSON
    """What is known of a build; nothing where that is too long ago."""
    rows = state.execute("SELECT data FROM about WHERE id = ?", (id_,))
    found: dict[str, Any] = json.loads(rows[0][0]) if rows else {}  # Any: JSON
    return found
