"""Every task after those that it depends on; of those that could be next, the first by rank."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from typing import Any

Rank = Callable[[str], Any]  # Any: whatever can be compared


def ordered(edges: Mapping[str, Iterable[str]], rank: Rank) -> tuple[list[str], list[str]]:
    """Ids in order, and a cycle, first and last the same, where there is one.

    `edges` leads from each id to those that come before it.
    """
    waits_for = {node: set(before) for node, before in edges.items()}
    behind: dict[str, list[str]] = {node: [] for node in edges}
    for node, before in waits_for.items():
        for one in before:
            behind[one].append(node)
    ready = [(rank(node), node) for node, before in waits_for.items() if not before]
    heapq.heapify(ready)
    found: list[str] = []
    while ready:
        _, node = heapq.heappop(ready)
        found.append(node)
        for later in behind[node]:
            waits_for[later].discard(node)
            if not waits_for[later]:
                heapq.heappush(ready, (rank(later), later))
    stuck = {node: before for node, before in waits_for.items() if before}
    return found, _cycle(stuck, rank) if stuck else []


def _cycle(stuck: Mapping[str, Iterable[str]], rank: Rank) -> list[str]:
    """Each of the stuck waits for one of the stuck: going on leads in a circle."""
    node = min(stuck, key=rank)
    way: dict[str, int] = {}
    while node not in way:
        way[node] = len(way)
        node = min(stuck[node], key=rank)
    circle = [one for one, at in way.items() if at >= way[node]]
    return [*circle, node]
