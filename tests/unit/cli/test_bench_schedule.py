"""Once a day at a time of day, while a monitor runs; the clock is the test's own."""

from datetime import datetime, timedelta

import pytest

from buildopt.cache import locks
from buildopt.cli.bench_schedule import Clock, each_day
from buildopt.errors import BuildoptError, UsageError
from buildopt.monitor.place import lock_path


class Days:
    """A clock that runs when somebody waits; the monitor ends at `until`."""

    def __init__(self, state, until, start="2026-11-30T22:00:00"):
        self.at, self._until = datetime.fromisoformat(start), datetime.fromisoformat(until)
        self._lock = locks.acquire(lock_path(state))
        self.worked = []

    def wait(self, _seconds):
        self.at += timedelta(minutes=10)
        if self._lock is not None and self.at >= self._until:
            self._lock = locks.release(self._lock)

    def work(self):
        self.worked.append(f"{self.at:%d %H:%M}")
        self.at += timedelta(minutes=30)

    @property
    def clock(self):
        return Clock(now=lambda: self.at, wait=self.wait)


@pytest.fixture
def state(tmp_path):
    (tmp_path / "state").mkdir()
    return str(tmp_path / "state")


def test_each_night_it_works_once_until_the_monitor_ends(state, capsys):
    days = Days(state, until="2026-12-03T12:00:00")

    assert each_day(state, "03:30", days.work, days.clock) == 0

    assert days.worked == ["01 03:30", "02 03:30", "03 03:30"]
    assert "the monitor has ended" in capsys.readouterr().err


def test_a_night_that_fails_is_told_and_the_next_one_tried(state, capsys):
    days = Days(state, until="2026-12-02T12:00:00")

    def work():
        days.work()
        raise BuildoptError("it does not build", hint="mend it", slug="bench-failed")

    assert each_day(state, "3:30", work, days.clock) == 0

    assert len(days.worked) == 2
    assert capsys.readouterr().err.count("it does not build") == 2


def test_a_clock_that_jumps_over_the_time_is_late_and_not_left_out(state):
    days = Days(state, until="2026-12-01T06:00:00", start="2026-12-01T03:20:00")
    days.wait = lambda _: (setattr(days, "at", days.at + timedelta(hours=1)), Days.wait(days, 0))

    assert each_day(state, "03:30", days.work, days.clock) == 0

    assert days.worked == ["01 04:30"]


@pytest.mark.parametrize("at", ["24:00", "3", "03:60", "noon"])
def test_what_is_no_time_of_day_is_told(state, at):
    with pytest.raises(UsageError, match="no time of day"):
        each_day(state, at, lambda: None)


def test_without_a_monitor_there_is_no_schedule(state):
    with pytest.raises(UsageError, match="no monitor"):
        each_day(state, "03:30", lambda: None)
