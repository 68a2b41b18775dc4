"""The treemap of the page without script."""

from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from buildopt.report.bundle.tree import Node
from buildopt.report.bundle.treemap import HEIGHT_PX, MOST_CELLS, WIDTH_PX, Box, cells_of, squarify

WHOLE = Box(x=0.0, y=0.0, width=300.0, height=200.0)


@given(st.lists(st.integers(1, 10_000), min_size=1, max_size=40))
def test_areas_are_in_proportion_and_fill_the_box(values):
    values = sorted(map(float, values), reverse=True)

    boxes = list(squarify(values, WHOLE))

    assert [box.area for box in boxes] == approx([v / sum(values) * 60_000 for v in values])
    for box in boxes:
        assert box.x >= -1e-6 and box.x + box.width <= 300 + 1e-6
        assert box.y >= -1e-6 and box.y + box.height <= 200 + 1e-6


@given(st.lists(st.integers(1, 1000), min_size=2, max_size=12))
def test_no_two_cells_overlap(values):
    boxes = list(squarify(sorted(map(float, values), reverse=True), WHOLE))

    for place, one in enumerate(boxes):
        for other in boxes[place + 1 :]:
            wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            high = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            assert wide < 1e-6 or high < 1e-6


def folder(name, children):
    return Node(name=name, figures=(sum(c.figures[0] for c in children),), children=children)


def test_a_huge_build_has_few_cells_and_none_outside():
    leaves = [Node(name=f"{n}.js", figures=(n + 1,)) for n in range(50)]
    root = folder("all", [folder(f"f{n}", leaves) for n in range(100)])
    root.children[0].owner = 0

    cells = cells_of(root)

    assert 100 <= len(cells) <= MOST_CELLS + 100
    for cell in cells:
        assert cell.box.x >= 0 and cell.box.x + cell.box.width <= WIDTH_PX + 0.01
        assert cell.box.y >= 0 and cell.box.y + cell.box.height <= HEIGHT_PX + 0.01
