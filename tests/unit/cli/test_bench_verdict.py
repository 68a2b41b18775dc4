"""What pairs of timed runs say, and when they say that they cannot tell."""

import math
from datetime import datetime
from random import Random

import pytest

from buildopt.cli.bench_schedule import next_time
from buildopt.cli.bench_verdict import compare


def pairs(count, *, ratio=1.0, noise=0.02, seed=1):
    random = Random(seed)
    before = [2.0 * math.exp(random.gauss(0, noise)) for _ in range(count)]
    after = [2.0 * ratio * math.exp(random.gauss(0, noise)) for _ in range(count)]
    return before, after


def test_a_slower_version_is_slower():
    found = compare(*pairs(10, ratio=1.2))

    assert found.answer == "slower"
    assert found.low < 1.2 < found.high


def test_a_faster_version_is_faster():
    assert compare(*pairs(10, ratio=0.8)).answer == "faster"


def test_equal_versions_are_said_to_differ_no_more_often_than_promised():
    answers = [compare(*pairs(10, noise=0.01, seed=seed)).answer for seed in range(1_000)]

    assert answers.count("slower") + answers.count("faster") <= 50
    assert answers.count("same") > 500


def test_the_interval_holds_the_true_ratio_as_often_as_promised():
    held = sum(
        found.low <= 1.1 <= found.high
        for found in (compare(*pairs(10, ratio=1.1, seed=seed)) for seed in range(1_000))
    )

    assert held >= 950


def test_noise_hides_a_small_change_and_that_is_said():
    assert compare(*pairs(10, ratio=1.03, noise=0.2)).answer == "cannot tell"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_few_pairs_cannot_tell_whatever_they_show(count):
    assert compare(*pairs(count, ratio=3)).answer == "cannot tell"


def test_six_pairs_can():
    assert compare(*pairs(6, ratio=1.5)).answer == "slower"


def test_the_next_time_of_day_is_today_or_tomorrow():
    now = datetime(2026, 11, 30, 3, 30)

    assert next_time(now, 4, 0) == datetime(2026, 11, 30, 4, 0)
    assert next_time(now, 3, 30) == datetime(2026, 12, 1, 3, 30)
