"""What the page's script reads: the tree in columns, in an element that is never run."""

from __future__ import annotations

import gzip
import json
import string
from base64 import b64encode
from collections.abc import Iterator

from markupsafe import Markup

from buildopt.report.bundle.fold import folded
from buildopt.report.bundle.tree import Forest, Node

PLAIN_LIMIT_BYTES = 100_000
"""Up to here JSON stays readable in the page; longer text is compressed."""
FEWEST_LEAVES = 1000
TRIES = 4
LEAST_ROOM = 0.02
"""Less is not worth another try."""
ENDING = ".js"
DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
PACKED = "application/octet-stream;base64"
_ESCAPES = {ord("<"): "\\u003c", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def data_of(forest: Forest, facts: dict[str, object], room_bytes: int) -> tuple[str, Markup, str]:
    """Type and content of the element, and words for what there is no room for.

    names     of all nodes, in preorder, a line each, children by name; of leaves without the
              `ending`, and with a `/` where they have another one
    counts    how many children each node has
    figures   column -> numbers of the leaves, by `_digits`
    starts    numbers of the nodes at which an owner begins
    places    whose those are: places among the owners
    owners    name, version, instance, whether there are other copies, chain of imports

    By name and in planes of digits the columns compress to nine tenths of what they do else.
    """
    content = _document(forest, facts)
    if len(content) <= PLAIN_LIMIT_BYTES:
        return "application/json", Markup(content.decode().translate(_ESCAPES)), ""
    packed = _packed(content)
    if len(packed) <= room_bytes:
        return PACKED, Markup(packed), ""
    packed, left_out = _fitting(forest, facts, room_bytes, len(packed))
    return PACKED, Markup(packed), left_out


def _fitting(
    forest: Forest, facts: dict[str, object], room_bytes: int, whole_bytes: int
) -> tuple[str, str]:
    """As many parts with a name as there is room for: between two known lengths it grows evenly."""
    most, most_bytes = sum(not node.children for node in forest.root.preorder()), whole_bytes
    least = FEWEST_LEAVES
    smaller, words = folded(forest, least)
    found = (_packed(_document(smaller, facts)), words)
    for _ in range(TRIES):
        room = (room_bytes - len(found[0])) / max(1, most_bytes - len(found[0]))
        if room < LEAST_ROOM:
            break
        tried = least + int((most - least) * room * 0.95)
        smaller, words = folded(forest, tried)
        packed = _packed(_document(smaller, facts))
        if len(packed) > room_bytes:
            most, most_bytes = tried, len(packed)
        else:
            least, found = tried, (packed, words)
    return found


def _packed(content: bytes) -> str:
    return b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _document(forest: Forest, facts: dict[str, object]) -> bytes:
    nodes = list(_by_name(forest.root))
    leaves = [node for node in nodes if not node.children]
    document = {
        **facts,
        "ending": ENDING,
        "names": "\n".join(map(_shortened, nodes)),
        "counts": [len(node.children) for node in nodes],
        "figures": {
            name: _digits([leaf.figures[place] for leaf in leaves])
            for place, name in enumerate(forest.columns)
        },
        "starts": [number for number, node in enumerate(nodes) if node.owner is not None],
        "places": [node.owner for node in nodes if node.owner is not None],
        "owners": [
            [one.name, one.version, one.instance, int(one.is_duplicate), list(one.chain)]
            for one in forest.owners
        ],
    }
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "backslashreplace")


def _by_name(node: Node) -> Iterator[Node]:
    yield node
    for child in sorted(node.children, key=lambda child: child.name):
        yield from _by_name(child)


def _shortened(node: Node) -> str:
    if node.children:
        return node.name
    return node.name.removesuffix(ENDING) if node.name.endswith(ENDING) else node.name + "/"


def _digits(numbers: list[int]) -> list[str]:
    """Text after text of a digit of each number, to the base of 64, the last digits first."""
    planes: list[str] = []
    while not planes or any(numbers):
        planes.append("".join([DIGITS[number & 63] for number in numbers]))
        numbers = [number >> 6 for number in numbers]
    return planes
