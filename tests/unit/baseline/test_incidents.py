"""Sampled metrics, sample by sample: what fires, what does not, odd input."""

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor_plugins.baseline.incidents import ADOPT_AFTER_S, MOST_SCORE, IncidentDetector

STEP_S = 30


def samples(count, *, level=50.0, sigma=1.0, seed=1):
    random = Random(seed)
    return [random.gauss(level, sigma) for _ in range(count)]


def rows_found(values, *, times_s=None, detector=None):
    detector = detector or IncidentDetector()
    times_s = times_s or [STEP_S * row for row in range(len(values))]
    pairs = zip(times_s, values, strict=True)
    return [one.index for one in (detector.observe(*pair) for pair in pairs) if one]


def test_a_step_shows_with_its_third_sample():
    assert rows_found(samples(300) + samples(40, level=80, seed=2)) == [302]


def test_an_incident_says_what_was_usual_and_what_was_seen():
    detector = IncidentDetector()
    values = samples(300) + samples(3, level=80, sigma=0.1, seed=2)

    found = [detector.observe(STEP_S * row, value) for row, value in enumerate(values)][-1]

    assert found.usual == pytest.approx(50, abs=1)
    assert found.seen == pytest.approx(80, abs=1)
    assert found.score == pytest.approx((found.seen - found.usual) / found.usual_distance)
    assert detector.is_firing


def test_single_spikes_and_pairs_of_them_are_harmless():
    values = samples(600)
    values[200::50] = [500.0] * 8
    values[201::100] = [500.0] * 4

    assert rows_found(values) == []


def test_a_daily_wave_is_no_incident():
    wave = [20 * math.sin(2 * math.pi * row / 2880) for row in range(2880)]
    values = [a + b for a, b in zip(samples(2880), wave, strict=True)]

    assert rows_found(values) == []


def test_a_drop_is_an_incident_too():
    assert rows_found(samples(300) + samples(40, level=20, seed=2)) == [302]


def test_an_incident_is_said_once_and_a_later_one_again():
    calm = samples(120)

    found = rows_found(samples(300) + [80.0] * 20 + calm + [80.0] * 20)

    assert found == [302, 442]


def test_a_level_that_lasts_two_hours_is_the_usual_one():
    detector = IncidentDetector()
    high = samples(int(ADOPT_AFTER_S / STEP_S) + 40, level=80, seed=2)

    assert rows_found(samples(300) + high, detector=detector) == [302]
    assert not detector.is_firing


def test_a_level_that_was_accepted_is_the_usual_one_at_once():
    detector = IncidentDetector()
    rows_found(samples(300) + samples(80, level=80, seed=2), detector=detector)

    detector.accept_level()

    assert not detector.is_firing
    assert rows_found(samples(100, level=80, seed=3), detector=detector) == []


def test_nothing_is_said_before_enough_is_learnt():
    detector = IncidentDetector()

    assert rows_found([50.0, 90.0] * 40, detector=detector) == []
    assert detector.samples_to_learn == 60


def test_a_metric_that_never_moved_fires_at_its_first_move():
    detector = IncidentDetector()
    rows_found([0.0] * 300, detector=detector)

    found = [detector.observe(9000 + row, 1.0) for row in range(3)][-1]

    assert found.score == MOST_SCORE


def test_a_distance_below_the_least_is_never_worth_an_incident():
    values = [0.0] * 300 + [1.0] * 40

    assert rows_found(values, detector=IncidentDetector(least_distance=2.0)) == []


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf])
def test_a_gap_counts_as_a_row_and_says_nothing(gap):
    values = samples(300) + samples(40, level=80, seed=2)
    values[250:260] = [gap] * 10

    assert rows_found(values) == [302]


def test_equal_times_and_a_clock_set_back_change_nothing():
    values = samples(300) + samples(40, level=80, seed=2)
    times_s = [STEP_S * row for row in range(340)]
    times_s[100:110] = [3000] * 10
    times_s[200:] = [time_s - 5000 for time_s in times_s[200:]]

    assert rows_found(values, times_s=times_s) == [302]


def test_after_thirty_days_of_silence_the_metric_is_learnt_anew():
    month_s = 30 * 86400
    values = samples(300) + samples(300, level=80, seed=2)
    times_s = [STEP_S * row + (month_s if row >= 300 else 0) for row in range(600)]

    assert rows_found(values, times_s=times_s) == []


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(150, 420))
def test_a_prefix_of_the_samples_gives_a_prefix_of_the_incidents(seed, length):
    values = samples(300, seed=seed) + [90.0] * 60 + samples(60, seed=seed + 1)

    whole, part = rows_found(values), rows_found(values[:length])

    assert part == [row for row in whole if row < length]
