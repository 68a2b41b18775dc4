"""`buildopt check`: whether anything is worse than it was, or than it may be; for CI."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from buildopt.errors import EXIT_FAILED, UsageError
from buildopt.events import SCHEMA

if TYPE_CHECKING:
    from buildopt.monitor.hookspecs import Caller
    from monitor_plugins.baseline.asked import Told
    from monitor_plugins.baseline.budgets import Kept

EXIT_NO_HISTORY = 3
EPILOG = """\b
Examples:
  buildopt check                                  exit 1 where something is worse than it was
  buildopt check --json > check.json
  buildopt check --history .cache/baseline.json   taken in before, written after: for CI caches
  buildopt check --budget 'duration:build<=90s' --budget 'bundle.gzip<=300kB'
"""


@click.command("check", epilog=EPILOG)
@click.option(
    "--budget", "budgets", multiple=True, metavar="METRIC[:TASK]<=LIMIT",
    help="A limit; repeatable, beside `budgets` of `[plugins.baseline]`.",
)  # fmt: skip
@click.option(
    "--history", metavar="FILE", help="Take this history in first, if it is there; update it after."
)
@click.option(
    "--require-history", is_flag=True, help="Exit 3 where nothing is learnt that could be judged."
)
@click.option("--all-machines", is_flag=True, help="Also series of other kinds of machines.")
@click.option("--json", "as_json", is_flag=True, help="One object, for machines.")
@click.pass_obj
def command(
    caller: Caller,
    *,
    budgets: tuple[str, ...],
    history: str | None,
    require_history: bool,
    all_machines: bool,
    as_json: bool,
) -> int:
    """Fail where builds are slower or larger than they were, or may be.

    Exit status 0: nothing is; also where nothing is known yet, which is said. 1: a level is
    confirmed to be worse and nobody has accepted that, or a budget is exceeded. A suspicion is
    shown and fails nothing. No monitor needs to run.
    """
    from monitor_plugins.baseline import asked
    from monitor_plugins.baseline import budgets as limits
    from monitor_plugins.baseline.commands import NAME, read_history, write_history

    wanted = [limits.parse(text) for text in (*_of_settings(caller), *budgets)]
    if history and os.path.exists(history):
        read_history(caller, history)
    caller.catch_up(NAME)
    if history:
        write_history(caller, history, caller.project)
    known = [
        told
        for told in asked.everything(caller, caller.project)
        if all_machines or told.series.key.machine in ("", caller.machine)
    ]
    kept = [verdict for budget in wanted for verdict in limits.judge(budget, known)]
    report = _report(known, kept, require_history=require_history)
    report["unknown_budgets"] = [
        budget.text for budget in wanted if not any(budget.text == one.budget for one in kept)
    ]
    if as_json:
        click.echo(json.dumps({"schema": SCHEMA, **report}))
    else:
        _print(report, kept)
    if report["passed"]:
        return 0
    return EXIT_NO_HISTORY if report["status"] == "no-history" else EXIT_FAILED


def _report(
    known: Sequence[Told], kept: Sequence[Kept], *, require_history: bool
) -> dict[str, Any]:  # Any: JSON
    opened = [finding for told in known for finding in told.findings]
    worse = [finding.data for finding in opened if finding.state == "confirmed"]
    learning = [told for told in known if not (told.baseline and told.baseline.is_learnt)]
    passed = not worse and all(verdict.is_kept for verdict in kept)
    is_known = len(learning) < len(known)
    status = "failed" if not passed else "passed" if is_known else "no-history"
    return {
        "passed": passed and (is_known or not require_history),
        "status": status,
        "findings": worse,
        "suspected": [finding.data for finding in opened if finding.state == "suspected"],
        "budgets": [verdict._asdict() for verdict in kept],
        "series": {
            "known": len(known),
            "learnt": len(known) - len(learning),
            "learning": [
                {"series": t.series.key.id, "name": t.series.key.name, "progress": t.progress}
                for t in learning
            ],
        },
    }


def _print(report: dict[str, Any], kept: Sequence[Kept]) -> None:  # Any: JSON
    from monitor_plugins.baseline.telling import amount, finding_lines

    for rows in _groups(report["findings"]):
        click.echo("\n".join(finding_lines(rows[0], "confirmed")))
        for data in rows[1:]:
            click.echo(f"  with it: {next(finding_lines(data, 'confirmed'))}")
    for data in report["suspected"]:
        click.echo("\n".join(finding_lines(data, "suspected")))
    for verdict in kept:
        word = "kept" if verdict.is_kept else "exceeded"
        limit = "usual not learnt yet" if verdict.limit is None else amount(
            verdict.limit, verdict.unit
        )  # fmt: skip
        actual = amount(verdict.actual, verdict.unit)
        click.echo(f"{word}: `{verdict.budget}`: {verdict.name}: {actual}, limit {limit}")
    for text in report["unknown_budgets"]:
        click.echo(f"not judged: `{text}`: no series of that name is known")
    counts = report["series"]
    for row in counts["learning"]:
        click.echo(f"{row['name']}: {row['progress']}")
    if not counts["known"]:
        click.echo("no build of this project is known yet: nothing to judge")
    elif report["status"] == "no-history":
        click.echo("nothing is learnt yet: only budgets can be judged")
    elif report["passed"]:
        click.echo(f"nothing is worse: {counts['learnt']} of {counts['known']} series are learnt")


def _groups(found: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:  # Any: JSON
    """Findings that began together; of each group the longest time first."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for data in sorted(found, key=lambda row: (row["metric"] != "duration", -row["after"])):
        groups.setdefault(data["group"], []).append(data)
    return list(groups.values())


def _of_settings(caller: Caller) -> Sequence[str]:
    found = caller.settings("plugins").table.get("baseline", {}).get("budgets", [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise UsageError(
            "`budgets` in `[plugins.baseline]` is no list of texts",
            hint="write `budgets = ['duration:build<=90s']`",
            slug="baseline-budget",
        )
    return found
