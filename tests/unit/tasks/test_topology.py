"""The order of any graph: after what is depended on, stable, and no circle goes unseen."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from buildopt.tasks.topology import ordered

NAMES = [f"n{at:02}" for at in range(12)]
graphs = st.dictionaries(
    st.sampled_from(NAMES), st.frozensets(st.sampled_from(NAMES), max_size=4), max_size=12
).map(lambda edges: {node: edges.get(node, frozenset()) for node in NAMES})
"""Any graph, with circles as it comes."""
acyclic = graphs.map(
    lambda edges: {node: {one for one in before if one < node} for node, before in edges.items()}
)
ranks = st.permutations(NAMES)


def has_circle(edges):
    """By trying: something is reachable from itself."""
    reach = {node: set(before) for node, before in edges.items()}
    for middle, node in itertools.product(edges, edges):
        if middle in reach[node]:
            reach[node] |= reach[middle]
    return any(node in reach[node] for node in edges)


@given(acyclic, ranks)
def test_everything_comes_once_and_after_what_it_depends_on(edges, rank):
    order, cycle = ordered(edges, rank.index)

    assert cycle == []
    assert sorted(order) == NAMES
    for node, before in edges.items():
        assert all(order.index(one) < order.index(node) for one in before)


@given(acyclic, ranks)
def test_whatever_could_be_next_the_first_by_rank_is(edges, rank):
    order, _ = ordered(edges, rank.index)

    done = set()
    for node in order:
        could = [one for one in NAMES if one not in done and edges[one] <= done]
        assert node == min(could, key=rank.index)
        done.add(node)


@given(graphs, ranks)
def test_a_circle_is_found_exactly_where_there_is_one(edges, rank):
    _, cycle = ordered(edges, rank.index)

    assert bool(cycle) == has_circle(edges)
    if cycle:
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(cycle) - 1
        assert all(before in edges[node] for node, before in itertools.pairwise(cycle))
