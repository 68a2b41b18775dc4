"""The partition with the least error, against every partition there is."""

import math
from functools import cache
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_plugins.baseline.segmentation import segment


def error(values, weights):
    """Weighted squared error of one stretch around its mean."""
    mean = sum(w * v for w, v in zip(weights, values, strict=True)) / sum(weights)
    return sum(w * (v - mean) ** 2 for w, v in zip(weights, values, strict=True))


def total_cost(values, weights, cuts, penalty):
    edges = [0, *cuts, len(values)]
    stretches = pairwise(edges)
    return sum(error(values[a:b], weights[a:b]) + penalty for a, b in stretches)


def least_cost(values, weights, *, penalty, min_length):
    """The least cost of all partitions, without pruning."""

    @cache
    def best(end):
        if end == 0:
            return 0.0
        starts = range(end - min_length + 1)
        return min(
            (
                best(start) + error(values[start:end], weights[start:end]) + penalty
                for start in starts
            ),
            default=math.inf,
        )

    return best(len(values))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 8).map(float), min_size=4, max_size=18),
    st.integers(1, 4),
    st.floats(0.5, 20),
    st.integers(0, 10_000),
)
def test_no_partition_costs_less(values, min_length, penalty, seed):
    weights = [Random(seed + row).choice((0.5, 1.0, 4.0)) for row in range(len(values))]

    cuts = segment(values, weights, penalty=penalty, min_length=min_length)

    edges = [0, *cuts, len(values)]
    assert all(b - a >= min_length for a, b in pairwise(edges))
    least = least_cost(tuple(values), tuple(weights), penalty=penalty, min_length=min_length)
    assert total_cost(values, weights, cuts, penalty) == pytest.approx(least)


def test_a_clear_step_is_cut_where_it_is():
    values = [1.0, 1.1, 0.9, 1.0, 1.1, 5.0, 5.1, 4.9, 5.0, 5.1]

    assert segment(values, [1.0] * 10, penalty=1.0, min_length=2) == [5]


def test_a_calm_stretch_counts_more_than_a_wild_one():
    wild = [Random(row).choice((-3.0, 3.0)) for row in range(30)]
    calm = [0.0] * 15 + [1.0] * 15
    weights = [1 / 9] * 30 + [100.0] * 30

    assert segment(wild + calm, weights, penalty=10.0, min_length=5)[-1] == 45


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_series_shorter_than_a_stretch_is_left_whole(count):
    assert segment([1.0] * count, [1.0] * count, penalty=1.0, min_length=4) == []


def test_the_cuts_agree_with_ruptures():
    ruptures = pytest.importorskip("ruptures", reason="ruptures is an oracle only")
    numpy = pytest.importorskip("numpy", reason="ruptures needs it")
    random = Random(7)
    values = [random.gauss(level, 1) for level in (0, 4, 1, 6) for _ in range(40)]

    theirs = ruptures.Pelt(model="l2", min_size=5, jump=1).fit(numpy.array(values)).predict(pen=12)

    assert segment(values, [1.0] * 160, penalty=12, min_length=5) == theirs[:-1]
