"""What `buildopt explain --json` prints: why, as objects."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.cli.steps_text import ToldStep
from buildopt.events import SCHEMA, RunFinished, TaskResult
from buildopt.model import MissReason


def run_row(
    run: RunFinished, reasons: Iterable[MissReason], steps: Iterable[ToldStep]
) -> dict[str, object]:
    """A run, with its steps where there were some."""
    found: dict[str, object] = {"schema": SCHEMA, "run_id": run.run_id, "outcome": run.outcome}
    found["miss_reasons"] = [reason_row(reason) for reason in reasons]
    found["not_stored"] = _not_stored_rows(run)
    if rows := [step_row(step) for step in steps]:
        found["tasks"] = rows
    return found


def step_row(step: ToldStep) -> dict[str, object]:
    """One step."""
    return {
        "task": step.result.task,
        "command": step.result.command,
        "outcome": step.result.outcome,
        "exit_code": step.result.exit_code,
        "miss_reasons": [reason_row(reason) for reason in step.reasons],
        "not_stored": _not_stored_rows(step.result),
    }


def _not_stored_rows(result: RunFinished | TaskResult) -> list[dict[str, str]]:
    return [{"kind": reason.kind, "subject": reason.subject} for reason in result.not_stored]


def reason_row(reason: MissReason) -> dict[str, str]:
    """One reason."""
    return {
        "kind": reason.kind,
        "subject": reason.subject,
        "before": reason.before,
        "after": reason.after,
    }
