"""What the page's script reads: the tree in columns, in an element that is never run."""

from __future__ import annotations

import gzip
import json
from base64 import b64encode

from markupsafe import Markup

from buildopt.report.bundle.fold import folded
from buildopt.report.bundle.tree import Forest

PLAIN_LIMIT_BYTES = 100_000
"""Up to here JSON stays readable in the page; longer text is compressed."""
LIMIT_BYTES = 200_000
"""Of compressed data: so the page stays below 300 kB whatever the build."""
FEWEST_LEAVES = 1000
_ESCAPES = {ord("<"): "\\u003c", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def data_of(forest: Forest, facts: dict[str, object]) -> tuple[str, Markup, str]:
    """Type and content of the element, and words for what it leaves out.

    names     of all nodes, in preorder, a line each
    counts    how many children each node has
    figures   column -> numbers of the leaves
    starts    numbers of the nodes at which an owner begins
    places    whose those are: places among the owners
    owners    name, version, instance, whether there are other copies, chain of imports
    """
    content = _document(forest, facts)
    if len(content) <= PLAIN_LIMIT_BYTES:
        return "application/json", Markup(content.decode().translate(_ESCAPES)), ""
    packed, most, left_out = _packed(content), _count_of_leaves(forest), ""
    while len(packed) > LIMIT_BYTES and most > FEWEST_LEAVES:
        most = int(most * LIMIT_BYTES / len(packed) * 0.97)
        smaller, left_out = folded(forest, most)
        packed = _packed(_document(smaller, facts))
    return "application/octet-stream;base64", Markup(packed), left_out


def _packed(content: bytes) -> str:
    return b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _count_of_leaves(forest: Forest) -> int:
    return sum(not node.children for node in forest.root.preorder())


def _document(forest: Forest, facts: dict[str, object]) -> bytes:
    nodes = list(forest.root.preorder())
    leaves = [node for node in nodes if not node.children]
    figures = {
        name: [leaf.figures[place] for leaf in leaves] for place, name in enumerate(forest.columns)
    }
    document = {
        **facts,
        "names": "\n".join(node.name for node in nodes),
        "counts": [len(node.children) for node in nodes],
        "figures": figures,
        "starts": [number for number, node in enumerate(nodes) if node.owner is not None],
        "places": [node.owner for node in nodes if node.owner is not None],
        "owners": [
            [one.name, one.version, one.instance, int(one.is_duplicate), list(one.chain)]
            for one in forest.owners
        ],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")
