"""A job as the comment of a pull request; a hidden marker finds it again, to be edited."""

from __future__ import annotations

import re
from collections.abc import Iterator

from buildopt.integrations.ci.gfm import code, phrase, within
from buildopt.integrations.ci.summary import problem_lines
from buildopt.integrations.ci.view import JobView, duration_s, time_saved_s
from buildopt.quantities import duration, size

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
    if not job.runs:
        return
    yield ""
    yield "| task | result | duration | saved | outputs | why |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for run in job.runs[:RUNS]:
        saved = time_saved_s(run)
        yield (
            f"| {code(run.task)} | {run.shape} {run.state} | {duration(duration_s(run))} "
            f"| {f'≈ {duration(saved)}' if saved > 0 else ''} | {size(run.outputs.bytes)} "
            f"| {phrase(run.answer)} |"
        )
    if more := len(job.runs[RUNS:]):
        yield f"| and {more:,} more | | | | | |"


def _verdict(job: JobView) -> str:
    if not job.runs:
        return "no run is recorded"
    hits = sum(run.outcome != "executed" for run in job.runs)
    saved = f", ≈ {duration(job.time_saved_s)} saved" if job.time_saved_s > 0 else ""
    return f"{hits:,} of {len(job.runs):,} answered from the cache{saved}"
