"""A job as OpenMetrics, for GitLab's metrics reports, which compares values as strings.

So there are few, and they are rounded: a figure that moves by less than a tenth stays the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from buildopt.integrations.ci.view import JobView, duration_s, time_saved_s
from buildopt.report.view import RunView

DIGITS = 2
"""Significant ones of a value."""


def render(job: JobView) -> str:
    """A gauge a figure, a sample a task; of a task that ran more than once the last."""
    last = {run.task: run for run in job.runs}
    lines = [line for name, family in FAMILIES.items() for line in _family(name, family, last)]
    return "".join(f"{line}\n" for line in (*lines, "# EOF"))


def _hit_ratio(run: RunView) -> float:
    if run.outcome != "executed":
        return 1.0
    return run.steps.hit_ratio


Family = tuple[str, str, Callable[[RunView], float]]
"""Unit, meaning, value of a run."""
FAMILIES: Mapping[str, Family] = {
    "buildopt_duration_seconds": ("seconds", "How long the run took", duration_s),
    "buildopt_time_saved_seconds": ("seconds", "By answering from the cache", time_saved_s),
    "buildopt_hit_ratio": ("ratio", "Part of the steps that was answered", _hit_ratio),
    "buildopt_output_bytes": ("bytes", "What the run left", lambda run: run.outputs.bytes),
}


def _family(name: str, family: Family, runs: Mapping[str, RunView]) -> Iterator[str]:
    unit, meaning, value_of = family
    yield f"# TYPE {name} gauge"
    yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {meaning}."
    for task, run in runs.items():
        yield f'{name}{{task="{_label(task)}"}} {rounded(value_of(run))}'


def rounded(value: float) -> str:
    """The value with few significant digits and no exponent."""
    short = float(f"{value:.{DIGITS}g}")
    return f"{short:.0f}" if abs(short) >= 10**DIGITS else f"{short:.6f}".rstrip("0").rstrip(".")


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
