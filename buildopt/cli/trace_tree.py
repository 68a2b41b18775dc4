"""A trace for people: the processes, then the paths of each kind as a folded tree."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence

import click

from buildopt.access_table import KINDS, Row
from buildopt.model import Observed, Process
from buildopt.path_tree import Line, lines_of
from buildopt.phrases import not_stored_phrase, printable
from buildopt.quantities import counted, duration, size

MOST_PROCESSES = 40
"""Shown unless all are asked for: the longest, and those that started them."""
MOST_LINES = 40
"""Of each kind of path, about as many, unless all are asked for."""
TITLES = {
    "read": ("file read", "files read"),
    "probed": ("file looked at, not read", "files looked at, not read"),
    "ran": ("program run", "programs run"),
    "listed": ("folder listed", "folders listed"),
    "link": ("link followed", "links followed"),
    "missing": ("path looked for in vain", "paths looked for in vain"),
    "wrote": ("path written", "paths written"),
    "removed": ("path removed", "paths removed"),
}


def print_tree(observed: Observed, rows: Sequence[Row], *, shows_all: bool) -> None:
    """Print it on stdout; the rows' paths are as they are to be shown."""
    for reason in observed.incomplete:
        click.secho(f"incomplete: {not_stored_phrase(reason).text}", bold=True)
    _print_processes(observed.processes, shows_all=shows_all)
    for kind in KINDS:
        of_kind = {row.path: row for row in rows if row.kind == kind}
        if not of_kind:
            continue
        click.secho(f"\n{counted(len(of_kind), *TITLES[kind])}", bold=True)
        for line in lines_of(of_kind, most_lines=0 if shows_all else MOST_LINES):
            click.echo(_path_line(line, of_kind.get(line.path)))


def _path_line(line: Line, row: Row | None) -> str:
    text = f"  {'  ' * line.depth}{printable(line.name)}"
    if line.below:
        return f"{text}  {click.style(counted(line.below, 'path'), dim=True)}"
    if row is None or not row.detail:
        return text
    told = f"-> {printable(row.detail)}" if row.kind == "link" else _told(row)
    return f"{text}  {click.style(told, dim=True)}"


def _told(row: Row) -> str:
    return size(int(row.detail)) if row.kind == "wrote" else row.detail


def _print_processes(processes: Sequence[Process], *, shows_all: bool) -> None:
    shown = processes if shows_all else _longest(processes)
    click.secho(counted(len(processes), "process", "processes"), bold=True)
    click.echo("     start      wall       CPU    memory  command")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for process, depth in _in_order(shown):
        text = _process_line(process, depth)
        click.echo(text[: width - 1] + "…" if 0 < width < len(text) else text)
    if len(shown) < len(processes):
        click.echo(f"  and {len(processes) - len(shown)} shorter ones: --all shows them")


def _process_line(process: Process, depth: int) -> str:
    wall_s = (process.ended_ns - process.started_ns) / 1e9
    numbers = (
        duration(process.started_ns / 1e9),
        duration(wall_s),
        duration(process.cpu_s),
        size(process.peak_memory_bytes),
    )
    columns = "".join(f"{number:>10}" for number in numbers)
    failed = f"  [exit {process.exit_code}]" if process.exit_code else ""
    return f"{columns}  {'  ' * depth}{printable(shlex.join(process.argv))}{failed}"


def _longest(processes: Sequence[Process]) -> Sequence[Process]:
    by_length = sorted(processes, key=lambda p: p.started_ns - p.ended_ns)
    by_pid = {process.pid: process for process in processes}
    chosen: set[Process] = set()
    for process in by_length[:MOST_PROCESSES]:
        above: Process | None = process
        while above is not None and above not in chosen:
            chosen.add(above)
            above = by_pid.get(above.parent_pid)
    return [process for process in processes if process in chosen]


def _in_order(processes: Sequence[Process]) -> Iterator[tuple[Process, int]]:
    """Each process below the one that started it, with its depth."""
    below: dict[int, list[Process]] = {}
    known = {process.pid for process in processes}
    for process in processes:
        parent = process.parent_pid if process.parent_pid in known else 0
        below.setdefault(parent, []).append(process)
    waiting = [(process, 0) for process in reversed(below.get(0, ()))]
    seen = set()
    while waiting:
        process, depth = waiting.pop()
        yield process, depth
        if process.pid not in seen:  # a number may be used again
            seen.add(process.pid)
            waiting += [(p, depth + 1) for p in reversed(below.get(process.pid, ()))]
