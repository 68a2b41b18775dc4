"""History that is carried from one state folder to another: by a CI cache, or another monitor.

    {"schema": 1, "kind": "baseline-history", "series": [{
       "key": [project, task, metric, unit, branch, machine, cache], "level": n, "gaps": n,
       "count": n, "looks": {n: looks}, "said": [n],
       "builds": [[n, time_ns, value, run, commit], …],
       "findings": [[id, n, state, data], …]}]}

Each series becomes one event `buildopt.baseline.imported`, so that a replay knows it too. What the
state folder has of the series already is judged again behind it where it is but the last builds;
else only older values are taken in, and what was found here stays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from buildopt.events import Event
from buildopt.monitor.hookspecs import State
from monitor_plugins.baseline import findings, history, judging
from monitor_plugins.baseline.history import KEPT_BUILDS, Build, Rows, Series
from monitor_plugins.baseline.series_key import SeriesKey

KIND = "baseline-history"
SCHEMA = 1
JUDGED_AGAIN = 20
"""Builds of the present state folder that are judged again behind an imported history: what a CI
job makes before it imports."""

Row = Mapping[str, Any]  # Any: JSON


def row_of(state: Rows, series: Series) -> dict[str, Any]:  # Any: JSON
    """A series as it is carried."""
    builds = history.builds(state, series.key.id)
    return {
        "key": list(series.key),
        "count": series.total,
        "level": series.level,
        "gaps": series.gaps,
        "looks": {str(n): looks for n, looks in series.looks.items()},
        "said": list(series.said),
        "builds": [
            [b.n, b.time_ns, b.value, b.run, history.about_of(state, b.about).get("commit", "")]
            for b in builds
        ],
        "findings": [
            [f.id, f.n, f.state, f.data] for f in findings.open_findings(state, series.key.id)
        ],
    }


def check_row(row: object) -> str:
    """What is wrong with a carried series, in words; empty where nothing is."""
    if not isinstance(row, Mapping):
        return "a series is no object"
    key, builds = row.get("key"), row.get("builds")
    if not isinstance(key, list) or len(key) != len(SeriesKey._fields):
        return "a series has no key of seven texts"
    if not all(isinstance(part, str) for part in key) or key[4] not in ("default", "other"):
        return "a series has no key of seven texts"
    if not isinstance(builds, list) or not all(map(_is_build, builds)):
        return f"the builds of `{key[1]} {key[2]}` are no rows of number, time, value, run, commit"
    numbers = [build[0] for build in builds]
    if numbers != sorted(set(numbers)) or row.get("count") != (numbers[-1] + 1 if numbers else 0):
        return f"the builds of `{key[1]} {key[2]}` are not numbered in order"
    return ""


def take(state: State, event: Event) -> Iterator[Event]:
    """Take an imported series in; what is no series is passed over, as a command has checked it."""
    row = event.data.get("series")
    if check_row(row) or not isinstance(row, Mapping) or not row["builds"]:
        return
    key = SeriesKey(*row["key"])
    series = history.load(state, key)
    own = history.builds(state, key.id)
    known = {(build.run, build.time_ns) for build in own}
    carried = [one for one in _builds(row, event) if (one.run, one.time_ns) not in known]
    is_older = not own or not carried or carried[-1].time_ns <= own[0].time_ns
    if not carried:
        return
    for build, commit in zip(_builds(row, event), _commits(row), strict=True):
        if commit and (build.run, build.time_ns) not in known:
            history.keep_about(state, build.about, {"commit": commit})
    if is_older and len(own) <= JUDGED_AGAIN:
        yield from _put_before(state, row, key, own, event)
    else:
        _mix_in(state, series, own, carried)
    history.make_room(state)


def _put_before(
    state: State, row: Row, key: SeriesKey, own: Sequence[Build], event: Event
) -> Iterator[Event]:
    """Go on from the carried series, with the builds that are here already."""
    builds = _builds(row, event)
    runs = {(build.run, build.time_ns) for build in builds}
    open_here = {finding.id for finding in findings.open_findings(state, key.id)}
    history.forget_builds(state, key.id)
    series = Series(
        key=key,
        total=row["count"],
        level=_integer(row.get("level")),
        last_ns=max(build.time_ns for build in builds),
        gaps=_integer(row.get("gaps")),
        looks={int(n): int(looks) for n, looks in dict(row.get("looks") or {}).items()},
        said=tuple(row.get("said") or ()),
    )
    for build in builds:
        history.append(state, key.id, build)
    history.save(state, series)
    for id_, n, how, data in row.get("findings") or ():
        findings.keep(state, id_, key.id, n, how, data)
    for build in own:
        if (build.run, build.time_ns) in runs:
            continue
        series = history.load(state, key)
        moved = build._replace(n=series.total)
        at = replace(event, run=build.run)
        series = series._replace(last_ns=max(series.last_ns, build.time_ns))
        for told in judging.look(state, series, moved, at):
            if told.data.get("finding") not in open_here:
                yield told


def _mix_in(state: State, series: Series, own: Sequence[Build], carried: Sequence[Build]) -> None:
    """Take values in by their time; what was found here stays where it is."""
    both = sorted((*own, *carried), key=lambda build: (build.time_ns, build.run))[-KEPT_BUILDS:]
    last = series.total + len(carried)
    numbered = [build._replace(n=last - len(both) + at) for at, build in enumerate(both)]
    places = {(b.run, b.time_ns): b.n for b in numbered}
    moved = {b.n: places[b.run, b.time_ns] for b in own if (b.run, b.time_ns) in places}
    history.forget_builds(state, series.key.id)
    for build in numbered:
        history.append(state, series.key.id, build)
    history.save(
        state,
        series._replace(
            total=last,
            level=moved.get(series.level, last - len(both)),
            looks={moved[n]: looks for n, looks in series.looks.items() if n in moved},
            said=tuple(moved[n] for n in series.said if n in moved),
            last_ns=max(series.last_ns, both[-1].time_ns),
        ),
    )
    for finding in findings.open_findings(state, series.key.id):
        if finding.n in moved:
            findings.keep(
                state, finding.id, finding.series, moved[finding.n], finding.state, finding.data
            )


def _builds(row: Row, event: Event) -> list[Build]:
    return [
        Build(n, time_ns, float(value), run, f"{event.id}.{n}")
        for n, time_ns, value, run, _ in row["builds"]
    ]


def _commits(row: Row) -> list[str]:
    return [commit for *_, commit in row["builds"]]


def _is_build(row: object) -> bool:
    if not isinstance(row, list) or len(row) != 5:
        return False
    n, time_ns, value, run, commit = row
    are_whole = all(isinstance(one, int) and not isinstance(one, bool) for one in (n, time_ns))
    is_value = isinstance(value, int | float) and math.isfinite(value)
    return are_whole and is_value and isinstance(run, str) and isinstance(commit, str)


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def document(rows: Sequence[Row]) -> str:
    """The file: one series a line, so that it can be looked at."""
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    return f'{{"schema": {SCHEMA}, "kind": "{KIND}", "series": [\n{lines}\n]}}\n'
