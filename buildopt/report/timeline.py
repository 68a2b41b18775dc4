"""The processes of a run over its time: bars, the critical path, idle times, programs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from buildopt.critical_path import ROOT, Span, Tree, critical_path, depth_first, tree_of
from buildopt.phrases import printable
from buildopt.report.processes import Process, program_of, short_of
from buildopt.report.working import Work, idle_spans, most_at_once, spread, without, work_of

MOST_BARS = 60
"""The longest, and those of the critical path; a picture has all."""
MOST_CRITICAL = 40
MOST_PARTS = 20
MOST_PROGRAMS = 20
MOST_REPEATED = 10
MOST_IDLE = 10
LEAST_IDLE = 0.02
"""Of the whole; shorter ones are how processes start."""
LEAST_IDLE_S = 0.05
COLUMNS = 120
DEEPEST = 8
LONGEST_COMMAND = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One process."""

    name: str
    command: str
    depth: int
    start_s: float
    duration_s: float
    cpu_s: float
    peak_memory_bytes: int
    exit_code: int | None
    is_critical: bool
    is_waiting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A time in which all processes waited, and which those were."""

    start_s: float
    duration_s: float
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Processes of a program on the critical path, and the time in which none below was on it."""

    name: str
    count: int
    own_s: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """All processes of one program; `own_s` is without the time in which only children ran."""

    name: str
    count: int
    own_s: float
    longest_s: float
    cpu_s: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """One command, all arguments alike, that ran more than once."""

    name: str
    count: int
    total_s: float
    longest_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What a run did when. `memory` adds up peaks, so that it is never too little."""

    count: int
    whole_s: float
    bars: tuple[Bar, ...]
    left_out: int
    path: tuple[Part, ...]
    """The critical path, what took most of it first."""
    path_left_out: int
    idle: tuple[Idle, ...]
    idle_s: float
    programs: tuple[Program, ...]
    programs_left_out: int
    repeated: tuple[Repeated, ...]
    """What the repetitions took most time of, first."""
    cpu: tuple[float, ...]
    """Processors in use, in columns."""
    memory: tuple[float, ...]
    """Bytes, in columns."""
    most_memory_bytes: float
    lanes: tuple[tuple[Span, ...], ...]
    """All processes side by side, where not all have a bar."""
    origin: str = ""
    """Of an answered run: which run it shows."""


def timeline_of(processes: Sequence[Process], origin: str = "") -> Timeline:
    """The timeline of some processes, in order of start; there is at least one."""
    begin_s = processes[0].start_s
    processes = [
        one._replace(start_s=one.start_s - begin_s, end_s=one.end_s - begin_s) for one in processes
    ]
    tree = tree_of(processes)
    spans = {place: (one.start_s, one.end_s) for place, one in enumerate(processes)}
    whole_s = max(one.end_s for one in processes)
    work = work_of(processes, tree)
    critical = list(critical_path(_without_services(tree, work), spans))
    idle = idle_spans(work, whole_s, max(LEAST_IDLE_S, whole_s * LEAST_IDLE))
    order = list(depth_first(tree))
    kept = _kept(processes, critical)
    on_path = set(critical)
    bars = tuple(
        _bar(processes[place], depth, is_critical=place in on_path and len(order) > 1,
             is_waiting=work[place].is_waiting)
        for place, depth in order
        if place in kept
    )  # fmt: skip
    programs = _programs(processes, work)
    path = _path(processes, critical, tree, whole_s)
    return Timeline(
        count=len(processes),
        whole_s=whole_s,
        bars=bars,
        left_out=len(order) - len(bars),
        path=tuple(path[:MOST_PARTS]),
        path_left_out=max(0, len(path) - MOST_PARTS),
        idle=tuple(_idle(span, processes, work) for span in idle[:MOST_IDLE]),
        idle_s=sum(length_s for _, length_s in idle),
        programs=tuple(programs[:MOST_PROGRAMS]),
        programs_left_out=max(0, len(programs) - MOST_PROGRAMS),
        repeated=tuple(_repeated(processes, work)[:MOST_REPEATED]),
        cpu=_rounded(spread(((one.spans, one.share) for one in work), whole_s, COLUMNS)),
        memory=_rounded(
            spread(
                (((spans[place],), one.peak_memory_bytes) for place, one in enumerate(processes)),
                whole_s, COLUMNS,
            )
        ),
        most_memory_bytes=most_at_once(
            (spans[place], float(one.peak_memory_bytes)) for place, one in enumerate(processes)
        ),
        lanes=_lanes(processes) if len(bars) < len(order) else (),
        origin=origin,
    )  # fmt: skip


def _without_services(tree: Tree, work: Sequence[Work]) -> dict[int, list[int]]:
    """The tree without children that wait while their parent works, such as servers of plugins."""
    return {
        place: [
            child
            for child in children
            if place == ROOT or not (work[child].is_waiting and work[place].works_throughout)
        ]
        for place, children in tree.items()
    }


def _kept(processes: Sequence[Process], critical: Sequence[int]) -> set[int]:
    """Places of those that have a bar."""
    longest = sorted(range(len(processes)), key=lambda place: -processes[place].duration_s)
    path = sorted(critical, key=lambda place: -processes[place].duration_s)[:MOST_CRITICAL]
    return {*path, *longest[: MOST_BARS - len(path)]}


def _bar(one: Process, depth: int, *, is_critical: bool, is_waiting: bool) -> Bar:
    return Bar(
        name=short_of(one.command),
        command=printable(shlex.join(one.command))[:LONGEST_COMMAND],
        depth=min(depth, DEEPEST),
        start_s=one.start_s,
        duration_s=one.duration_s,
        cpu_s=one.cpu_s,
        peak_memory_bytes=one.peak_memory_bytes,
        exit_code=one.exit_code,
        is_critical=is_critical,
        is_waiting=is_waiting,
    )


def _idle(span: Span, processes: Sequence[Process], work: Sequence[Work]) -> Idle:
    start_s, length_s = span
    middle_s = start_s + length_s / 2
    names = [
        short_of(one.command)
        for one, done in zip(processes, work, strict=True)
        if any(begin_s <= middle_s <= end_s for begin_s, end_s in done.spans)
    ]
    return Idle(start_s=start_s, duration_s=length_s, names=tuple(dict.fromkeys(names))[:3])


def _path(
    processes: Sequence[Process], critical: Sequence[int], tree: Tree, whole_s: float
) -> list[Part]:
    on_path = set(critical)
    found: dict[str, tuple[int, float]] = {}
    for place in critical:
        one = processes[place]
        below = [processes[child] for child in tree.get(place, ()) if child in on_path]
        own_s = sum(end_s - start_s for start_s, end_s in without(one, below))
        count, sum_s = found.get(name := program_of(one.command), (0, 0.0))
        found[name] = (count + 1, sum_s + own_s)
    parts = [
        Part(name=name, count=count, own_s=own_s, share=own_s / whole_s if whole_s else 0.0)
        for name, (count, own_s) in found.items()
    ]
    return sorted(parts, key=lambda part: -part.own_s)


def _programs(processes: Sequence[Process], work: Sequence[Work]) -> list[Program]:
    """The slowest first."""
    groups: dict[str, list[int]] = {}
    for place, one in enumerate(processes):
        groups.setdefault(program_of(one.command), []).append(place)
    found = [
        Program(
            name=name,
            count=len(places),
            own_s=sum(work[place].own_s for place in places),
            longest_s=max(processes[place].duration_s for place in places),
            cpu_s=sum(processes[place].cpu_s for place in places),
            peak_memory_bytes=max(processes[place].peak_memory_bytes for place in places),
        )
        for name, places in groups.items()
    ]
    return sorted(found, key=lambda each: (-each.own_s, each.name))


def _repeated(processes: Sequence[Process], work: Sequence[Work]) -> list[Repeated]:
    groups: dict[tuple[str, ...], list[float]] = {}
    for one, done in zip(processes, work, strict=True):
        groups.setdefault(one.command, []).append(done.own_s)
    found = [
        Repeated(name=short_of(command), count=len(own), total_s=sum(own), longest_s=max(own))
        for command, own in groups.items()
        if len(own) > 1 and command
    ]
    return sorted(found, key=lambda each: each.longest_s - each.total_s)


def _lanes(processes: Sequence[Process]) -> tuple[tuple[Span, ...], ...]:
    """Each process in the first lane that is free when it begins."""
    from heapq import heappop, heappush

    lanes: list[list[Span]] = []
    free: list[int] = []
    busy: list[tuple[float, int]] = []
    for one in processes:
        while busy and busy[0][0] <= one.start_s:
            heappush(free, heappop(busy)[1])
        if free:
            lane = heappop(free)
        else:
            lane = len(lanes)
            lanes.append([])
        lanes[lane].append((one.start_s, one.end_s))
        heappush(busy, (one.end_s, lane))
    return tuple(map(tuple, lanes))


def _rounded(values: Sequence[float]) -> tuple[float, ...]:
    return tuple(round(value, 3) for value in values)
