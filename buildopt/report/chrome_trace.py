"""The timeline of a run as Chrome trace JSON, which Perfetto and chrome://tracing open.

A process stands inside its parent's bar where it fits, else in the first free row; rows are told
apart by `tid`. Times are microseconds. Format: "Trace Event Format", Google, 2016.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from buildopt.phrases import printable
from buildopt.report.processes import Process, program_of
from buildopt.report.steps import Step
from buildopt.report.timeline import Timeline, timeline_of
from buildopt.report.view import RunView

PROCESSES, STEPS = 1, 2
"""`pid` of the two groups of rows."""
FIRST_ROW = 1
"""0 is the idle thread to Perfetto."""
SLACK_S = 0.005
"""By which a child may end behind its parent, by when each end was noted."""


def trace_of(view: RunView, processes: Sequence[Process]) -> bytes:
    """The whole file, ASCII."""
    events = [
        _named(PROCESSES, "Processes"),
        *_process_events(processes),
        *_counters(processes),
    ]
    if view.steps.rows:
        events += [_named(STEPS, f"{view.steps.word.capitalize()}s"), *_step_events(view)]
    about = {"command": shlex.join(view.command), "run": view.run_id, "task": view.task}
    trace = {"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}
    return json.dumps(trace, separators=(",", ":")).encode("ascii") + b"\n"


def _named(group: int, name: str) -> dict[str, Any]:  # Any: JSON
    return {
        "ph": "M",
        "cat": "__metadata",
        "pid": group,
        "tid": FIRST_ROW,
        "ts": 0,
        "name": "process_name",
        "args": {"name": name},
    }


def _process_events(processes: Sequence[Process]) -> Iterator[dict[str, Any]]:  # Any: JSON
    for one, row, end_s in zip(processes, *_rows(processes), strict=True):
        yield {
            "ph": "X",
            "cat": "process",
            "pid": PROCESSES,
            "tid": FIRST_ROW + row,
            "name": program_of(one.command),
            "ts": round(one.start_s * 1e6),
            "dur": max(1, round((end_s - one.start_s) * 1e6)),
            "args": {
                "command": printable(shlex.join(one.command)),
                "pid": one.pid,
                "parent_pid": one.parent_pid,
                "cpu_s": one.cpu_s,
                "peak_memory_bytes": one.peak_memory_bytes,
                "exit_code": one.exit_code,
            },
        }


def _rows(processes: Sequence[Process]) -> tuple[list[int], list[float]]:
    """For each process its row, and its end as far as its parent's bar allows."""
    stacks: list[list[tuple[float, int]]] = []
    """Ends and numbers of the processes that are open in each row, the innermost last."""
    row_of: dict[int, int] = {}
    rows, ends = [], []
    for one in processes:
        for stack in stacks:
            while stack and stack[-1][0] <= one.start_s:
                stack.pop()
        row = row_of.get(one.parent_pid, -1)
        end_s = one.end_s
        is_inside = (
            row >= 0
            and bool(stacks[row])
            and stacks[row][-1][1] == one.parent_pid
            and end_s <= stacks[row][-1][0] + SLACK_S
        )
        if is_inside:
            end_s = min(end_s, stacks[row][-1][0])
        else:
            row = next((n for n, stack in enumerate(stacks) if not stack), len(stacks))
            if row == len(stacks):
                stacks.append([])
        stacks[row].append((end_s, one.pid))
        row_of[one.pid] = row
        rows.append(row)
        ends.append(end_s)
    return rows, ends


def _counters(processes: Sequence[Process]) -> Iterator[dict[str, Any]]:  # Any: JSON
    if not processes:
        return
    timeline: Timeline = timeline_of(processes)
    begin_s, width_s = processes[0].start_s, timeline.whole_s / len(timeline.cpu)
    for column, (cpu, memory) in enumerate(zip(timeline.cpu, timeline.memory, strict=True)):
        at = round((begin_s + column * width_s) * 1e6)
        for name, value in (("processors in use", cpu), ("memory, at most", memory)):
            yield {
                "ph": "C",
                "cat": "machine",
                "pid": PROCESSES,
                "tid": FIRST_ROW,
                "ts": at,
                "name": name,
                "args": {"value": value},
            }


def _step_events(view: RunView) -> Iterator[dict[str, Any]]:  # Any: JSON
    ends: list[float] = []
    for step in sorted(view.steps.rows, key=lambda each: each.started_s):
        row = next((n for n, end_s in enumerate(ends) if end_s <= step.started_s), len(ends))
        ends[row : row + 1] = [step.started_s + step.duration_s]
        yield _step_event(step, row)


def _step_event(step: Step, row: int) -> dict[str, Any]:  # Any: JSON
    return {
        "ph": "X",
        "cat": "step",
        "pid": STEPS,
        "tid": FIRST_ROW + row,
        "name": step.name,
        "ts": round(step.started_s * 1e6),
        "dur": max(1, round(step.duration_s * 1e6)),
        "args": {"state": step.state, "why": step.why.text},
    }
