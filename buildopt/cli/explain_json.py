"""What `buildopt explain --json` prints: why, as objects."""

from __future__ import annotations

from collections.abc import Iterable

from buildopt.cli.steps_text import ToldStep
from buildopt.events import SCHEMA, RunFinished
from buildopt.model import MissReason, NotStored


def run_row(
    run: RunFinished, reasons: Iterable[MissReason], steps: Iterable[ToldStep]
) -> dict[str, object]:
    """A run, with its steps where there were some."""
    found: dict[str, object] = {"schema": SCHEMA, "run_id": run.run_id, "outcome": run.outcome}
    found["miss_reasons"] = [reason_row(reason) for reason in reasons]
    found["not_stored"] = not_stored_rows(run.not_stored)
    found["ignored"] = run.ignored._asdict()
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
        "not_stored": not_stored_rows(step.result.not_stored),
    }


def not_stored_rows(reasons: Iterable[NotStored]) -> list[dict[str, str]]:
    """Why a run is not stored."""
    return [{"kind": reason.kind, "subject": reason.subject} for reason in reasons]


def reason_row(reason: MissReason) -> dict[str, str]:
    """One reason."""
    return {
        "kind": reason.kind,
        "subject": reason.subject,
        "before": reason.before,
        "after": reason.after,
    }
