"""Holds the vitals of each build against those of the build before, and tells what moved.

At 75 page views of a build, and each time they have doubled, the p75 of each vital and route is
compared with that of the newest build before that had as many (`shifts.py`).

    (nothing) ──worse than the build before──▶ confirmed ──is back──▶ closed
                                                   └──somebody accepts it──▶ closed, not told again
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from buildopt.events import Event
from buildopt.monitor.hookspecs import State, fact, moment, size
from monitor_plugins.web import views
from monitor_plugins.web.builds import ANALYZED, STORED, made_of
from monitor_plugins.web.receiving import VITAL
from monitor_plugins.web.shifts import LEAST_VIEWS, Level, differs, level_of

PREFIX = "buildopt.finding."
ACCEPTED = "buildopt.web.accepted"
"""What a person asks for: {"finding"}."""
BACK_SHARE = 0.25
"""A level is back when less than a quarter of the step is left."""
LEAST_GROWTH_BYTES = 1_000
NAMED_CHUNKS = 2
IS_ACCEPTED = "is_accepted"


class Web:
    """The consumer; see `hookspecs.Consumer`."""

    name = "web"
    version = "1"
    types: Sequence[str] = (VITAL, ANALYZED, STORED, ACCEPTED)
    state_version = 1

    def migrate(self, state: State) -> None:
        """Make the tables of a new file."""
        for statement in views.TABLES:
            state.execute(statement)

    def handle(self, batch: Sequence[Event], state: State) -> Iterator[Event]:
        """Take events in; what was found with them."""
        for event in batch:
            if event.type == VITAL:
                yield from _take(event, state)
                continue
            if event.type == ACCEPTED:
                yield from _accept(event, state)
                continue
            project = event.source.strip("/").partition("/")[2].rpartition("/")[0]
            made = made_of(event.type, event.id, event.run, project, event.data)
            if made:
                views.keep_made(state, made, event.time_ns)


def _take(event: Event, state: State) -> Iterator[Event]:
    data = event.data
    value, build = data.get("browser.web_vital.value"), str(data.get("build", ""))
    if not build or not isinstance(value, int | float) or not math.isfinite(value):
        return
    name = str(data.get("browser.web_vital.name", "")).upper()
    key = json.dumps([data.get("project"), event.environment, data.get("route"), name])
    id_ = str(data.get("browser.web_vital.id") or event.id)
    is_new = views.add(state, key, build, id_, float(value), event.time_ns)
    if is_new and _is_time(views.count(state, key, build)) and views.is_newest(state, key, build):
        yield from _look(event, state, key, name)


def _is_time(count: int) -> bool:
    """75, 150, 300 …: each look is another chance of a false claim."""
    times, rest = divmod(count, LEAST_VIEWS)
    return not rest and times & (times - 1) == 0


def _look(event: Event, state: State, key: str, name: str) -> Iterator[Event]:
    build = str(event.data["build"])
    after = level_of(views.values(state, key, build))
    for finding in views.opened(state, key):
        if _is_back(finding, after):
            views.close(state, finding["finding"])
            if not finding.get(IS_ACCEPTED):
                yield _told("closed", {**finding, "reason": "recovered"}, event)
    before_build = next(
        (b for b in views.builds_before(state, key, build)
         if views.count(state, key, b) >= LEAST_VIEWS), None,
    )  # fmt: skip
    if before_build is None or any(f["build"] == build for f in views.opened(state, key)):
        return
    before = level_of(views.values(state, key, before_build))
    if not differs(name, before, after):
        return
    data = _finding(event, state, key, name, (before_build, before), (build, after))
    if data["direction"] == "worse":
        views.keep_open(state, key, data)
    yield _told("confirmed", data, event)


def _accept(event: Event, state: State) -> Iterator[Event]:
    """Close a finding, and keep it: its build is not told again."""
    found = views.open_one(state, str(event.data.get("finding", "")))
    if found is None:
        return
    key, finding = found
    if not finding.get(IS_ACCEPTED):
        views.keep_open(state, key, {**finding, IS_ACCEPTED: True})
        yield _told("closed", {**finding, "reason": "accepted"}, event)


def _is_back(finding: Mapping[str, Any], level: Level) -> bool:  # Any: JSON
    scale = 1.0 if finding["unit"] == "" else 1000.0
    before, after = finding["before"] * scale, finding["after"] * scale
    return bool(level.p75 <= before + BACK_SHARE * (after - before))


def _finding(
    event: Event, state: State, key: str, name: str, one: tuple[str, Level],
    other: tuple[str, Level],
) -> dict[str, Any]:  # fmt: skip  # Any: JSON
    (before_build, before), (build, after) = one, other
    scale, unit = (1.0, "") if name == "CLS" else (1000.0, "s")
    finding = blake2b(f"{key} {before_build} {build}".encode(), digest_size=4).hexdigest()
    return {
        "finding": finding,
        "group": build,
        "about": "web",
        "accept_by": "vitals",
        "name": f"{name} p75 of {event.data.get('route')}",
        "project": str(event.data.get("project", "")),
        "unit": unit,
        "direction": "worse" if after.p75 > before.p75 else "better",
        "before": round(before.p75 / scale, 6),
        "after": round(after.p75 / scale, 6),
        "effect": round(after.p75 / before.p75 - 1, 4) if before.p75 else None,
        "views_before": before.views,
        "views_after": after.views,
        "build": build,
        "build_before": before_build,
        "since_run": build,
        "since_ns": views.first_seen_ns(state, key, build),
        "cause": {"text": _cause(state, before_build, build, is_worse=after.p75 > before.p75)},
    }


def _cause(state: State, before: str, after: str, *, is_worse: bool) -> str:
    """What of the page moved the same way: `since the build of …, whose chunk … grew 90 kB`."""
    time_ns = views.made_ns(state, after)
    since = f"since build {after}" if time_ns is None else f"since the build of {moment(time_ns)}"
    old, new = views.sizes_of(state, before), views.sizes_of(state, after)
    if not old or not new:
        return since
    moved = [(new[chunk] - old[chunk], chunk) for chunk in {*old, *new}]
    moved = [row for row in moved if (row[0] if is_worse else -row[0]) >= LEAST_GROWTH_BYTES]
    moved.sort(key=lambda row: (-abs(row[0]), row[1]))
    words = [
        f"chunk `{chunk}` {_verb(chunk, old, new)} {size(abs(delta))}"
        for delta, chunk in moved[:NAMED_CHUNKS]
    ]
    if not words:
        return f"{since}, whose chunks are as large as before"
    return f"{since}, whose {' and '.join(words)}"


def _verb(chunk: str, old: Mapping[str, int], new: Mapping[str, int]) -> str:
    if chunk not in old:
        return "is new with"
    if chunk not in new:
        return "is gone with"
    return "grew" if new[chunk] > old[chunk] else "shrank"


def _told(kind: str, data: Mapping[str, Any], of: Event) -> Event:  # Any: JSON
    is_bad = kind == "confirmed" and data["direction"] == "worse"
    return fact(
        PREFIX + kind, {**data, "state": kind}, time_ns=of.time_ns, of=of,
        subject=str(data["name"]), severity="warning" if is_bad else "info",
    )  # fmt: skip
