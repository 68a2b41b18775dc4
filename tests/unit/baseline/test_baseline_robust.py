"""Location, scale, ranks and quantiles: known answers, properties, other libraries as oracles."""

import math
import statistics
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_plugins.baseline.quantiles import SlidingQuantiles
from monitor_plugins.baseline.ranks import rank_z, rank_z_of_cuts
from monitor_plugins.baseline.robust import (
    clipped,
    difference_scale,
    local_scales,
    median,
    median_absolute_deviation,
    quantile,
    running_medians,
)

NUMBERS = st.floats(min_value=-1e6, max_value=1e6)
LISTS = st.lists(NUMBERS, min_size=1, max_size=40)
CHEAP = settings(max_examples=40, deadline=None)


def normal(count, *, seed=1, level=0.0, sigma=1.0):
    random = Random(seed)
    return [random.gauss(level, sigma) for _ in range(count)]


@CHEAP
@given(LISTS)
def test_the_median_is_that_of_the_standard_library(values):
    assert median(values) == statistics.median(values)


@CHEAP
@given(LISTS, st.integers(min_value=0, max_value=9))
def test_running_medians_are_medians_of_the_neighbourhood(values, half_width):
    slow = [
        statistics.median(values[max(0, at - half_width) : at + half_width + 1])
        for at in range(len(values))
    ]

    assert running_medians(values, half_width) == slow


@CHEAP
@given(LISTS, st.integers(min_value=1, max_value=8))
def test_sliding_quantiles_are_those_of_the_last_values(values, capacity):
    window = SlidingQuantiles(capacity)
    for value in values:
        window.add(value)

    assert len(window) == min(capacity, len(values))
    assert window.at(0.5) == pytest.approx(statistics.median(values[-capacity:]))
    assert window.at(1.0) == max(values[-capacity:])


def test_the_scales_of_normal_values_are_their_standard_deviation():
    values = normal(4000, sigma=3.0)

    assert median_absolute_deviation(values) == pytest.approx(3.0, rel=0.06)
    assert difference_scale(values) == pytest.approx(3.0, rel=0.06)


def test_a_step_and_a_few_wild_values_leave_the_difference_scale_as_it_is():
    values = normal(400)
    moved = [value + (50 if row >= 200 else 0) for row, value in enumerate(values)]
    moved[::40] = [1e6] * 10

    assert difference_scale(moved) == pytest.approx(difference_scale(values), rel=0.15)


def test_local_scales_follow_noise_that_changes():
    scales = local_scales(normal(100, sigma=1.0) + normal(100, sigma=9.0), half_width=20)

    assert scales[40] == pytest.approx(1.0, rel=0.5)
    assert scales[160] == pytest.approx(9.0, rel=0.5)


@pytest.mark.parametrize("values", [[], [5.0]])
def test_fewer_than_two_values_have_no_noise(values):
    assert difference_scale(values) == 0
    assert local_scales(values, half_width=20) == [0] * len(values)


def test_clipping_takes_a_spike_and_leaves_a_step():
    values = [0.0] * 20 + [100.0] + [0.0] * 20 + [9.0] * 20

    assert clipped(values, [1.0] * 61, at=3.0) == [0.0] * 20 + [3.0] + [0.0] * 20 + [9.0] * 20


@CHEAP
@given(st.lists(st.integers(0, 9).map(float), min_size=2, max_size=30))
def test_both_forms_of_the_rank_test_agree(values):
    for length, score in enumerate(rank_z_of_cuts(values), start=1):
        assert score == pytest.approx(rank_z(values[:length], values[length:]), abs=1e-9)


def test_equal_values_and_single_ones_are_no_evidence():
    assert rank_z([1.0] * 9, [1.0] * 9) == 0
    assert rank_z_of_cuts([4.0, 4.0, 4.0]) == [0.0, 0.0]
    assert rank_z_of_cuts([4.0]) == []


def test_the_rank_test_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy is an oracle only")
    before, after = [round(v, 1) for v in normal(40)], [round(v, 1) for v in normal(25, seed=2)]

    theirs = stats.mannwhitneyu(after, before, use_continuity=False, method="asymptotic").pvalue

    assert math.erfc(abs(rank_z(before, after)) / math.sqrt(2)) == pytest.approx(theirs)


def test_quantiles_agree_with_the_standard_library():
    values = sorted(normal(101))

    cuts = statistics.quantiles(values, n=100, method="inclusive")

    assert [quantile(values, share / 100) for share in range(1, 100)] == pytest.approx(cuts)
