"""What made a tree of processes take so long: the path through it, and when it stood still.

The critical path, from its end: of what was running last, whatever ended last before that began,
and so on; inside each of them the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

SLACK_S = 0.002
"""A process ends a little after the next one began, by when each was noted."""
ROOT = -1
"""Where those stand in a tree whose parent is not in it."""
Span = tuple[float, float]
"""From when to when, in seconds."""
Tree = Mapping[int, Sequence[int]]
"""Places of the children of each place."""


class Descended(Protocol):
    """What has a parent: a process."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def parent_pid(self) -> int:
        """That of its parent."""


def tree_of(processes: Sequence[Descended]) -> dict[int, list[int]]:
    """The tree of processes in order of start, by their places in it."""
    place_of: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for place, one in enumerate(processes):  # in order of start: a pid may come again
        children.setdefault(place_of.get(one.parent_pid, ROOT), []).append(place)
        place_of[one.pid] = place
    return children


def depth_first(tree: Tree) -> Iterator[tuple[int, int]]:
    """All places with their depth, each before its own; trees may be deep."""
    rest = [(each, 0) for each in reversed(tree.get(ROOT, ()))]
    while rest:
        at, level = rest.pop()
        yield at, level
        rest += [(each, level + 1) for each in reversed(tree.get(at, ()))]


def critical_path(tree: Tree, spans: Mapping[int, Span]) -> Iterator[int]:
    """Places of the path through a tree."""
    rest = [tree.get(ROOT, ())]
    while rest:
        for place in last_first({each: spans[each] for each in rest.pop()}):
            yield place
            rest.append(tree.get(place, ()))


def last_first(spans: Mapping[int, Span]) -> Iterator[int]:
    """What ended last, then what ended last before that began, and so on."""
    before_s = float("inf")
    for place in sorted(spans, key=lambda each: -spans[each][1]):
        start_s, end_s = spans[place]
        if end_s <= before_s + SLACK_S:
            yield place
            before_s = start_s


def gaps_between(spans: Sequence[Span], least_s: float) -> Iterator[Span]:
    """Times longer than `least_s` in which none of the spans is: start and length."""
    at_s = 0.0
    for start_s, end_s in sorted(spans):
        if start_s - at_s > least_s:
            yield at_s, start_s - at_s
        at_s = max(at_s, end_s)
