"""The path through a tree of processes, by hand-made trees."""

from typing import NamedTuple

from buildopt.critical_path import critical_path, depth_first, gaps_between, last_first, tree_of


class P(NamedTuple):
    pid: int
    parent_pid: int


def test_children_stand_below_their_parent_and_a_number_may_come_again():
    tree = tree_of([P(1, 0), P(2, 1), P(3, 2), P(2, 1), P(4, 2)])

    assert tree == {-1: [0], 0: [1, 3], 1: [2], 3: [4]}
    assert list(depth_first(tree)) == [(0, 0), (1, 1), (2, 2), (3, 1), (4, 2)]


def test_the_path_goes_back_from_what_ended_last():
    spans = {0: (0.0, 3.0), 1: (0.0, 1.0), 2: (1.0, 2.0), 3: (2.0, 9.0), 4: (3.0, 4.0)}

    assert list(last_first(spans)) == [3, 2, 1]


def test_the_path_goes_down_into_what_it_meets():
    tree = {-1: [0], 0: [1, 2], 2: [3]}
    spans = {0: (0.0, 10.0), 1: (1.0, 4.0), 2: (4.0, 9.0), 3: (5.0, 6.0)}

    assert sorted(critical_path(tree, spans)) == [0, 1, 2, 3]


def test_gaps_are_where_no_span_is():
    assert list(gaps_between([(0.0, 1.0), (0.5, 2.0), (5.0, 6.0)], 1.0)) == [(2.0, 3.0)]
