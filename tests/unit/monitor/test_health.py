import os
import time
from threading import Event, Thread
from types import SimpleNamespace

import pytest

from buildopt.monitor import checks
from buildopt.monitor.health import SILENT_S, Component, Health
from buildopt.monitor.hookspecs import HealthState, Measurement
from buildopt.monitor.sampling import Sampler

SECOND_NS = 1_000_000_000


class Puppet:
    """A check that says what it is told to."""

    def __init__(self, name, status="pass", interval_s=10.0):
        self.name, self.interval_s = name, interval_s
        self.state = HealthState(status)
        self.looks = 0

    def check(self, now_ns):
        self.looks += 1
        if isinstance(self.state, Exception):
            raise self.state
        return self.state


class Clock:
    def __init__(self):
        self.now_s = 100.0

    def __call__(self):
        return self.now_s


def health_of(*components):
    told, clock = [], Clock()
    return Health(components, told.append, mono_s=clock), told, clock


def statuses(health):
    return {row["name"]: row["status"] for row in health.report()["components"]}


def test_each_component_is_looked_at_when_it_is_due():
    quick, slow = Puppet("quick", interval_s=1.0), Puppet("slow", interval_s=10.0)
    health, _, clock = health_of(Component(quick), Component(slow))
    for second in range(11):
        clock.now_s = 100.0 + second
        health.look(0)

    assert (quick.looks, slow.looks) == (11, 2)
    assert health.look(0) == pytest.approx(1.0)


def test_a_change_is_told_once_and_what_works_from_the_start_is_none():
    puppet = Puppet("disk", interval_s=0.0)
    health, told, _ = health_of(Component(puppet))
    health.look(0)
    puppet.state = HealthState("fail", "full", 0)
    health.look(1 * SECOND_NS)
    health.look(2 * SECOND_NS)
    puppet.state = HealthState("pass")
    health.look(3 * SECOND_NS)

    seen = [(c.name, c.before, c.state.status, c.state.output) for c in told]
    assert seen == [("disk", "pass", "fail", "full"), ("disk", "fail", "pass", "")]


def test_since_is_when_it_became_so():
    puppet = Puppet("disk", interval_s=0.0)
    health, _, _ = health_of(Component(puppet))
    health.look(0)
    health.look(5 * SECOND_NS)
    assert health.report()["components"][0]["since"] == "1970-01-01T00:00:00.000+00:00"
    puppet.state = HealthState("warn")
    health.look(60 * SECOND_NS)

    assert health.report()["components"][0]["since"] == "1970-01-01T00:01:00.000+00:00"


@pytest.mark.parametrize(
    ("critical", "other", "overall"),
    [
        ("pass", "pass", "pass"),
        ("pass", "fail", "warn"),
        ("warn", "pass", "warn"),
        ("fail", "pass", "fail"),
    ],
)
def test_only_what_is_critical_lets_all_fail(critical, other, overall):
    components = (Component(Puppet("a", critical), is_critical=True), Component(Puppet("b", other)))
    health, _, _ = health_of(*components)
    health.look(0)

    assert health.report()["status"] == overall


def test_a_check_that_raises_is_a_component_that_fails():
    broken, good = Puppet("broken"), Puppet("good")
    broken.state = ZeroDivisionError("by zero")
    health, told, _ = health_of(Component(broken), Component(good))
    health.look(0)

    assert statuses(health) == {"broken": "fail", "good": "pass"}
    assert "ZeroDivisionError: by zero" in told[0].state.output


def test_a_check_that_hangs_is_told_by_the_report():
    is_asked, may_end = Event(), Event()

    class Hanging(Puppet):
        def check(self, now_ns):
            is_asked.set()
            may_end.wait(20)
            return HealthState("pass")

    health, _, clock = health_of(Component(Hanging("slow one")))
    thread = Thread(target=health.look, args=(0,))
    thread.start()
    try:
        assert is_asked.wait(10)
        assert health.report()["status"] == "pass"
        clock.now_s += SILENT_S + 1
        report = health.report()
    finally:
        may_end.set()
        thread.join()

    assert report["status"] == "fail"
    assert "`slow one`" in report["components"][-1]["output"]


def sampler(**state):
    source = SimpleNamespace(name="puppet", interval_s=1.0, sample=lambda _: [Measurement("a", 1)])
    made = Sampler(source, recorder=None)
    for name, value in state.items():
        setattr(made, name, value)
    return made


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({}, "pass"),
        ({"failures": 1, "trouble": "x"}, "warn"),
        ({"failures": 3, "trouble": "x"}, "fail"),
        ({"began_s": time.monotonic() - 60}, "fail"),
    ],
)
def test_a_source_fails_that_raises_again_and_again_or_hangs(state, status):
    assert checks.source_check(sampler(**state)).check(0).status == status


def test_samples_that_were_due_and_not_taken_are_told():
    late, lost = sampler(), 0
    check = checks.SamplesCheck((late,), lambda: lost)
    assert check.check(0).status == "pass"
    schedule = late.schedule
    schedule.took(schedule.due_s + 5.0, 0.001)
    warned = check.check(0)
    schedule.took(schedule.due_s + 60.0, 0.001)

    assert (warned.status, warned.output) == ("warn", "1 of 6 since the start")
    assert check.check(0).status == "fail"


def test_samples_that_no_journal_took_fail_until_that_is_some_minutes_ago():
    lost, now_s = 2, 1_000.0
    check = checks.SamplesCheck((), lambda: lost, lambda: now_s)
    assert check.check(0).status == "fail"
    now_s += checks.LOST_TOLD_S
    over = check.check(0)
    lost += 1

    assert (over.status, "did not take 2" in over.output) == ("pass", True)
    assert check.check(0).status == "fail"


def test_a_state_folder_below_a_file_fails(tmp_path):
    (tmp_path / "file").write_text("")

    assert checks.disk_check("state", str(tmp_path / "file" / "state")).check(0).status == "fail"


@pytest.mark.parametrize(
    ("lag_s", "trouble", "status"),
    [(0.0, "", "pass"), (9.0, "", "warn"), (90.0, "", "fail"), (0.0, "cannot write", "fail")],
)
def test_an_index_that_is_behind_is_told(lag_s, trouble, status):
    assert checks.lag_state(lag_s, trouble).status == status


def test_the_disk_of_a_folder_that_is_not_made_yet_is_looked_at(tmp_path):
    state = checks.disk_check("state", str(tmp_path / "a" / "b")).check(0)

    assert state.observed and state.status in ("pass", "warn")


def test_a_disk_that_fills_up_warns_and_fails(tmp_path, monkeypatch):
    seen = []
    for free in (2_000_000_000, 900_000_000, 90_000_000):
        status = SimpleNamespace(f_bavail=free, f_frsize=1)
        monkeypatch.setattr(os, "statvfs", lambda _, status=status: status)
        seen.append(checks.disk_check("state", str(tmp_path)).check(0).status)

    assert seen == ["pass", "warn", "fail"]


def test_a_clock_that_jumps_is_told_once(tmp_path):
    mono = SimpleNamespace(ns=0)
    clock = checks.ClockCheck(str(tmp_path), mono_ns=lambda: mono.ns)
    seen = []
    for wall_s, mono_s in ((1000, 0), (1005, 5), (4610, 10), (4615, 15), (15, 20)):
        mono.ns = mono_s * SECOND_NS
        seen.append(clock.check(wall_s * SECOND_NS).status)

    assert seen == ["pass", "pass", "warn", "pass", "warn"]


def test_a_clock_that_is_behind_the_journal_is_told(tmp_path):
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "events-host-20300102.log").touch()
    clock = checks.ClockCheck(str(tmp_path))

    assert clock.check(1_893_000_000 * SECOND_NS).status == "warn"
    assert checks.ClockCheck(str(tmp_path)).check(1_894_000_000 * SECOND_NS).status == "pass"


def test_a_low_limit_of_watches_is_told(tmp_path):
    limit = tmp_path / "max_user_watches"
    seen = []
    for text in ("8192\n", "524288\n", "nonsense"):
        limit.write_text(text)
        seen.append(checks.watcher_check(str(tmp_path)).check(0).status)

    assert seen == ["warn", "pass", "pass"]
