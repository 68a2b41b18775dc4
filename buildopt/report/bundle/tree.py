"""Every byte of an output as a tree: files, whose code is in them, modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from buildopt.phrases import printable

OWN_CODE = "own code"
BUNDLER_CODE = "bundler's code"
NOT_MAPPED = "not mapped"
OTHER_FILES = "other files"
ITSELF = "(itself)"
"""A module beside which a folder bears its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose bytes a part of a file is: a copy of a package, the project itself, the bundler."""

    name: str
    version: str = ""
    instance: str = ""
    """Where the copy is installed; empty for what is no package."""
    is_duplicate: bool = False
    """Whether another copy of the package is there too."""
    chain: tuple[str, ...] = ()
    """The shortest way of imports from an entry to it."""

    @property
    def label(self) -> str:
        """The name, with its version where that is known."""
        return f"{self.name} {self.version}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One module in one file: the way to it, whose it is, and a number for each column."""

    path: tuple[str, ...]
    owner: int
    figures: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class Node:
    """A leaf or a folder of them; figures are sums, `owner` stands where an owner begins."""

    name: str
    figures: tuple[int, ...]
    owner: int | None = None
    children: list[Node] = field(default_factory=list)

    def preorder(self) -> Iterator[Node]:
        """The node, then what is below it."""
        rest = [self]
        while rest:
            node = rest.pop()
            yield node
            rest += reversed(node.children)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """A tree, what its numbers mean, and the owners that its nodes name by place."""

    root: Node
    columns: tuple[str, ...]
    owners: tuple[Owner, ...]


@dataclass(slots=True)
class _Folder:
    owner: int | None = None
    figures: tuple[int, ...] = ()
    inside: dict[str, _Folder] = field(default_factory=dict)


def grow(
    name: str, leaves: Iterable[Leaf], columns: tuple[str, ...], owners: tuple[Owner, ...],
    *, owner_depth: int,
) -> Forest:  # fmt: skip
    """The tree of all leaves; an owner begins at a depth, or at a leaf above it."""
    top = _Folder()
    for leaf in leaves:
        folder = top
        for depth, part in enumerate(leaf.path, 1):
            folder = folder.inside.setdefault(part, _Folder())
            if depth == min(owner_depth, len(leaf.path)):
                folder.owner = leaf.owner
        folder.figures = _sum((folder.figures, leaf.figures))
    return Forest(root=_node(name, top, len(columns)), columns=columns, owners=owners)


def _node(name: str, folder: _Folder, width: int) -> Node:
    """The largest children first."""
    children = [_joined(_node(part, inside, width)) for part, inside in folder.inside.items()]
    own = (folder.figures,) if folder.figures else ()
    figures = _sum((*own, *(child.figures for child in children))) or (0,) * width
    if own and children:
        children.append(Node(name=ITSELF, figures=folder.figures))
    children.sort(key=lambda child: (-max(child.figures), child.name))
    return Node(name=printable(name), figures=figures, owner=folder.owner, children=children)


def _joined(node: Node) -> Node:
    """A folder that holds nothing but a folder is one with it, unless an owner begins there."""
    if node.owner is not None or len(node.children) != 1 or node.children[0].owner is not None:
        return node
    (only,) = node.children
    return Node(name=f"{node.name}/{only.name}", figures=only.figures, children=only.children)


def _sum(rows: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    known = [row for row in rows if row]
    if len(known) == 1:
        return known[0]
    return tuple(map(sum, zip(*known, strict=True)))
