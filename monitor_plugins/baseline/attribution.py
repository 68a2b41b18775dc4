"""Because of what a level moved: what differs between the builds before and those after.

Nothing here is proof. Commit, inputs, steps and parts that moved with the level are told, the
rarest inputs and the largest differences first; what moved all the time explains nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from buildopt.monitor.hookspecs import duration, size
from monitor_plugins.baseline import history
from monitor_plugins.baseline.history import Build, Rows
from monitor_plugins.baseline.localizing import Place, localize
from monitor_plugins.baseline.robust import median

NEAR_BUILDS = 10
"""Builds on either side that tell how long a step took."""
MOST_TOLD = 5
PARTS = {"steps": ("step", duration), "packages": ("package", size), "files": ("file", size)}
"""What they are called, and how their values are written."""
LEAST_SHARE = 0.1
"""A part that moved by less of the whole change is not told."""
TOOLS = ("tool-changed", "environment", "settings", "command")
"""Reasons that touch a whole build are told before single files."""

About = Mapping[str, Any]  # Any: JSON


def cause_of(state: Rows, builds: Sequence[Build], n: int) -> dict[str, Any]:  # Any: JSON
    """What moved with build number `n` of a series; its `text` says it in words."""
    if not any(b.n < n for b in builds) or not any(b.n >= n for b in builds):
        return {}
    first = builds[0].n
    place = Place(*(first + row for row in localize([b.value for b in builds], n - first)))
    abouts = {
        b.n: history.about_of(state, b.about)
        for b in builds
        if place.first - NEAR_BUILDS <= b.n < place.last + NEAR_BUILDS
    }
    before = [about for number, about in abouts.items() if number < place.first]
    within = [abouts[number] for number in range(place.first, place.last + 1) if number in abouts]
    after = [about for number, about in abouts.items() if number >= place.last]
    if not before or not within:
        return {}
    change = _median(builds, place.last, place.last + NEAR_BUILDS) - _median(
        builds, place.first - NEAR_BUILDS, place.first
    )
    best = abouts.get(place.best, {})
    cause: dict[str, Any] = {  # Any: JSON
        "builds": [place.first, place.best, place.last],
        "commits": _commits(before[-1], within, best),
        "inputs": _inputs(list(abouts.values()), within, best),
        "reasons": _kinds(before, after),
        **{part: _parts(part, before, after, change) for part in PARTS},
    }
    known = {name: value for name, value in cause.items() if value}
    return {**known, "text": words(known)}


def words(cause: Mapping[str, Any]) -> str:  # Any: JSON
    """The cause in one line."""
    told = []
    if commits := cause.get("commits"):
        before = f" (before: {commits['before'][:10]})" if commits["before"] else ""
        more = len(commits["may_be"]) - 1
        others = f", or one of {more} beside it" if more > 1 else ", or the one beside it" * more
        told.append(f"since commit {commits['after'][:10]}{others}{before}")
    if inputs := cause.get("inputs"):
        told.append("changed with it: " + ", ".join(f"`{row['subject']}`" for row in inputs[:3]))
    for part, (name, shown) in PARTS.items():
        told += [
            f"{name} `{row['name']}` {shown(row['before'])} → {shown(row['after'])}"
            for row in cause.get(part, ())[:1]
        ]
    return "; ".join(told)


def _median(builds: Sequence[Build], start: int, end: int) -> float:
    return median([build.value for build in builds if start <= build.n < end])


def _commits(before: About, within: Sequence[About], best: About) -> dict[str, Any]:  # Any: JSON
    """The last commit before, that which most likely moved the level, and all it may have been."""
    old = str(before.get("commit", ""))
    new = [str(about.get("commit", "")) for about in within]
    all_ = [commit for commit in dict.fromkeys(new) if commit and commit != old]
    if not all_:
        return {}
    likely = str(best.get("commit", ""))
    return {"before": old, "after": likely if likely in all_ else all_[0], "may_be": all_}


def _inputs(abouts: Sequence[About], within: Sequence[About], best: About) -> list[dict[str, str]]:
    """What made the builds run with which the level may have moved: the rarest comes first."""
    usual = Counter(tuple(row) for about in abouts for row in about.get("reasons", ()))
    likely = {tuple(row) for row in best.get("reasons", ())}
    rows = dict.fromkeys(tuple(row) for about in within for row in about.get("reasons", ()))
    ranked = sorted(rows, key=lambda row: (usual[row], row not in likely, row[0] not in TOOLS))
    return [{"kind": kind, "subject": subject} for kind, subject in ranked[:MOST_TOLD]]


def _kinds(before: Sequence[About], after: Sequence[About]) -> list[dict[str, Any]]:  # Any: JSON
    """Kinds of reasons that became more frequent, as shares of the builds."""
    shares = [
        {kind: count / len(abouts) for kind, count in _count(abouts).items()}
        for abouts in (before, after)
    ]
    rows: list[dict[str, Any]] = [  # Any: JSON
        {"kind": kind, "before": round(shares[0].get(kind, 0.0), 3), "after": round(share, 3)}
        for kind, share in sorted(shares[1].items())
    ]
    return [row for row in rows if row["after"] - row["before"] >= 0.5]


def _count(abouts: Iterable[About]) -> Counter[str]:
    return Counter(kind for a in abouts for kind in {row[0] for row in a.get("reasons", ())})


def _parts(
    part: str, before: Sequence[About], after: Sequence[About], change: float
) -> list[dict[str, Any]]:  # Any: JSON
    """Steps or parts that moved the same way, the largest first."""
    old, new = _levels(part, before), _levels(part, after)
    if not old and not new:
        return []
    rows: list[dict[str, Any]] = [  # Any: JSON
        {"name": name, "before": old.get(name, 0.0), "after": new.get(name, 0.0)}
        for name in sorted({*old, *new})
    ]
    moved = [(abs(row["after"] - row["before"]), row) for row in rows if _is_same(row, change)]
    moved.sort(key=lambda each: -each[0])
    return [row for size, row in moved[:MOST_TOLD] if size >= LEAST_SHARE * abs(change)]


def _is_same(row: Mapping[str, Any], change: float) -> bool:  # Any: JSON
    return bool((row["after"] - row["before"]) * change > 0)


def _levels(part: str, abouts: Sequence[About]) -> dict[str, float]:
    """Median of each part over the builds that have it."""
    values: dict[str, list[float]] = {}
    for about in abouts:
        for name, value in about.get(part, {}).items():
            values.setdefault(name, []).append(value)
    return {name: median(known) for name, known in values.items()}
