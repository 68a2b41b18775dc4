"""A treemap as rectangles in percent, for pages where no script runs.

Squarified: Bruls, Huizing, van Wijk, Squarified Treemaps (2000). The script of the page draws the
same with more cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from buildopt.quantities import size
from buildopt.report.bundle.tree import Node

WIDTH_PX, HEIGHT_PX = 1280.0, 480.0
"""The page at its widest; shapes are chosen for it, percents keep them when it is narrower."""
NARROW_PX = 328.0
MOST_CELLS = 160
LEAST_AREA_PX = 600.0
"""A smaller folder is one cell."""
TITLE_PX = 18.0
GAP_PX = 1.0
CHARACTER_PX = 7.0
"""Width of a character of 12 px, about."""
DEEPEST = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle in pixels of the widest page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A node and where it stands; `label` is empty where it would not fit."""

    node: Node
    owner: int
    depth: int
    box: Box
    is_folder: bool
    label: str = ""
    fits_narrow: bool = False

    @property
    def x(self) -> str:
        """Across in percent of the width, which is the page's."""
        return f"{100 * self.box.x / WIDTH_PX:.2f}%"

    @property
    def width(self) -> str:
        """The same."""
        return f"{100 * self.box.width / WIDTH_PX:.2f}%"

    @property
    def y(self) -> str:
        """Down in pixels: the height is always the same."""
        return f"{self.box.y:.1f}"

    @property
    def height(self) -> str:
        """The same."""
        return f"{self.box.height:.1f}"


def cells_of(root: Node, most: int = MOST_CELLS) -> list[Cell]:
    """Folders before what is in them; the largest are opened until there are enough cells."""
    order = count()
    whole = Box(x=0.0, y=0.0, width=WIDTH_PX, height=HEIGHT_PX)
    waiting: list[tuple[float, int, Cell]] = []
    closed = [*_inside(_cell(root, whole, owner=0, depth=-1))]
    for cell in closed:
        heappush(waiting, (-cell.box.area, next(order), cell))
    done: list[Cell] = []
    shown = len(closed)
    while waiting:
        _, _, cell = heappop(waiting)
        inner = list(_inside(cell)) if _may_open(cell) else []
        if not inner or shown + len(inner) > most:
            done.append(cell)
            continue
        shown += len(inner)
        done.append(_cell(cell.node, cell.box, owner=cell.owner, depth=cell.depth, is_folder=True))
        for one in inner:
            heappush(waiting, (-one.box.area, next(order), one))
    return sorted(done, key=lambda cell: cell.depth)


def squarify(values: list[float], box: Box) -> Iterator[Box]:
    """A box for each value, in their order, largest first; areas are in proportion."""
    total = sum(values)
    at = 0
    while at < len(values) and total > 0:
        length = min(box.width, box.height)
        scale = box.area / total
        end = at + 1
        while end < len(values) and _worst(values[at : end + 1], scale, length) <= _worst(
            values[at:end], scale, length
        ):
            end += 1
        row = values[at:end]
        yield from _row(row, box, sum(row) / total)
        box = _less(box, sum(row) / total)
        total -= sum(row)
        at = end


def _worst(row: list[float], scale: float, length: float) -> float:
    """The ratio of sides of the least square cell of a row."""
    area = sum(row) * scale
    side = area / length if length else 0.0
    if not side or not row[-1]:
        return float("inf")
    return max(
        max(value * scale / side / side, side * side / (value * scale))
        for value in (row[0], row[-1])
    )


def _row(row: list[float], box: Box, share: float) -> Iterator[Box]:
    """Cells along the shorter side."""
    total = sum(row)
    along = 0.0
    for value in row:
        part = value / total
        if box.width >= box.height:
            yield Box(x=box.x, y=box.y + along * box.height,
                      width=box.width * share, height=box.height * part)  # fmt: skip
        else:
            yield Box(x=box.x + along * box.width, y=box.y,
                      width=box.width * part, height=box.height * share)  # fmt: skip
        along += part


def _less(box: Box, share: float) -> Box:
    if box.width >= box.height:
        taken = box.width * share
        return Box(x=box.x + taken, y=box.y, width=box.width - taken, height=box.height)
    taken = box.height * share
    return Box(x=box.x, y=box.y + taken, width=box.width, height=box.height - taken)


def _inside(cell: Cell) -> Iterator[Cell]:
    children = [child for child in cell.node.children if child.figures[0] > 0]
    values = [float(child.figures[0]) for child in children]
    inner = _within(cell.box) if cell.depth >= 0 else cell.box
    for child, box in zip(children, squarify(values, inner), strict=False):
        owner = cell.owner if child.owner is None else child.owner
        yield _cell(child, box, owner=owner, depth=cell.depth + 1)


def _within(box: Box) -> Box:
    top = TITLE_PX if box.height > 2 * TITLE_PX and box.width > 2 * TITLE_PX else GAP_PX
    return Box(x=box.x + GAP_PX, y=box.y + top,
               width=max(0.0, box.width - 2 * GAP_PX),
               height=max(0.0, box.height - top - GAP_PX))  # fmt: skip


def _may_open(cell: Cell) -> bool:
    return bool(cell.node.children) and cell.depth < DEEPEST and cell.box.area >= LEAST_AREA_PX


def _cell(node: Node, box: Box, *, owner: int, depth: int, is_folder: bool = False) -> Cell:
    fits = box.height >= TITLE_PX and box.width >= CHARACTER_PX * (min(len(node.name), 12) + 1)
    narrow_px = box.width * NARROW_PX / WIDTH_PX
    return Cell(
        node=node,
        owner=owner,
        depth=depth,
        box=box,
        is_folder=is_folder,
        label=_label(node, box.width) if fits else "",
        fits_narrow=narrow_px >= CHARACTER_PX * (min(len(node.name), 12) + 1),
    )


def _label(node: Node, width_px: float) -> str:
    """The name, with its size where there is room for both."""
    most = int(width_px / CHARACTER_PX) - 1
    whole = f"{node.name}  {size(node.figures[0])}"
    if len(whole) <= most:
        return whole
    return node.name if len(node.name) <= most else f"{node.name[: max(1, most - 1)]}…"
