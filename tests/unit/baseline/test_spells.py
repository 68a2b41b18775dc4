"""What another program slows for a while, again and again, is no new level."""

import math
from random import Random

from monitor_plugins.baseline.regression import RegressionDetector
from monitor_plugins.baseline.spells import lasts


def builds(level, count, seed, noise=0.02):
    random = Random(seed)
    return [level * math.exp(random.gauss(0, noise)) for _ in range(count)]


def confirmed(values):
    detector = RegressionDetector()
    return [f for value in values for f in detector.observe(value) if f.state == "confirmed"]


def test_two_spells_in_a_row_are_told_to_nobody_where_spells_are_known():
    values = [
        *builds(60, 40, 1), *builds(100, 4, 2), *builds(60, 20, 3), *builds(95, 4, 4),
        *builds(61, 1, 5), *builds(100, 4, 6), *builds(60, 30, 7),
    ]  # fmt: skip

    assert confirmed(values) == []


def test_a_step_is_still_told_where_spells_are_known():
    values = [
        *builds(60, 40, 1), *builds(100, 4, 2), *builds(60, 20, 3), *builds(90, 20, 4),
    ]  # fmt: skip

    (finding,) = confirmed(values)

    assert 64 + 7 <= finding.detected_at <= 64 + 12


def test_a_level_that_ended_is_not_told_because_of_a_spell_much_later():
    values = [
        *builds(60, 200, 1), *builds(96, 5, 2), *builds(60, 38, 3), *builds(82, 4, 4),
        *builds(60, 20, 5),
    ]  # fmt: skip

    assert confirmed(values) == []


def long_enough(before, since, after=90.0):
    return lasts([*before, *since], len(before), (60.0, after), least=6)


def test_a_series_without_spells_need_not_wait():
    assert long_enough(builds(60, 50, 1), builds(90, 6, 2))
    assert not long_enough(builds(60, 50, 1), builds(90, 5, 2))


def test_one_odd_build_is_no_spell():
    assert long_enough([*builds(60, 50, 1), 95.0, *builds(60, 9, 2)], builds(90, 6, 3))


def test_what_lasted_long_was_a_level_and_no_spell():
    before = [*builds(60, 50, 1), *builds(90, 20, 2), *builds(60, 40, 3)]

    assert long_enough(before, builds(90, 6, 4))


def test_the_longest_spell_must_fit_in_twice():
    before = [*builds(60, 50, 1), *builds(90, 7, 2), *builds(60, 40, 3)]

    assert not long_enough(before, builds(90, 13, 4))
    assert long_enough(before, builds(90, 14, 4))


def test_a_spell_the_other_way_says_nothing():
    before = [*builds(60, 50, 1), *builds(40, 5, 2), *builds(60, 40, 3)]

    assert long_enough(before, builds(90, 6, 4))


def test_builds_are_counted_from_the_last_that_was_back_where_levels_are_clear():
    before = builds(60, 50, 1)

    assert not long_enough(before, [90.0, 91.0, 90.0, 60.0, 92.0, 90.0, 91.0, 90.0, 90.0])
    assert long_enough(before, [90.0, 91.0, 90.0, 60.0, 92.0, 90.0, 91.0, 90.0, 90.0, 90.0])


def test_builds_that_go_back_now_and_then_do_not_hide_a_level_for_ever():
    assert long_enough(builds(60, 50, 1), [90.0, 90.0, 90.0, 60.0] * 8)


def test_two_spells_are_told_to_nobody_before_any_was_known():
    values = [*builds(60, 53, 1), *builds(86, 4, 2), 60.0, *builds(94, 4, 3), *builds(60, 20, 4)]

    assert confirmed(values) == []


def test_two_spells_of_other_heights_are_no_level_though_none_was_known():
    values = [*builds(60, 60, 1), *builds(78, 5, 2), *builds(88, 5, 3), *builds(60, 20, 4)]

    assert confirmed(values) == []


def test_spells_that_go_on_and_on_are_no_level_while_a_third_of_the_builds_is_usual():
    spells = [*builds(100, 3, 2), *builds(60, 2, 3)] * 7

    assert not long_enough(builds(60, 60, 1), spells, after=100.0)


def test_an_older_level_does_not_hide_spells_of_the_present_one():
    before = [
        *builds(50, 80, 1), *builds(60, 30, 2), *builds(80, 5, 3), *builds(60, 45, 4),
    ]  # fmt: skip

    assert not long_enough(before, builds(80, 9, 5), after=80.0)
    assert long_enough(before, builds(80, 10, 5), after=80.0)
