"""Percentiles, warm-up, the smallest change, ratios and the profile of the day."""

import math
from random import Random

import pytest

from monitor_plugins.baseline.changepoints import find_changes
from monitor_plugins.baseline.learning import smallest_change, summarize
from monitor_plugins.baseline.ratios import Verdict, judge_share, wilson_bounds
from monitor_plugins.baseline.seasonality import find_day_profile, progress


def builds(count, *, noise=0.03, level=60, seed=1):
    random = Random(seed)
    return [level * math.exp(random.gauss(0, noise)) for _ in range(count)]


def week(*, by_hour, sigma=1.0, days=7):
    """Samples each ten minutes: a level by the hour of the day, and noise."""
    random = Random(4)
    times_s = [600.0 * row for row in range(days * 144)]
    return times_s, [by_hour(row // 6 % 24) + random.gauss(0, sigma) for row in range(days * 144)]


def test_a_baseline_has_its_percentiles():
    baseline = summarize([float(value) for value in range(1, 102)])

    assert (baseline.p50, baseline.p90, baseline.p95, baseline.p99) == (51, 91, 96, 100)
    assert baseline.progress == "learnt from 101 builds"


def test_a_young_baseline_says_how_far_it_is():
    baseline = summarize(builds(6))

    assert not baseline.is_learnt
    assert baseline.progress == "learning, 6 of 10 builds"
    assert baseline.smallest_change is None
    assert summarize([]) is None


def test_the_noisier_a_series_the_larger_the_smallest_change():
    quiet, loud = builds(80, noise=0.01), builds(80, noise=0.2)

    assert smallest_change(quiet) == pytest.approx(0.035, abs=0.01)
    assert smallest_change(loud) > 0.1


def test_a_change_well_above_the_smallest_is_found():
    values = builds(80, noise=0.1)
    larger = 1.5 * smallest_change(values)

    changes = find_changes(values + builds(30, noise=0.1, level=60 * math.exp(larger), seed=2))

    assert len(changes) == 1


def test_wilson_bounds_are_those_of_the_textbook():
    bounds = wilson_bounds(10, 20, deviate=1.96)

    assert (bounds.lower, bounds.upper) == (
        pytest.approx(0.2993, abs=1e-4),
        pytest.approx(0.7007, abs=1e-4),
    )
    assert wilson_bounds(0, 0).upper == 1.0


@pytest.mark.parametrize(
    ("hits", "count", "verdict"),
    [
        (0, 19, Verdict.TOO_FEW),
        (10, 20, Verdict.BELOW),
        (13, 20, Verdict.UNDECIDED),
        (20, 20, Verdict.ABOVE),
    ],
)
def test_a_share_is_judged_by_what_its_count_carries(hits, count, verdict):
    assert judge_share(hits, count, threshold=0.7) is verdict


def test_the_hours_of_a_working_day_are_found():
    times_s, values = week(by_hour=lambda hour: 30 if 9 <= hour < 17 else 10)

    profile = find_day_profile(times_s, values)

    assert profile.by_hour[12] - profile.by_hour[3] == pytest.approx(20, abs=1)
    assert profile.share_explained > 0.3
    assert max(profile.without(times_s, values)) - min(profile.without(times_s, values)) < 12


def test_noise_has_no_profile():
    assert find_day_profile(*week(by_hour=lambda _: 10)) is None


def test_a_few_builds_of_each_working_day_tell_their_hours():
    times_s = [86400.0 * day + 3600 * hour for day in range(10) for hour in range(8, 18)]
    random = Random(6)
    values = [60 + 9 * (time_s % 86400 > 46_000) + random.gauss(0, 2) for time_s in times_s]

    profile = find_day_profile(times_s, values)

    assert profile.by_hour[16] - profile.by_hour[9] == pytest.approx(9, abs=2)
    assert profile.by_hour[3] is None
    assert progress(times_s, profile) == "learnt from 10 days"
    noise = [random.gauss(60, 2) for _ in times_s]
    assert find_day_profile(times_s, noise) is None
    assert progress(times_s, None) == "no difference shows in 10 days"
    assert progress(times_s[:15], None) == "learning, 2 of 5 days"


@pytest.mark.parametrize("days", [0, 1, 4])
def test_fewer_than_five_days_have_no_profile(days):
    assert find_day_profile(*week(by_hour=lambda hour: 10.0 * hour, days=days)) is None
