"""While few days of a series are known, the time of day is no regression."""

from monitor_plugins.baseline.first_days import outlasts_day
from tests.unit.baseline.conftest import DAY_NS, HOUR_NS, START_NS, build, durations

MIDNIGHT_NS = START_NS // DAY_NS * DAY_NS
BUILDS = 24
"""A day, half an hour apart from 6 o'clock."""


def days_of_builds(slower_from):
    """Builds that are 7 % slower each day from some build on."""
    values = durations(BUILDS * len(slower_from), noise=0.008)
    for n, value in enumerate(values):
        day, place = divmod(n, BUILDS)
        factor = 1.07 if place >= slower_from[day] else 1.0
        time_ns = MIDNIGHT_NS + day * DAY_NS + (12 + place) * HOUR_NS // 2
        yield build(n, value * factor, time_ns=time_ns)


def test_the_first_slow_afternoon_of_a_series_is_told_to_nobody(learner):
    learner.take(*days_of_builds([10, 10]))

    assert learner.of("confirmed") == []


def test_a_change_on_the_first_day_is_told_on_the_next(learner):
    learner.take(*days_of_builds([10, 0]))

    (told,) = learner.of("confirmed")
    assert told.data["since_run"] == "run0010"
    assert told.run > "run0024"


def test_a_change_after_some_days_need_not_wait_for_the_next(learner):
    learner.take(*days_of_builds([BUILDS, BUILDS, BUILDS, 10]))

    (told,) = learner.of("confirmed")
    assert told.data["since_run"] == "run0082"


def may_be_told(days, row, *, since=107.0):
    values = [100.0] * row + [since] * (len(days) - row)
    return outlasts_day(days, values, row, (100.0, 107.0))


def test_who_builds_often_need_not_wait_for_the_next_day():
    assert not may_be_told([1] * 25, 12)
    assert may_be_told([1] * 42, 30)
    assert may_be_told([1] * 42, 12)


def test_a_later_day_must_begin_with_the_new_level():
    assert not may_be_told([1] * 20 + [2] * 2, 12)
    assert may_be_told([1] * 20 + [2] * 3, 12)
    assert not may_be_told([1] * 20 + [2] * 30, 12, since=102.0)
    assert may_be_told([1, 2, 3] + [4] * 8, 3)
