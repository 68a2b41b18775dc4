"""What a time comes to: runs, hits, time saved; in all, and hour by hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from buildopt.model import MissReason
from buildopt.monitor.hookspecs import Known, Row
from monitor_plugins.dashboard import alerts, findings, measured
from monitor_plugins.dashboard.asked import NS, UNITS_S, Asked
from monitor_plugins.dashboard.lists import reason_text
from monitor_plugins.dashboard.shapes.alerts import Alert, Change
from monitor_plugins.dashboard.shapes.figures import Cached, Hour, Overview

MOST_ROWS = 10_000
"""As many runs as the index keeps."""
LONG_S = 3 * UNITS_S["d"]
"""From here on days are told, not hours."""
CACHE = "buildopt.cache."
HITS = ("fresh", "restored")


def view(known: Known, asked: Asked) -> Any:  # Any: one of the three
    """`overview`, `cache` or `pool`."""
    return {"overview": overview, "cache": cache, "pool": measured.pool}[asked["view"]](
        known, asked
    )


class Happened(NamedTuple):
    """Runs and tasks of a time, newest first: asked for once, since a page shows them often."""

    runs: Sequence[Row]
    tasks: Sequence[Row]


class Standing(NamedTuple):
    """Alerts and findings as they stand at the end of a time, the open ones first."""

    alerts: Sequence[Alert]
    changes: Sequence[Change]


def happened(known: Known, asked: Asked) -> Happened:
    """What happened in a time."""
    return Happened(
        runs=known.runs(asked.within, limit=MOST_ROWS),
        tasks=known.tasks(asked.within, limit=MOST_ROWS),
    )


def overview(known: Known, asked: Asked) -> Overview:
    """What a time comes to."""
    standing = Standing(alerts.standing(known, asked), findings.standing(known, asked))
    return overview_of(known, asked, happened(known, asked), standing)


def overview_of(known: Known, asked: Asked, found: Happened, standing: Standing) -> Overview:
    """The same, of what is at hand."""
    runs, tasks = found
    took_s = durations(runs)
    start_s, end_s = asked.span_s
    return Overview(
        from_s=start_s,
        to_s=end_s,
        runs=len(runs),
        failed=sum(map(has_failed, runs)),
        lost=sum(row["outcome"] == "lost" for row in runs),
        outcomes=dict(Counter(row["outcome"] for row in runs)),
        hit_ratio=hit_ratio(tasks),
        time_saved_s=saved_s(runs),
        duration_p50_s=quantile(took_s, 0.5),
        duration_p95_s=quantile(took_s, 0.95),
        open_alerts=sum(alert.state == "firing" for alert in standing.alerts),
        open_findings=sum(map(findings.is_open, standing.changes)),
        running=measured.pool(known, asked).running,
        health=known.health()["status"],
    )


def cache(known: Known, asked: Asked) -> Cached:
    """How the cache does."""
    return cache_of(known, asked, happened(known, asked))


def cache_of(known: Known, asked: Asked, found: Happened) -> Cached:
    """The same, of what is at hand."""
    runs, tasks = found
    lookups = known.lookups(asked.within, limit=MOST_ROWS)
    events = known.events(asked.within, types=(CACHE,), limit=MOST_ROWS)
    start_s, end_s = asked.span_s
    data = {
        kind: [row["data"] for row in events if row["type"] == CACHE + kind]
        for kind in ("stored", "evicted", "damage_found")
    }
    subjects = Counter(
        reason_text(MissReason(row["reason"], row["subject"])) for row in lookups if row["reason"]
    )
    return Cached(
        from_s=start_s,
        to_s=end_s,
        tasks=len(tasks),
        hits=sum(row["outcome"] in HITS for row in tasks),
        hit_ratio=hit_ratio(tasks),
        time_saved_s=saved_s(runs),
        stored=len(data["stored"]),
        stored_bytes=_total(data["stored"], "bytes_added"),
        evicted_records=_total(data["evicted"], "records"),
        evicted_bytes=_total(data["evicted"], "bytes_freed"),
        damaged=len(data["damage_found"]),
        reasons=dict(Counter(row["reason"] or row["result"] for row in lookups).most_common()),
        subjects=[[text, count] for text, count in subjects.most_common(20)],
    )


def hourly(known: Known, asked: Asked) -> dict[str, Any]:  # Any: a page
    """The runs of each hour that had some, oldest first."""
    start_s, end_s = asked.span_s
    width_s = UNITS_S["d"] if end_s - start_s > LONG_S else UNITS_S["h"]
    return {"items": hours_of(happened(known, asked), width_s), "next": None}


def hours_of(found: Happened, width_s: int) -> list[Hour]:
    """The hours of runs and tasks that had some, or pieces of another length."""
    runs: dict[int, list[Row]] = {}
    tasks: dict[int, list[Row]] = {}
    for by_hour, rows in ((runs, found.runs), (tasks, found.tasks)):
        for row in rows:
            at_s = row["time_ns"] // NS
            by_hour.setdefault(at_s - at_s % width_s, []).append(row)
    return [
        _hour(at_s, runs.get(at_s, ()), tasks.get(at_s, ())) for at_s in sorted({*runs, *tasks})
    ]


def _hour(start_s: int, runs: Sequence[Row], tasks: Sequence[Row]) -> Hour:
    took_s = durations(runs)
    return Hour(
        start_s=start_s,
        runs=len(runs),
        failed=sum(map(has_failed, runs)),
        hits=sum(row["outcome"] in HITS for row in tasks),
        tasks=len(tasks),
        time_saved_s=saved_s(runs),
        duration_p50_s=quantile(took_s, 0.5),
        duration_p95_s=quantile(took_s, 0.95),
    )


def has_failed(row: Row) -> bool:
    """Whether a run ended badly; one that was lost did not end."""
    return row["outcome"] != "lost" and bool(row["exit_code"] or row["signal"])


def hit_ratio(tasks: Sequence[Row]) -> float | None:
    """Hits among tasks; None where there were none."""
    return sum(row["outcome"] in HITS for row in tasks) / len(tasks) if tasks else None


def saved_s(runs: Iterable[Row]) -> float:
    """Time that runs saved."""
    return sum(row["time_saved_s"] or 0.0 for row in runs)


def durations(runs: Iterable[Row]) -> list[float]:
    """How long those took that really ran, the shortest first."""
    took = (row["duration_s"] for row in runs if row["outcome"] == "executed")
    return sorted(each for each in took if each is not None)


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The value at a share of values in order; None of none."""
    return ordered[round(share * (len(ordered) - 1))] if ordered else None


def _total(rows: Iterable[dict[str, Any]], name: str) -> int:  # Any: JSON
    return sum(row[name] for row in rows if isinstance(row.get(name), int))
