"""The life of a finding, told by events: from a suspicion to its end.

    suspected ──not seen any more, or refuted by `bench --confirm`──▶ withdrawn
        │
        ▼ sure                       ┌─ the level came back ─ a person accepts it ─┐
    confirmed (worse) ───────────────┴─ the series is reset ─ or silent for 30 days ┴▶ closed
    confirmed (better)               nobody needs to do a thing: it is told, no more

A large step is confirmed without a suspicion. Each event has the whole finding; those of one
`group` began with the same build.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, fact
from monitor_plugins.baseline import history
from monitor_plugins.baseline.attribution import cause_of
from monitor_plugins.baseline.changepoints import Change
from monitor_plugins.baseline.history import Build, Rows, Series
from monitor_plugins.baseline.learning import smallest_change
from monitor_plugins.baseline.regression import SAID_ROWS, Finding
from monitor_plugins.baseline.shares import Moved

PREFIX = "buildopt.baseline."
Reason = Literal["recovered", "accepted", "reset", "silence", "refuted"]
BACK_SHARE = 0.25
"""A level is back when less than a quarter of the step is left."""
BACK_EFFECT = 0.02
"""Or when it is within 2 % of what it was: less than can be told from noise."""

TABLES = (
    "CREATE TABLE finding(id TEXT PRIMARY KEY, series TEXT NOT NULL, n INTEGER NOT NULL, "
    "state TEXT NOT NULL, data TEXT NOT NULL) WITHOUT ROWID",
    "CREATE INDEX finding_series ON finding(series, n)",
)
ACCEPTED_TABLE = (
    "CREATE TABLE IF NOT EXISTS accepted(finding TEXT PRIMARY KEY, series TEXT NOT NULL) "
    "WITHOUT ROWID"
)
"""Who accepts a finding twice is told so; since version 2 of the state."""
OPEN = "SELECT id, series, n, state, data FROM finding ORDER BY series, n"


class Open(NamedTuple):
    """A finding that is not over."""

    id: str
    series: str
    n: int
    state: Literal["suspected", "confirmed"]
    data: Mapping[str, Any]  # Any: JSON

    @classmethod
    def of(cls, row: Sequence[Any]) -> Open:  # Any: columns of SQLite
        """That of a row of `OPEN`."""
        id_, series, n, state, data = row
        return cls(id_, series, n, state, json.loads(data))


def open_findings(state: Rows, series: str) -> list[Open]:
    """Those of a series, oldest first."""
    rows = state.execute(
        "SELECT id, series, n, state, data FROM finding WHERE series = ? ORDER BY n", (series,)
    )
    return [Open.of(row) for row in rows]


def take(
    state: State,
    series: Series,
    found: Sequence[Finding],
    doubted: Sequence[Change],
    event: Event,
) -> Iterator[Event]:
    """What one more look brings: new findings, and what became of the suspicions."""
    for one in found:
        yield from _take_one(state, series, one, event)
    new = {one.change.index for one in found}
    for finding in open_findings(state, series.key.id):
        if finding.state == "confirmed" or finding.n in new:
            continue
        near = [change for change in doubted if abs(change.index - finding.n) <= SAID_ROWS]
        if near:
            yield from _look_again(state, series, finding, near, event)
        else:
            state.execute("DELETE FROM finding WHERE id = ?", (finding.id,))
            yield told("withdrawn", finding.data, event)


def _look_again(
    state: State, series: Series, finding: Open, near: Sequence[Change], event: Event
) -> Iterator[Event]:
    """A suspicion is what the newest build says of it; told again where it began with another."""
    change = min(near, key=lambda change: abs(change.index - finding.n))
    kept = {
        name: finding.data[name] for name in ("finding", "group", "bench") if name in finding.data
    }
    data = {**_data_of(state, series, change), **kept}
    keep(state, finding.id, finding.series, change.index, "suspected", data)
    if data["since_run"] != finding.data["since_run"]:
        yield told("suspected", data, event)


def _data_of(state: State, series: Series, change: Change) -> dict[str, Any]:  # Any: JSON
    builds = history.builds(state, series.key.id)
    cause = cause_of(state, builds, change.index)
    return _told_by(series, change, builds, _first(cause, change)) | {"cause": cause}


def close(state: State, series: str, reason: Reason, event: Event) -> Iterator[Event]:
    """End all findings of a series."""
    for finding in open_findings(state, series):
        state.execute("DELETE FROM finding WHERE id = ?", (finding.id,))
        if reason == "accepted":
            state.execute("INSERT OR REPLACE INTO accepted VALUES (?, ?)", (finding.id, series))
        yield told("closed", {**finding.data, "reason": reason}, event)


def settle(state: State, event: Event) -> Iterator[Event]:
    """What `bench --confirm` says of a finding: both versions ran in turn."""
    rows = state.execute(
        "SELECT id, series, n, state, data FROM finding WHERE id = ?",
        (str(event.data.get("finding", "")),),
    )
    for finding in map(Open.of, rows):
        bench = {name: event.data.get(name) for name in BENCH_FIELDS}
        data = {**finding.data, "bench": bench}
        if bench["answer"] == WORDS[finding.data["after"] > finding.data["before"]]:
            keep(state, finding.id, finding.series, finding.n, "confirmed", data)
            history.begin_level(state, finding.series, finding.n)
            if finding.state == "suspected":
                yield told("confirmed", data, event)
        elif bench["answer"] != "cannot tell":
            state.execute("DELETE FROM finding WHERE id = ?", (finding.id,))
            kind = "withdrawn" if finding.state == "suspected" else "closed"
            yield told(kind, {**data, "reason": "refuted"}, event)


BENCH_FIELDS = ("answer", "ratio", "ratio_low", "ratio_high", "runs")
WORDS = {True: "slower", False: "faster"}


def told(kind: str, data: Mapping[str, Any], of: Event) -> Event:  # Any: JSON
    """The event about a finding."""
    is_bad = kind == "confirmed" and data["direction"] == "worse"
    return fact(
        PREFIX + kind, {**data, "state": kind}, time_ns=of.time_ns, of=of,
        subject=str(data["name"]),
        severity="warning" if is_bad else "info",
    )  # fmt: skip


def _take_one(state: State, series: Series, found: Finding, event: Event) -> Iterator[Event]:
    change, key = found.change, series.key
    if abs(change.after - change.before) < key.measured.least_change:
        return
    data = _data_of(state, series, change)
    near = [f for f in open_findings(state, key.id) if abs(f.n - change.index) <= SAID_ROWS]
    earlier = next((f for f in near if f.state == "suspected"), None)
    if any(f.state == "confirmed" for f in near):
        return
    data["finding"] = earlier.id if earlier else data["finding"]
    data["group"] = earlier.data["group"] if earlier else _group(state, series, data)
    if found.state == "suspected":
        if not earlier:
            keep(state, data["finding"], key.id, change.index, "suspected", data)
            yield told("suspected", data, event)
        return
    if data["direction"] == "worse":
        keep(state, data["finding"], key.id, change.index, "confirmed", data)
    else:
        state.execute("DELETE FROM finding WHERE id = ?", (data["finding"],))
    yield told("confirmed", data, event)
    for finding in open_findings(state, key.id):
        if finding.state == "confirmed" and finding.n < change.index and _is_back(finding, change):
            state.execute("DELETE FROM finding WHERE id = ?", (finding.id,))
            yield told("closed", {**finding.data, "reason": "recovered"}, event)


def _group(state: State, series: Series, data: Mapping[str, Any]) -> str:  # Any: JSON
    """The first finding of the project that may have begun with the same build, or this one.

    A slower step makes a slower build: that is one thing to look at, not two.
    """
    first, _, last = data["cause"].get("builds", (0, 0, 0))
    builds = history.builds(state, series.key.id, first)
    times = [b.time_ns for b in builds if first <= b.n <= last] or [data["since_ns"]]
    for (text,) in state.execute("SELECT data FROM finding ORDER BY id"):
        other = json.loads(text)
        is_near = min(times) <= other["since_ns"] <= max(times)
        if other["project"] == data["project"] and is_near:
            return str(other.get("group") or other["finding"])
    return str(data["finding"])


def _is_back(finding: Open, change: Change) -> bool:
    before, after = finding.data["before"], finding.data["after"]
    left = (change.after - before) * (1 if after > before else -1)
    return bool(left <= max(BACK_SHARE * abs(after - before), BACK_EFFECT * abs(before)))


def data_of_share(
    series: Series, moved: Moved, n: int, builds: Sequence[Build]
) -> dict[str, Any]:  # Any: JSON
    """The finding that a share of builds has moved."""
    return {
        **_facts(series, moved.before, moved.after, builds, n),
        "effect": round(moved.after - moved.before, 6),
        "confidence": 0.997,
        "builds_after": series.total - n,
    }


def _first(cause: Mapping[str, Any], change: Change) -> int:  # Any: JSON
    """The build that most likely began the new level."""
    _, best, _ = cause.get("builds", (0, change.index, 0))
    return int(best)


def _told_by(
    series: Series, change: Change, builds: Sequence[Build], first: int
) -> dict[str, Any]:  # Any: JSON
    values = [b.value for b in builds if b.n < first]
    return {
        **_facts(series, change.before, change.after, builds, first),
        "effect": round(change.effect, 6) if change.before else None,
        "confidence": round(change.confidence, 6),
        "builds_after": change.rows_after,
        "standard_errors": round(change.contrast.standard_errors, 2),
        "noise": round(change.contrast.sigma, 6),
        "smallest_change": _rounded(smallest_change(values)) if len(values) > 1 else None,
    }


def _facts(
    series: Series, before: float, after: float, builds: Sequence[Build], n: int
) -> dict[str, Any]:  # Any: JSON
    key = series.key
    first = next((b for b in builds if b.n == n), None)
    is_worse = (after > before) == (key.measured.better == "lower")
    words = f"{key.id} {first.run if first and first.run else n} {after > before}"
    return {
        "finding": (finding := blake2b(words.encode(), digest_size=4).hexdigest()),
        "group": finding,
        "series": key.id,
        "name": key.name,
        **key._asdict(),
        "direction": "worse" if is_worse else "better",
        "before": before,
        "after": after,
        "builds_before": sum(b.n < n for b in builds),
        "since_run": first.run if first else "",
        "since_ns": first.time_ns if first else 0,
    }


def _rounded(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def keep(state: State, id_: str, series: str, n: int, how: str, data: Mapping[str, Any]) -> None:
    """Remember a finding until it is over."""
    state.execute(
        "INSERT OR REPLACE INTO finding VALUES (?, ?, ?, ?, ?)",
        (id_, series, n, how, json.dumps(data)),
    )
