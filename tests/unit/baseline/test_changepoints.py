"""Lasting changes of a whole series: what is found, what is not claimed, odd input."""

import math
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_plugins.baseline.changepoints import comparable, find_changes


def builds(*levels, count=50, noise=0.03, seed=1):
    """So many builds of each level, with log-normal noise."""
    random = Random(seed)
    return [level * math.exp(random.gauss(0, noise)) for level in levels for _ in range(count)]


def test_a_step_is_found_with_what_it_changed():
    (change,) = find_changes(builds(60, 69))

    assert change.index == pytest.approx(50, abs=2)
    assert change.before == pytest.approx(60, rel=0.02)
    assert change.after == pytest.approx(69, rel=0.02)
    assert change.effect == pytest.approx(0.15, abs=0.03)
    assert change.rows_after == 100 - change.index
    assert change.confidence > 0.999


def test_several_steps_are_found_up_and_down():
    changes = find_changes(builds(60, 72, 54, 60))

    assert [round(change.index, -1) for change in changes] == [50, 100, 150]
    assert [change.effect > 0 for change in changes] == [True, False, True]


@pytest.mark.parametrize("seed", range(12))
def test_noise_alone_is_no_change(seed):
    assert find_changes(builds(60, count=200, noise=0.08, seed=seed)) == ()


def test_slow_builds_now_and_then_are_no_change():
    random = Random(3)
    values = [value * random.choice((1,) * 6 + (1.5,)) for value in builds(60, count=200)]

    assert find_changes(values) == ()


def test_a_move_of_three_percent_is_not_claimed_in_a_calm_series():
    assert find_changes(builds(60, 61.8, noise=0.004)) == ()


def test_a_move_within_the_wander_of_the_series_is_not_claimed():
    wander = builds(*(60, 66) * 6, count=8, noise=0.02)

    assert find_changes(wander) == ()


def test_a_change_of_the_noise_is_no_change_of_the_level():
    assert find_changes(builds(60, noise=0.15) + builds(60, noise=0.01, seed=2)) == ()


@pytest.mark.parametrize("values", [[], [60.0], [60.0, 90.0], [60.0] * 11])
def test_few_builds_say_nothing(values):
    assert find_changes(values) == ()


@pytest.mark.parametrize("value", [0.0, 60.0, -1.0])
def test_a_constant_series_has_no_change(value):
    assert find_changes([value] * 60) == ()


def test_a_step_of_a_constant_series_is_found_at_its_row():
    (change,) = find_changes([60.0] * 30 + [63.0] * 30)

    assert change.index == 30


def test_a_series_that_crosses_zero_is_measured_by_its_typical_size():
    (change,) = find_changes([value - 60 for value in builds(50, 70, noise=0.02)])

    assert change.index == pytest.approx(50, abs=2)
    assert change.before < 0 < change.after


def test_a_new_unit_shows_as_a_change_of_its_factor():
    (change,) = find_changes(builds(1.2, 1200))

    assert change.effect == pytest.approx(999, rel=0.05)


def test_a_zero_before_has_no_relative_effect():
    (change,) = find_changes([0.0] * 30 + [5.0] * 30)

    assert change.effect == math.inf


def test_ratios_become_differences():
    low, high = comparable([60.0, 63.0])

    assert high - low == pytest.approx(math.log(1.05))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_whatever_the_values_the_changes_are_in_order_and_apart(values):
    rows = [change.index for change in find_changes(values)]

    edges = [0, *rows, len(values)]
    assert all(after - before >= 6 for before, after in pairwise(edges) if rows)


@settings(max_examples=10, deadline=None)
@given(st.floats(0.001, 1000))
def test_the_unit_makes_no_difference(factor):
    values = builds(60, 69)

    rows = [change.index for change in find_changes([value * factor for value in values])]

    assert rows == [change.index for change in find_changes(values)]
