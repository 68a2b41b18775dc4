"""Compares two runs under strace with what the tracer saw, and with what is recorded."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trace_oracle_coverage import NOT_COVERED, Coverage
from trace_oracle_record import record
from trace_oracle_seen import Pair, Seen
from workloads import Workload

from buildopt.observe.ignored import TEMPORARY_FOLDERS, TracePolicy
from buildopt.observe.placement import Placement

VARYING = (
    (re.compile(r"/cc[A-Za-z0-9]{6}(?=\.|$)"), "/cc??????"),  # gcc
    (re.compile(r"\.pyc\.\d+$"), ".pyc.N"),  # importlib, before it renames
    (re.compile(r"/tmp[a-z0-9_]{8}(?=/|$)"), "/tmp????????"),  # tempfile
    (re.compile(r"/(pip-[a-z-]+)-[a-z0-9_]{8}(?=/|$)"), r"/\1-????????"),
    (re.compile(r"\.timestamp-\d+-[0-9a-f]+\."), ".timestamp."),  # vite's compiled settings
)
"""Parts of names that are random, or hold a process id or the time."""


class Compared(NamedTuple):
    """The first table's row, and the paths behind its counts."""

    name: str
    paths: int
    by_kind: Counter[str]
    traced_paths: int
    missed: list[Pair]
    extra: list[Pair]
    set_aside: list[Pair]


def compare(name: str, strace_runs: list[set[Seen]], traced: set[Pair]) -> Compared:
    """What strace saw twice against what the mechanism saw."""
    first, second = ({(each.kind, _evened(each.path)) for each in run} for run in strace_runs)
    both = {pair for pair in first & second if not _is_in_proc(pair[1])}
    ours = {(kind, _evened(path)) for kind, path in traced if not _is_in_proc(path)}
    by_kind: Counter[str] = Counter(kind for kind, _ in both)
    vain = {(s.kind, _evened(s.path)) for s in strace_runs[0] if s.outcome == "vain"}
    by_kind["in vain"] = len(vain & both)
    return Compared(
        name,
        len({path for _, path in both}),
        by_kind,
        len({path for _, path in ours}),
        sorted(both - ours),
        sorted(ours - first - second),
        sorted((first | second) - both),
    )


def _evened(path: str) -> str:
    for pattern, replacement in VARYING:
        path = pattern.sub(replacement, path)
    return path


def _is_in_proc(path: str) -> bool:
    return path == "/proc" or path.startswith("/proc/")


PLACES = ("project", "elsewhere")


class Covered(NamedTuple):
    """A row of the second table: project paths or others, and those without a rule."""

    name: str
    place: str
    by_rule: Counter[str]
    uncovered: list[Seen]


def cover(workload: Workload, strace_runs: list[set[Seen]], place: Path) -> list[Covered]:
    """What strace saw twice against what is recorded."""
    workload.clean()
    before = set(_below(str(workload.directory)))
    held = record(workload, place)
    coverage = Coverage(_placement(workload, place), before, held, strace_runs[0])
    inside, elsewhere = (Covered(workload.name, where, Counter(), []) for where in PLACES)
    for seen in sorted(strace_runs[0] & strace_runs[1]):
        row = inside if f"{seen.path}/".startswith(f"{workload.directory}/") else elsewhere
        rule = coverage.by_what(seen)
        row.by_rule[rule] += 1
        if rule == NOT_COVERED:
            row.uncovered.append(seen)
    return [inside, elsewhere]


def _below(folder: str) -> Iterator[str]:
    for above, folders, files in os.walk(folder):
        yield from (os.path.join(above, name) for name in (*folders, *files))


def _placement(workload: Workload, place: Path) -> Placement:
    """The policy of such a run (observe/traced.py)."""
    policy = TracePolicy(
        root=str(workload.directory),
        home=workload.environment["HOME"],
        temporary_folders=(*TEMPORARY_FOLDERS, workload.environment["TMPDIR"]),
        ignored_folders=(str(place),),
    )
    return Placement(policy)
