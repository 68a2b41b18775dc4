"""What commands ask of the plugin's file, and how they find the series that a person means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from buildopt.errors import UsageError
from buildopt.monitor.hookspecs import Caller
from monitor_plugins.baseline import findings, history
from monitor_plugins.baseline.findings import Open
from monitor_plugins.baseline.history import Build, Series
from monitor_plugins.baseline.learning import Baseline, summarize
from monitor_plugins.baseline.plugin import NAME
from monitor_plugins.baseline.seasonality import DayProfile, find_day_profile, progress


class Told(NamedTuple):
    """A series with all that is known of it."""

    series: Series
    builds: tuple[Build, ...]
    findings: tuple[Open, ...]

    @property
    def baseline(self) -> Baseline | None:
        """Of the present level; None where it has no build."""
        return summarize([build.value for build in self.present])

    @property
    def present(self) -> tuple[Build, ...]:
        """The builds of the present level."""
        return tuple(build for build in self.builds if build.n >= self.series.level)

    @property
    def day_profile(self) -> DayProfile | None:
        """What the time of day adds, once there are days enough to tell."""
        return find_day_profile(self.times_s, [build.value for build in self.present])

    @property
    def times_s(self) -> list[float]:
        """When the builds of the present level ran."""
        return [build.time_ns / 1e9 for build in self.present]

    @property
    def progress(self) -> str:
        """`learning, 6 of 10 builds`, or `learnt from 62 builds`."""
        baseline = self.baseline
        return baseline.progress if baseline else "learning, 0 of 10 builds"


class Rows:
    """Reads the plugin's file by a command's caller; also a `State` for those who only read."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Sequence[tuple[Any, ...]]:
        """Rows of the plugin's tables."""
        return self._caller.read(NAME, sql, parameters)


def everything(caller: Caller, project: str | None) -> list[Told]:
    """All series of a project, or of all, by name."""
    rows = Rows(caller)
    opened: dict[str, list[Open]] = {}
    for finding in map(Open.of, rows.execute(findings.OPEN)):
        opened.setdefault(finding.series, []).append(finding)
    known = [history.series_of(row) for row in rows.execute(history.ALL)]
    known = [series for series in known if project in (None, series.key.project)]
    builds: dict[str, list[Build]] = {}
    wanted = json.dumps([series.key.id for series in known])
    for id_, *build in rows.execute(history.BUILDS_OF, (wanted,)):
        builds.setdefault(id_, []).append(Build(*build))
    return [
        Told(s, tuple(builds.get(s.key.id, ())), tuple(opened.get(s.key.id, ()))) for s in known
    ]


def metrics(caller: Caller) -> list[tuple[str, dict[str, Any]]]:  # Any: JSON
    """Sampled metrics with their state of the last checkpoint."""
    rows = Rows(caller).execute("SELECT series, state FROM metric ORDER BY series")
    return [(name, json.loads(state)) for name, state in rows]


def one(caller: Caller, wanted: str) -> Told:
    """The series of an id, of a finding's id, or of a part of its name; raises UsageError."""
    known = everything(caller, None)
    mine = [told for told in known if told.series.key.project == caller.project]
    for matches in (
        [t for t in known if wanted in (t.series.key.id, *(f.id for f in t.findings))],
        [t for t in mine if t.series.key.name == wanted],
        [t for t in known if t.series.key.id.startswith(wanted)],
        [t for t in mine if wanted in t.series.key.name],
        [t for t in known if wanted in t.series.key.name],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            names = ", ".join(f"`{told.series.key.name}`" for told in matches[:4])
            raise UsageError(
                f"`{wanted}` names {len(matches)} series: {names}",
                hint="give its id: `buildopt baseline list` has them",
                slug="unknown-series",
            )
    raise UsageError(
        f"there is no series `{wanted}`",
        hint="`buildopt baseline list` has all that are known",
        slug="unknown-series",
    )


def accepted(caller: Caller, finding: str) -> Series | None:
    """The series of a finding that somebody accepted before; None where that is not so."""
    rows = Rows(caller).execute(
        "SELECT series FROM accepted WHERE finding = ? AND finding NOT IN (SELECT id FROM finding)",
        (finding,),
    )
    known = [row for (id_,) in rows for row in Rows(caller).execute(history.ONE, (id_,))]
    return history.series_of(known[0]) if known else None


def json_of(told: Told) -> dict[str, Any]:  # Any: JSON
    """A series for machines."""
    baseline, series = told.baseline, told.series
    figures = {
        "count": len(told.builds),
        "level_builds": baseline.count if baseline else 0,
        "is_learnt": bool(baseline and baseline.is_learnt),
        "progress": told.progress,
    }
    if baseline:
        figures |= {
            "p50": baseline.p50, "p90": baseline.p90, "p95": baseline.p95, "p99": baseline.p99,
            "spread": baseline.spread, "threshold": threshold(baseline),
            "smallest_change": baseline.smallest_change, "last": told.builds[-1].value,
        }  # fmt: skip
    return {
        "series": series.key.id,
        "name": series.key.name,
        **series.key._asdict(),
        **figures,
        "gaps": series.gaps,
        "findings": [{"state": f.state, **f.data} for f in told.findings],
    }


def day_json(times_s: Sequence[float], profile: DayProfile | None) -> dict[str, Any]:  # Any: JSON
    """What the hours of the day add, or how far that is learnt."""
    known = asdict(profile) if profile else {}
    return {"progress": progress(times_s, profile), **known}


def threshold(baseline: Baseline) -> float:
    """What a single build of this level does not exceed as a rule: p99, or three spreads more."""
    return max(baseline.p99, baseline.p50 + 3 * baseline.spread)
