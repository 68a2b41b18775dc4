"""Asked after each build: when a change is suspected, when it is confirmed, what is said once."""

import math
from random import Random

import pytest

from monitor_plugins.baseline.large_step import LARGE_BUILDS_STEADY, large_step
from monitor_plugins.baseline.regression import WINDOW_BUILDS, RegressionDetector


def builds(*levels, count=40, noise=0.03, seed=1):
    random = Random(seed)
    return [level * math.exp(random.gauss(0, noise)) for level in levels for _ in range(count)]


def findings(values, state="confirmed"):
    detector = RegressionDetector()
    return [one for value in values for one in detector.observe(value) if one.state == state]


def test_a_step_is_confirmed_once_and_within_a_dozen_builds():
    (finding,) = findings(builds(60, 69))

    assert finding.change.index == pytest.approx(40, abs=2)
    assert 45 <= finding.detected_at <= 52


def test_a_step_is_suspected_before_it_is_confirmed():
    values = builds(60, 69)

    suspected, confirmed = findings(values, "suspected")[0], findings(values)[0]

    assert abs(suspected.change.index - confirmed.change.index) <= 5
    assert suspected.detected_at < confirmed.detected_at


def test_a_large_step_is_confirmed_after_six_builds():
    (finding,) = findings(builds(60, 120))

    assert (finding.change.index, finding.detected_at) == (40, 45)


@pytest.mark.parametrize("seed", [1, 11])
def test_a_confirmed_step_begins_where_it_began_though_few_builds_are_behind_it(seed):
    first = findings(builds(60, count=80, seed=seed) + builds(66, count=16, seed=seed + 500))[0]

    assert first.change.index == pytest.approx(80, abs=3)


def test_five_builds_that_another_program_slows_are_told_to_nobody():
    for length in range(1, 6):
        values = builds(60, count=60) + builds(100, count=length, seed=2) + builds(60, seed=3)
        assert findings(values) == []


def test_a_large_step_of_a_size_is_confirmed_after_three_builds():
    detector = RegressionDetector(large_builds=LARGE_BUILDS_STEADY)
    said = [one for value in builds(60, 120, noise=0.001) for one in detector.observe(value)]

    assert said[0].state == "confirmed"
    assert said[0].detected_at == 42


def test_a_step_back_is_a_finding_of_its_own():
    found = findings(builds(60, 75, 60))

    assert [one.change.effect > 0 for one in found] == [True, False]


@pytest.mark.parametrize("seed", range(3))
def test_noise_alone_is_never_confirmed(seed):
    assert findings(builds(60, count=150, noise=0.08, seed=seed)) == []


def test_two_large_builds_are_no_step():
    assert findings([*builds(60), 120.0, 120.0, *builds(60, count=20, seed=2)]) == []


def test_a_series_that_often_jumps_is_not_believed_after_three_builds():
    often = builds(60) + [120.0 if row % 8 == 0 else 60.0 for row in range(40)]

    assert large_step([*often, 121.0, 120.0, 120.0]) is None


def test_three_large_builds_on_both_sides_are_no_step():
    assert large_step([*builds(60), 120.0, 30.0, 120.0]) is None


def test_fewer_than_ten_builds_say_nothing():
    assert findings([60.0] * 5 + [120.0] * 4, "suspected") == []


def test_what_was_said_stays_said_however_long_the_series_goes_on():
    found = findings(builds(60, 75, count=30) + builds(75, count=WINDOW_BUILDS, seed=2))

    assert len(found) == 1


def test_a_prefix_of_the_series_gives_a_prefix_of_the_findings():
    values = builds(60, 75, 60, count=30)

    whole, part = findings(values), findings(values[:55])

    assert part == [one for one in whole if one.detected_at < 55]
