"""A job as the comment of a pull request; a hidden marker finds it again, to be edited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildopt.integrations.ci.summary import problem_lines
from buildopt.integrations.ci.view import JobView, duration_s, time_saved_s
from buildopt.quantities import duration, size
from buildopt.report.gfm import code, phrase, table, within
from buildopt.report.view import RunView

LIMIT_BYTES = 60_000
"""GitHub takes 65,536 characters for a comment."""
RUNS = 50
"""Rows; the rest are counted."""


def marker(name: str = "") -> str:
    """A comment in HTML, which nobody sees; `name` tells jobs of one pull request apart."""
    safe = re.sub(r"[^A-Za-z0-9_./-]+", "-", name).replace("--", "-").strip("-")
    return f"<!-- buildopt:{safe or 'comment'} -->"


def render(job: JobView) -> str:
    """The marker, a line, what is wrong, and a table of runs."""
    return within(_lines(job), LIMIT_BYTES, "The rest is in the summary of the job.")


def _lines(job: JobView) -> Iterator[str]:
    yield marker(job.name)
    yield f"### buildopt: {_verdict(job)}"
    yield from problem_lines(job.problems)
    yield from table(
        ("task", "result", "duration:", "saved:", "outputs:", "why"),
        [_row(run) for run in job.runs],
        most=RUNS,
    )


def _row(run: RunView) -> tuple[str, ...]:
    saved = time_saved_s(run)
    return (
        code(run.task),
        f"{run.shape} {run.state}",
        duration(duration_s(run)),
        f"≈ {duration(saved)}" if saved > 0 else "",
        size(run.outputs.bytes),
        phrase(run.answer),
    )


def _verdict(job: JobView) -> str:
    if not job.runs:
        return "no run is recorded"
    hits = sum(run.outcome != "executed" for run in job.runs)
    saved = f", ≈ {duration(job.time_saved_s)} saved" if job.time_saved_s > 0 else ""
    return f"{hits:,} of {len(job.runs):,} answered from the cache{saved}"
