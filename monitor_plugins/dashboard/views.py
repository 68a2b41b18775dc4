"""What each view shows, as facts for its template."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from buildopt.monitor.hookspecs import Known, Panel, Where
from monitor_plugins.dashboard import (
    alerts,
    bundles,
    charted,
    finding_series,
    findings,
    lists,
    measured,
    overview,
    panels,
    runs,
    trends,
)
from monitor_plugins.dashboard.asked import NS, Asked, Parameter, Problem
from monitor_plugins.dashboard.paging import page_of
from monitor_plugins.dashboard.ranges import Shown
from monitor_plugins.dashboard.shapes.runs import Run, Step
from monitor_plugins.dashboard.waterfall import of_processes, of_steps

ROWS = 50
FEW = 8
MOST_OTHERS = 30
MOST_LOOKUPS = 5_000
"""Of the runs of a page: a run of a large workspace has a hundred."""
SLACK_S = 60.0
"""A run looks up before it starts its clock, and clocks are set."""
MOST_RUNS = 1_000
"""Of a trend: more points than a screen has columns."""
Facts = dict[str, Any]  # Any: what the template shows
CURSOR = Parameter("cursor", "goes on behind a page")
TASK = Parameter("task", "only of this task")
OUTCOME = Parameter("outcome", "how it ended", choices=("fresh", "restored", "executed", "lost"))


def overview_facts(known: Known, shown: Shown, every: Sequence[Panel]) -> Facts:
    """How everything is."""
    asked = shown.asked
    found = overview.happened(known, asked)
    standing = overview.Standing(alerts.standing(known, asked), findings.standing(known, asked))
    health = known.health()
    return {
        "view": overview.overview_of(known, asked, found, standing),
        "health": health,
        "unwell": [row for row in health["components"] if row["status"] != "pass"],
        "running": measured.pool(known, asked),
        "alerts": [a for a in standing.alerts if a.state == "firing"][:FEW],
        "changes": [c for c in standing.changes if findings.is_open(c)][:FEW],
        "charts": [
            *charted.of_metrics(known, shown, charted.FEW),
            *list(charted.of_hours(shown, found))[:2],
        ],
        "runs": with_reasons(known, list(map(lists.run_of, found.runs[:FEW]))),
        "panels": panels.placed(known, shown, panels.of_view(every, "")),
    }


def builds_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """All runs, with why they ran."""
    asked = shown.asked
    task, outcome = asked["task"] or "", asked["outcome"] or ""
    try:
        rows = known.runs(
            asked.where, task=task, outcome=outcome, before=asked["cursor"] or "", limit=ROWS + 1
        )
    except ValueError as error:
        raise Problem(400, "`cursor` is none of ours") from error
    newest = known.runs(asked.where, limit=MOST_RUNS)
    ran = newest
    if len(newest) == MOST_RUNS:  # hits have pushed others out
        ran = known.runs(asked.where, task=task, outcome="executed", limit=MOST_RUNS)
    wanted = [lists.run_of(row) for row in ran if task in ("", row["task"])]
    changes = [c for c in findings.standing(known, asked) if task == c.task]
    trend = trends.of_durations(shown, wanted, changes, task)
    return {
        "runs": with_reasons(known, [lists.run_of(row) for row in rows[:ROWS]]),
        "older": rows[ROWS - 1]["cursor"] if len(rows) > ROWS else None,
        "tasks": sorted({row["task"] for row in newest} | ({task} - {""})),
        "task": task,
        "outcome": outcome,
        "charts": [trend] if trend else [],
        "running": measured.pool(known, asked),
    }


def run_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """One run: its answer, its waterfall, why."""
    asked = shown.asked
    found = runs.detail(known, asked)
    events = runs.events_of(known, found.run.run)
    steps = runs.steps_of(found.run.run, events)
    processes = runs.processes_of(known, events)
    own = next((step for step in steps if step.task == found.run.task), None)
    reasons = lists.reasons_of(found.result.get("miss_reasons")) or (
        own.miss_reasons if own else []
    )
    return {
        "run": found.run,
        "result": found.result,
        "command": _words(found.result.get("command")),
        "steps": steps,
        "reasons": list({reason.text: reason for reason in reasons}.values()),
        "not_stored": lists.not_stored_of(found.result.get("not_stored")),
        "step_fall": of_steps(steps) if len(steps) > 1 else None,
        "process_fall": of_processes(processes) if processes else None,
        "events": found.events,
        "before": _run_before(known, found.run),
        "others": _others(known, found.run),
        "bundles": [lists.bundle_of(row) for row in events if row["type"] == lists.BUNDLE],
    }


def compare_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """Two runs beside each other."""
    asked = shown.asked
    sides = [
        runs.detail(known, Asked({"run": asked[name]}, asked.request, asked.now_s))
        for name in ("a", "b")
    ]
    steps = [_by_name(runs.steps_of(s.run.run, runs.events_of(known, s.run.run))) for s in sides]
    names = list(dict.fromkeys([*steps[0], *steps[1]]))
    return {
        "a": sides[0],
        "b": sides[1],
        "rows": [(name, steps[0].get(name), steps[1].get(name)) for name in names],
        "reasons": [
            next((one.text for one in lists.reasons_of(side.result.get("miss_reasons"))), "")
            for side in sides
        ],
    }


def cache_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """How the cache does, and why it misses."""
    asked = shown.asked
    found = overview.happened(known, asked)
    lookups = known.lookups(asked.where, limit=ROWS)
    return {
        "view": overview.cache_of(known, asked, found),
        "charts": list(charted.of_hours(shown, found))[1:],
        "lookups": list(map(lists.lookup_of, lookups)),
    }


def system_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """The machine, and what builds take of it."""
    return {
        "charts": charted.of_metrics(known, shown, charted.SYSTEM),
        "builds": charted.of_metrics(known, shown, charted.BUILDS),
    }


def alerts_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """What goes on, and what was."""
    start_s = shown.asked.where.from_ns / NS
    found = [
        alert for alert in alerts.standing(known, shown.asked)
        if alerts.goes_on_since(alert, start_s)
    ]  # fmt: skip
    silenced = known.events(types=(alerts.SILENCED, alerts.UNSILENCED), limit=500)
    return {
        "alerts": found,
        "page": page_of(found, lambda alert: alert.incident, shown.asked, ROWS),
        "silences": alerts.silences_of(silenced, shown.asked.now_s),
    }


def findings_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """What has changed for good, and the series of the first that is open."""
    changes = findings.standing(known, shown.asked)
    first = next(filter(findings.is_open, changes), None)
    chart = finding_series.of_finding(known, first, changes) if first else None
    page = page_of(changes, lambda change: change.finding, shown.asked, ROWS)
    return {"changes": changes, "page": page, "charts": [chart] if chart else []}


def finding_facts(known: Known, shown: Shown, _: Sequence[Panel]) -> Facts:
    """One finding: its values, its levels and its noise floor."""
    changes = findings.standing(known, shown.asked)
    found = next((one for one in changes if one.finding == shown.asked["finding"]), None)
    if found is None:
        raise Problem(404, "there is no such finding")
    chart = finding_series.of_finding(known, found, changes)
    runs = known.runs(Where(project=found.project), task=found.task, limit=1) if found.task else ()
    return {
        "change": found,
        "charts": [chart] if chart else [],
        "output": finding_series.output_of(found),
        "has_builds": bool(runs),
    }


def plugins_facts(known: Known, _: Shown, _panels: Sequence[Panel]) -> Facts:
    """Plugins, their consumers, and the health of everything."""
    return {"plugins": known.plugins(), "health": known.health()}


def panels_facts(known: Known, shown: Shown, every: Sequence[Panel]) -> Facts:
    """A page of panels that plugins bring."""
    found = panels.of_view(every, shown.asked["view"])
    if not found:
        raise Problem(404, "no plugin brings this page")
    return {"name": found[0].view, "panels": panels.placed(known, shown, found)}


def with_reasons(known: Known, found: Sequence[Run]) -> list[tuple[Run, str]]:
    """Runs, each with the first reason why it really ran."""
    if not found:
        return []
    began_s = min(run.time_s - (run.duration_s or 0.0) for run in found) - SLACK_S
    ended_s = max(run.time_s for run in found) + SLACK_S
    where = Where(from_ns=max(0, int(began_s * NS)), to_ns=int(ended_s * NS))
    reasons: dict[str, str] = {}
    for row in reversed(known.lookups(where, limit=MOST_LOOKUPS)):
        text = lists.lookup_of(row).text
        reasons.setdefault(row["run"], f"{row['task']}: {text}" if text else "")
    own = {run.run: run.task + ": " for run in found}
    return [
        (
            run,
            reasons.get(run.run, "").removeprefix(own[run.run])
            if run.outcome == "executed"
            else "",
        )
        for run in found
    ]


def _run_before(known: Known, run: Run) -> Run | None:
    where = Where(project=run.project, to_ns=int(run.time_s * NS))
    found = known.runs(where, task=run.task, outcome="executed", limit=2)
    return next((lists.run_of(row) for row in found if row["run"] != run.run), None)


def _others(known: Known, run: Run) -> list[Run]:
    """What it can be compared with: the newest other runs of its task."""
    found = known.runs(Where(project=run.project), task=run.task, limit=MOST_OTHERS)
    return [lists.run_of(row) for row in found if row["run"] != run.run]


def _words(command: Any) -> list[Any]:  # Any: JSON
    return command if isinstance(command, list) else []


def _by_name(steps: Sequence[Step]) -> dict[str, Step]:
    return {f"{step.inside} › {step.task}" if step.inside else step.task: step for step in steps}


View = Callable[[Known, Shown, Sequence[Panel]], Facts]
RUN = Parameter("run", "id of a run", is_path=True, is_required=True)
FINDING = Parameter("finding", "its id", is_path=True, is_required=True)
VIEW = Parameter("view", "name of a page", is_path=True, is_required=True)
SIDES = tuple(Parameter(name, "id of a run", is_required=True) for name in "ab")
VIEWS: Sequence[tuple[str, str, str, View, Sequence[Parameter]]] = (
    ("/", "Overview", "overview", overview_facts, ()),
    ("/builds", "Builds", "builds", builds_facts, (TASK, OUTCOME, CURSOR)),
    ("/cache", "Cache", "cache", cache_facts, ()),
    ("/bundles", "Bundles", "bundles", bundles.facts, bundles.PARAMETERS),
    ("/system", "System", "system", system_facts, ()),
    ("/alerts", "Alerts", "alerts", alerts_facts, (CURSOR,)),
    ("/findings", "Findings", "findings", findings_facts, (CURSOR,)),
    ("/plugins", "Plugins and health", "plugins", plugins_facts, ()),
    ("/runs/{run}", "Run", "run", run_facts, (RUN,)),
    ("/compare", "Compare", "compare", compare_facts, SIDES),
    ("/findings/{finding}", "Finding", "finding", finding_facts, (FINDING,)),
    (panels.PREFIX + "{view}", "Panels", "panels", panels_facts, (VIEW,)),
)
"""Path, title, template, facts, parameters; the first eight stand in the navigation."""
IN_NAVIGATION = 8
