"""Keeps the page of a huge build small: the least parts of each folder become one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from buildopt.quantities import counted, share
from buildopt.report.bundle.tree import Forest, Node

CHANGE_WEIGHT = 1000
"""A byte that changed is worth so many that did not: what a comparison is about is kept."""


def folded(forest: Forest, most: int) -> tuple[Forest, str]:
    """At most about so many leaves with a name, the largest, and words for what was done.

    Owners and the sums of all folders stay as they are.
    """
    weights = [_weight(node) for node in forest.root.preorder() if _may_go(node)]
    weights.sort(reverse=True)
    if len(weights) <= most:
        return forest, ""
    least = weights[most]
    root = _fold(forest.root, lambda node: _may_go(node) and _weight(node) <= least)
    small = [n for n in forest.root.preorder() if _may_go(n) and _weight(n) <= least]
    named = 1 - sum(node.figures[0] for node in small) / max(1, forest.root.figures[0])
    words = (
        f"The page names the {counted(most, 'largest part')} of {len(weights):,}, {share(named)} "
        "of the bytes; smaller ones are summed up in their folder. The document of --json has all."
    )
    return replace(forest, root=root), words


def _fold(node: Node, is_small: Callable[[Node], bool]) -> Node:
    if not node.children:
        return node
    small = [child for child in node.children if is_small(child)]
    kept = [_fold(child, is_small) for child in node.children if not is_small(child)]
    if len(small) < 2:
        kept += small
    elif not kept and node.owner is None:
        return replace(node, name=f"{node.name} ({len(small):,} smaller)", children=[])
    else:
        kept.append(_sum(small))
    kept.sort(key=lambda child: (-max(child.figures), child.name))
    return Node(name=node.name, figures=node.figures, owner=node.owner, children=kept)


def _sum(nodes: list[Node]) -> Node:
    figures = tuple(map(sum, zip(*(node.figures for node in nodes), strict=True)))
    return Node(name=f"({len(nodes):,} smaller)", figures=figures)


def _may_go(node: Node) -> bool:
    return not node.children and node.owner is None


def _weight(node: Node) -> int:
    changed = abs(node.figures[0] - node.figures[-1]) if len(node.figures) > 1 else 0
    return max(node.figures) + CHANGE_WEIGHT * changed
