"""What a run did when: its tasks and processes as bars, with the path that made it so long.

Where nothing of the path runs there is a gap.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from buildopt.monitor.hookspecs import (
    critical_path,
    depth_first,
    gaps_between,
    last_first,
    printable,
    tree_of,
)
from monitor_plugins.dashboard.shapes.runs import Process, Step

MOST_BARS = 120
LEAST_PERCENT = 0.4
"""So that what took no time can be seen."""
LEAST_GAP = 0.02
"""Of the whole; shorter gaps are how processes start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: from when to when, how much of it was work, and how deep it stands."""

    name: str
    title: str
    depth: int
    start_s: float
    duration_s: float
    x_percent: float
    width_percent: float
    cpu_percent: float
    is_critical: bool
    is_gap: bool = False
    cpu_s: float | None = None
    memory_bytes: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waterfall:
    """All rows, and what was left out: the shortest."""

    bars: Sequence[Bar]
    whole_s: float
    left_out: int
    critical_s: float
    gaps_s: float


def of_steps(steps: Sequence[Step]) -> Waterfall:
    """The tasks of a run."""
    spans = {
        place: (step.started_s, step.started_s + (step.duration_s or 0.0))
        for place, step in enumerate(steps)
    }
    whole_s = max((end for _, end in spans.values()), default=0.0)
    critical = set(last_first(spans))
    by_name = {step.task: step for step in steps}
    bars = [
        _bar(
            step.task or shlex.join(step.command),
            (step.started_s, step.duration_s or 0.0),
            whole_s,
            is_critical=place in critical and len(steps) > 1,
            depth=1 if step.inside in by_name and step.inside else 0,
            title=shlex.join(step.command),
            state=step.outcome if not step.exit_code else "failed",
        )
        for place, step in enumerate(steps)
    ]
    return _waterfall(bars, spans, critical, whole_s)


def of_processes(processes: Sequence[Process]) -> Waterfall:
    """The processes of a run; children stand below what started them."""
    spans = {place: (one.start_s, one.end_s) for place, one in enumerate(processes)}
    start_s = min((start for start, _ in spans.values()), default=0.0)
    spans = {place: (start - start_s, end - start_s) for place, (start, end) in spans.items()}
    whole_s = max((end for _, end in spans.values()), default=0.0)
    tree = tree_of(processes)
    critical = set(critical_path(tree, spans))
    order = list(depth_first(tree))
    longest = sorted(order, key=lambda each: spans[each[0]][0] - spans[each[0]][1])[:MOST_BARS]
    kept = {place for place, _ in longest} | critical
    bars = [
        _bar(
            _short(processes[place].command),
            (spans[place][0], spans[place][1] - spans[place][0]),
            whole_s,
            is_critical=place in critical,
            depth=depth,
            title=shlex.join(processes[place].command),
            cpu_s=processes[place].cpu_s,
            memory_bytes=processes[place].peak_memory_bytes or None,
            state="failed" if processes[place].exit_code else "",
        )
        for place, depth in order
        if place in kept
    ]
    return _waterfall(bars, spans, critical, whole_s, len(order) - len(bars))


def _waterfall(
    bars: Sequence[Bar],
    spans: Mapping[int, tuple[float, float]],
    critical: set[int],
    whole_s: float,
    left_out: int = 0,
) -> Waterfall:
    on_path = [spans[place] for place in critical]
    gaps = list(gaps_between(on_path, whole_s * LEAST_GAP)) if len(spans) > 1 else []
    rows = [
        _bar("nothing runs", (start_s, length_s), whole_s, is_critical=False, is_gap=True)
        for start_s, length_s in gaps
    ]
    gaps_s = sum(length_s for _, length_s in gaps)
    return Waterfall(
        bars=[*bars, *rows], whole_s=whole_s, left_out=left_out,
        critical_s=whole_s - gaps_s, gaps_s=gaps_s,
    )  # fmt: skip


def _bar(
    name: str,
    span: tuple[float, float],
    whole_s: float,
    *,
    is_critical: bool,
    depth: int = 0,
    title: str = "",
    cpu_s: float | None = None,
    memory_bytes: int | None = None,
    state: str = "",
    is_gap: bool = False,
) -> Bar:
    start_s, duration_s = span
    whole = whole_s or 1.0
    width = max(LEAST_PERCENT, 100 * duration_s / whole)
    work = min(1.0, (cpu_s or 0.0) / duration_s) if duration_s > 0 else 0.0
    return Bar(
        name=printable(name), title=printable(title), depth=min(depth, 8), start_s=start_s,
        duration_s=duration_s, x_percent=round(min(100 * start_s / whole, 100 - width), 2),
        width_percent=round(width, 2), cpu_percent=round(width * work, 2),
        is_critical=is_critical, is_gap=is_gap, cpu_s=cpu_s, memory_bytes=memory_bytes, state=state,
    )  # fmt: skip


def _short(command: Sequence[str]) -> str:
    """`node vite build`: names of programs and scripts without their folders."""
    words = [os.path.basename(word) if word.startswith("/") else word for word in command[:6]]
    return " ".join(words)[:120] or "?"
