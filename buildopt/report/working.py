"""When each process of a run worked, as far as its CPU time tells, and when nobody did.

A process that used less CPU time than passed while it had no child, or hardly any at all, is taken
to have waited for its children; any other one worked all its life.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from buildopt.critical_path import Span, Tree, gaps_between
from buildopt.report.processes import Process

TOLERANCE = 1.1
LEAST_WORK = 0.1
"""Of a process's time: with less CPU time it waited for something."""
TICK_S = 0.05
"""Shorter ones may have no CPU time only because it is counted in ticks of 10 ms."""


class Work(NamedTuple):
    """When a process may have worked, and the share of that time for which it had a processor."""

    spans: tuple[Span, ...]
    share: float
    own_s: float
    works_throughout: bool
    """Whether it worked while its children ran, too."""

    @property
    def is_waiting(self) -> bool:
        """Whether it hardly did anything."""
        return self.share < LEAST_WORK and self.own_s >= TICK_S


def work_of(processes: Sequence[Process], tree: Tree) -> list[Work]:
    """The work of each process."""
    return [
        _work(one, [processes[child] for child in tree.get(place, ())])
        for place, one in enumerate(processes)
    ]


def idle_spans(work: Iterable[Work], whole_s: float, least_s: float) -> list[Span]:
    """Times in which all processes waited: start and length."""
    busy = [span for one in work if not one.is_waiting for span in one.spans]
    return list(gaps_between([*busy, (whole_s, whole_s)], least_s))


def spread(
    amounts: Iterable[tuple[Sequence[Span], float]], whole_s: float, columns: int
) -> list[float]:
    """Amounts per second in columns of a time, each spread evenly over its spans."""  # fmt: skip
    changes = [0.0] * (columns + 1)
    partial = [0.0] * columns
    width_s = whole_s / columns if whole_s else 1.0
    for spans, rate in amounts:
        for start_s, end_s in spans:
            first = min(columns - 1, int(start_s / width_s))
            last = min(columns - 1, int(end_s / width_s))
            if first == last:
                partial[first] += rate * (end_s - start_s)
                continue
            partial[first] += rate * ((first + 1) * width_s - start_s)
            partial[last] += rate * (end_s - last * width_s)
            changes[first + 1] += rate
            changes[last] -= rate
    return [one / width_s + level for one, level in zip(partial, _running(changes), strict=False)]


def _running(changes: Iterable[float]) -> Iterator[float]:
    level = 0.0
    for change in changes:
        level += change
        yield level


def most_at_once(amounts: Iterable[tuple[Span, float]]) -> float:
    """The most that is there at one time."""
    steps = sorted(
        step for (start_s, end_s), value in amounts for step in ((start_s, value), (end_s, -value))
    )
    return max(_running(change for _, change in steps), default=0.0)


def _work(one: Process, children: Sequence[Process]) -> Work:
    life = ((one.start_s, one.end_s),)
    alone = tuple(without(one, children))
    alone_s = sum(end_s - start_s for start_s, end_s in alone)
    is_more = one.cpu_s > alone_s * TOLERANCE
    throughout = is_more and one.cpu_s >= LEAST_WORK * one.duration_s
    spans, own_s = (life, one.duration_s) if throughout else (alone, alone_s)
    return Work(spans, one.cpu_s / own_s if own_s > 0 else 0.0, own_s, throughout)


def without(one: Process, children: Sequence[Process]) -> Iterator[Span]:
    """The parts of a life in which none of the children ran."""
    at_s = one.start_s
    for child in sorted(children, key=lambda each: each.start_s):
        if child.start_s > at_s:
            yield at_s, min(child.start_s, one.end_s)
        at_s = max(at_s, child.end_s)
        if at_s >= one.end_s:
            return
    if one.end_s > at_s:
        yield at_s, one.end_s
