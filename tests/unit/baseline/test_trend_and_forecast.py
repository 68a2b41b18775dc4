"""Slopes with their intervals, and when a limit is reached."""

import math
from random import Random

import pytest

from monitor_plugins.baseline.forecast import forecast, hours_until
from monitor_plugins.baseline.trend import HOUR_S, find_trend, hourly_medians


def disk(hours, *, per_hour, sigma=0.5, seed=1, samples=6):
    """Times and values of a disk that fills, so many samples an hour."""
    random = Random(seed)
    rows = range(hours * samples)
    times_s = [row * HOUR_S / samples for row in rows]
    return times_s, [40 + per_hour * row / samples + random.gauss(0, sigma) for row in rows]


def test_the_slope_of_a_filling_disk_is_found_with_its_interval():
    trend = find_trend(*disk(100, per_hour=0.25))

    assert trend.per_hour == pytest.approx(0.25, rel=0.05)
    assert trend.lower_per_hour < 0.25 < trend.upper_per_hour
    assert trend.is_certain
    assert trend.level == pytest.approx(40 + 0.25 * 100, abs=1)


def test_noise_has_no_certain_trend():
    trends = [find_trend(*disk(40, per_hour=0.0, samples=1, seed=seed)) for seed in range(20)]

    assert sum(trend.is_certain for trend in trends) <= 2


def test_a_quarter_of_wild_hours_does_not_turn_the_slope():
    times_s, values = disk(100, per_hour=0.25)
    values[: len(values) // 4] = [1000.0] * (len(values) // 4)

    assert find_trend(times_s, values).per_hour == pytest.approx(0.25, abs=0.15)


def test_noise_that_lasts_widens_the_interval():
    random, level, wandering = Random(5), 0.0, []
    for _ in range(100):
        level = 0.9 * level + random.gauss(0, 1)
        wandering.append(level)
    shuffled = Random(6).sample(wandering, 100)
    times_s = [hour * HOUR_S for hour in range(100)]

    lasting, independent = find_trend(times_s, wandering), find_trend(times_s, shuffled)

    assert lasting.upper_per_hour - lasting.lower_per_hour > 1.5 * (
        independent.upper_per_hour - independent.lower_per_hour
    )


def test_fewer_than_ten_hours_have_no_trend():
    assert find_trend(*disk(9, per_hour=1.0)) is None


def test_only_the_last_seven_days_count():
    fall, rise = disk(168, per_hour=-1.0), disk(168, per_hour=1.0, seed=2)
    times_s = fall[0] + [time_s + 168 * HOUR_S for time_s in rise[0]]

    assert find_trend(times_s, fall[1] + rise[1]).per_hour == pytest.approx(1.0, rel=0.1)


def test_hours_without_samples_are_left_out_and_order_does_not_matter():
    assert hourly_medians([7300.0, 10.0, 20.0, 30.0], [9.0, 1.0, 5.0, 2.0]) == [(0, 2.0), (2, 9.0)]


def test_a_limit_is_reached_sooner_by_the_steep_end_and_later_by_the_flat_one():
    trend = find_trend(*disk(100, per_hour=0.25))

    seen = forecast(trend, 80.0, history_h=100)

    assert seen.soonest_h < seen.expected_h < seen.latest_h
    assert seen.expected_h == pytest.approx((80 - 65) / 0.25, rel=0.1)
    assert seen.at_s == pytest.approx(trend.last_s + seen.expected_h * HOUR_S)
    assert seen.within(80)
    assert not seen.within(50)


def test_a_limit_further_away_than_the_history_is_long_is_no_forecast():
    trend = find_trend(*disk(24, per_hour=0.25))

    assert forecast(trend, 100.0, history_h=24) is None


def test_a_falling_metric_reaches_no_limit_and_a_full_one_has_reached_it():
    assert hours_until(10.0, -1.0) == math.inf
    assert hours_until(0.0, -1.0) == 0.0


def test_the_slope_agrees_with_scipy():
    stats = pytest.importorskip("scipy.stats", reason="scipy is an oracle only")
    times_s, values = disk(60, per_hour=0.3, samples=1)

    theirs = stats.theilslopes(values, list(range(60)))

    assert find_trend(times_s, values).per_hour == pytest.approx(theirs.slope)
