"""What happens at the same time each day is learnt, and is no incident any more."""

from random import Random

import pytest

from monitor_plugins.baseline.incidents import IncidentDetector
from monitor_plugins.baseline.recurrence import DAYS, DailyDistances

DAY_S = 86400
STEP_S = 300
NOON_S = 43200


def after(days):
    """What is usual at noon after so many days, each with one distance at noon."""
    daily = DailyDistances()
    for day, distance in enumerate(days):
        daily.add(day * DAY_S + NOON_S, distance)
        daily.add(day * DAY_S + NOON_S + 7200, 0.1)
    daily.add(len(days) * DAY_S + NOON_S, 0.0)
    return daily.usual


@pytest.mark.parametrize("days", [[], [9.0], [9.0, 9.0]])
def test_two_days_make_no_habit(days):
    assert after(days) == 0.0


def test_the_median_of_the_days_is_usual_so_one_odd_day_is_not():
    assert after([5.0, 6.0, 7.0]) == 6.0
    assert after([1.0, 1.0, 90.0, 1.0]) == 1.0


def test_a_habit_that_was_given_up_is_forgotten_within_a_week():
    assert after([9.0] * 30 + [1.0] * (DAYS // 2 + 1)) == 1.0


def test_the_half_hours_beside_count_too_and_others_do_not():
    daily = DailyDistances()
    for day in range(3):
        daily.add(day * DAY_S + NOON_S, 5.0)
    daily.add(3 * DAY_S + NOON_S - 1800, 0.0)
    beside = daily.usual
    daily.add(3 * DAY_S + NOON_S + 7200, 0.0)

    assert (beside, daily.usual) == (5.0, 0.0)


def test_hours_of_work_are_an_incident_for_three_days_and_usual_from_then_on():
    random, detector, days_found = Random(1), IncidentDetector(), set()
    for row in range(6 * DAY_S // STEP_S):
        hour = row * STEP_S % DAY_S // 3600
        value = random.gauss(60 if 14 <= hour < 22 else 30, 1)
        if detector.observe(row * STEP_S, value):
            days_found.add(row * STEP_S // DAY_S)

    assert days_found <= {0, 1, 2}
