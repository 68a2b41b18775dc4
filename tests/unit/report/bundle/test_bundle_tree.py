"""The tree of an output: every byte of every file, once."""

from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.report.bundle.fold import folded
from buildopt.report.bundle.growing import tree_of_bundle, tree_of_comparison
from buildopt.report.bundle.tree import Leaf, Owner, grow
from tests.unit.bundle.bundle_writing import analysed, write_chunk, write_lock

OWNERS = (Owner(name="a"), Owner(name="b"))
PARTS = st.text("xyz", min_size=1, max_size=2)
LEAVES = st.lists(
    st.tuples(st.lists(PARTS, min_size=1, max_size=5), st.integers(0, 9)), max_size=30
)


def forest_of(drawn):
    leaves = [
        Leaf(path=tuple(path), owner=path[0] > "y", figures=(count,)) for path, count in drawn
    ]
    return grow("all", leaves, ("raw",), OWNERS, owner_depth=1)


def told(node, above=""):
    """`{path: bytes}` of all leaves."""
    path = f"{above}/{node.name}"
    if not node.children:
        return {path: node.figures[0]}
    return {name: count for child in node.children for name, count in told(child, path).items()}


@given(LEAVES)
def test_every_folder_is_the_sum_of_what_is_in_it(drawn):
    forest = forest_of(drawn)

    for node in forest.root.preorder():
        if node.children:
            assert node.figures == (sum(child.figures[0] for child in node.children),)
    assert forest.root.figures[0] == sum(count for _, count in drawn)


@settings(max_examples=50)
@given(LEAVES, st.integers(0, 30))
def test_folding_keeps_all_sums_owners_and_the_largest_names(drawn, most):
    forest = forest_of(drawn)

    smaller, words = folded(forest, most)

    assert smaller.root.figures == forest.root.figures
    assert owners_of(smaller) == owners_of(forest)
    assert bool(words) == (smaller is not forest)
    kept = {id(node) for node in leaves_of(smaller)}
    gone = [node.figures[0] for node in leaves_of(forest) if id(node) not in kept]
    ranked = sorted((n.figures[0] for n in leaves_of(forest) if n.owner is None), reverse=True)
    assert all(count <= ranked[most] for count in gone)


def leaves_of(forest):
    return [node for node in forest.root.preorder() if not node.children]


def owners_of(forest):
    return sorted(node.owner for node in forest.root.preorder() if node.owner is not None)


def test_files_without_map_and_bytes_of_nobody_are_in_the_tree(tmp_path):
    write_chunk(tmp_path / "dist", "main.js", [("src/i.js", "i();")], wrapper=("/* w */", "end"))
    (tmp_path / "dist/logo.svg").write_bytes(b"x" * 500)
    analysis = analysed(tmp_path)

    forest = tree_of_bundle(analysis)

    leaves = told(forest.root)
    assert leaves["/all files/logo.svg"] == 500
    assert leaves["/all files/main.js/own code/src/i.js"] == 4
    assert leaves["/all files/main.js/not mapped/line ends"] == 2
    assert sum(leaves.values()) == analysis.totals.raw


def test_copies_of_one_version_are_told_apart(tmp_path):
    first, second = "node_modules/b/node_modules/a", "node_modules/b/node_modules/c/node_modules/a"
    third = "node_modules/a"
    parts = [(f"{place}/i.js", "a" * 9) for place in (first, second, third)]
    write_chunk(tmp_path / "dist", "main.js", parts)
    write_lock(tmp_path, dict.fromkeys((first, second, third), "1.0.0"))

    forest = tree_of_bundle(analysed(tmp_path))

    (file,) = forest.root.children
    names = {child.name for child in file.children if child.owner and child.owner > 3}
    assert names == {"a 1.0.0", "a 1.0.0 in b", "a 1.0.0 in c"}


def test_paths_of_any_depth_do_not_stop_it(tmp_path):
    deep = "/".join("d" for _ in range(20_000))
    write_chunk(tmp_path / "dist", "main.js", [(f"src/{deep}/i.js", "i();")])

    forest = tree_of_bundle(analysed(tmp_path))

    assert max(told(forest.root).values()) > 3


def test_a_comparison_puts_a_chunk_with_another_hash_in_one_place(tmp_path):
    parts = [("src/i.js", "i();" * 9)]
    write_chunk(tmp_path / "before/dist", "main-AAAAAAAA.js", parts)
    write_chunk(tmp_path / "after/dist", "main-BBBBBBBB.js", [*parts, ("src/new.js", "n();")])

    forest = tree_of_comparison(analysed(tmp_path / "before"), analysed(tmp_path / "after"))

    (file,) = forest.root.children
    assert file.name == "main-BBBBBBBB.js"
    rows = {n.name: n.figures for n in file.preorder() if not n.children}
    assert (rows["i.js"], rows["new.js"]) == ((36, 36), (4, 0))
