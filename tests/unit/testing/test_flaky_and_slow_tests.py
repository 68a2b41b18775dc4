"""Flaky tests are found where inputs are known to be the same; durations become series."""

import pytest

from buildopt.events import encode
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.rule_reading import read_rule
from monitor_plugins.baseline.run_values import values_of
from monitor_plugins.testing.flaky import PASSES_TO_CLOSE
from monitor_plugins.testing.plugin import RULE
from tests.unit.baseline.conftest import learner as learner  # a fixture
from tests.unit.testing.conftest import CHANGED, Suite

PASS, FAIL = ("test_it", "p", 0.2), ("test_it", "f", 0.2)
NAME = "test_a.py::test_it"


def test_a_test_that_fails_and_passes_at_the_same_inputs_is_suspected_then_confirmed(suite):
    suite.run(FAIL)
    suite.run(PASS)

    assert suite.findings() == [("suspected", NAME)]
    suite.run(FAIL)
    assert suite.findings() == [("suspected", NAME), ("confirmed", NAME)]
    suite.run(PASS)
    assert len(suite.findings()) == 2


@pytest.mark.parametrize(
    "reasons",
    [
        ({**CHANGED, "after": "111111111111"},),
        ({"kind": "no-record", "subject": "task"},),
        ({"kind": "forced", "subject": "task"},),
        ({"kind": "file-appeared", "subject": "x", "before": "absent", "after": "a file"},),
        ({"kind": "listing-changed", "subject": "src", "before": "", "after": "x.py"},),
        ({**CHANGED, "before": "its time", "after": "another time"},),
        (),
    ],
)
def test_what_may_have_changed_between_two_runs_is_no_proof(suite, reasons):
    suite.run(FAIL, reasons=reasons)
    suite.run(PASS)
    suite.run(FAIL, reasons=reasons)

    assert suite.findings() == []


def test_inputs_that_are_not_known_prove_nothing_even_twice(suite):
    for row in (FAIL, PASS, FAIL, PASS):
        suite.run(row, reasons=({"kind": "no-record", "subject": "task"},))

    assert suite.findings() == []


def test_a_test_that_passed_when_it_was_run_again_is_flaky_at_once(suite):
    suite.run(("test_it", "p", 0.2, "f"))

    assert suite.findings() == [("confirmed", NAME)]
    (finding,) = [e for e in suite.said if e.type == "buildopt.finding.confirmed"]
    assert finding.severity == "warning"
    assert finding.data["project"] == "shop"
    assert "run again in the same session" in finding.data["cause"]["text"]


def test_one_that_failed_again_is_not_flaky_but_broken(suite):
    suite.run(("test_it", "f", 0.2, "f"))

    assert suite.findings() == []


def test_in_ci_the_commit_tells_and_on_a_desk_it_does_not(suite):
    for row in (FAIL, PASS):
        suite.run(row, reasons=(), environment="development", commit="c0ffee")
    assert suite.findings() == []

    for row in (FAIL, PASS):
        suite.run(row, reasons=(), environment="ci", commit="c0ffee")
    assert suite.findings() == [("confirmed", NAME)]


def test_twenty_passes_in_a_row_close_it(suite):
    suite.run(("test_it", "p", 0.2, "f"))
    for _ in range(PASSES_TO_CLOSE):
        suite.run(PASS)

    assert suite.findings() == [("confirmed", NAME), ("closed", NAME)]


def test_a_finding_that_somebody_accepts_is_closed_until_it_happens_again(suite):
    suite.run(("test_it", "p", 0.2, "f"))
    (found,) = [each for each in suite.said if each.type.startswith("buildopt.finding.")]

    suite.take(suite.event("tests.accepted", {"finding": found.data["finding"]}, ""))
    assert suite.findings() == [("confirmed", NAME), ("closed", NAME)]

    suite.run(("test_it", "p", 0.2, "f"))
    assert suite.findings()[2:] == [("confirmed", NAME)]


def test_a_test_that_is_gone_is_not_flaky_for_ever(suite):
    suite.run(("test_it", "p", 0.2, "f"))
    suite.number += 29 * 86_400
    suite.run(("test_other", "p", 0.2))
    assert suite.findings() == [("confirmed", NAME)]

    suite.number += 2 * 86_400
    suite.run(("test_other", "p", 0.2))

    assert suite.findings() == [("confirmed", NAME), ("closed", NAME)]


def test_packages_of_a_workspace_have_tests_of_the_same_name(suite):
    suite.run(FAIL, root="/home/me/shop/packages/a")
    suite.run(PASS, root="/home/me/shop/packages/b")

    assert suite.findings() == []


def test_runs_that_test_nothing_and_results_of_runs_that_were_lost_are_forgotten(suite):
    for number in range(150):
        suite.take(suite.event("cache.lookup", {"miss_reasons": []}, f"lost-{number}"))
    suite.take(suite.event("run.finished", {"task": "build"}, "lost-149"))

    assert suite.said == []
    assert suite.state.execute("SELECT count(*) FROM waiting")[0][0] <= 100


def test_batches_mean_nothing(tmp_path):
    one, other = Suite(tmp_path / "a.sqlite"), Suite(tmp_path / "b.sqlite")
    for row in (FAIL, PASS, FAIL):
        one.run(row)
    take = other.take
    other.take = lambda *events: [said for event in events for said in take(event)]
    for row in (FAIL, PASS, FAIL):
        other.run(row)

    assert [encode(e) for e in one.said] == [encode(e) for e in other.said] != []
    one.file.close()
    other.file.close()


def test_durations_of_tests_that_passed_are_series_of_the_baselines(suite):
    said = suite.run(("test_slow", "p", 2.5), ("test_quick", "p", 0.001), ("test_bad", "f", 9.0))

    (measured,) = [event for event in said if event.type == "buildopt.series.measured"]
    values = {value.key.task: value.value for value in values_of(measured)}
    assert values == {"test_a.py::test_slow": 2.5}
    (key, *_) = [value.key for value in values_of(measured)]
    assert (key.project, key.metric, key.unit, key.machine) == ("shop", "test", "s", "m")


def test_a_suite_that_passed_has_a_duration_in_all(suite):
    said = suite.run(("test_slow", "p", 2.5), ("test_other", "p", 0.5))

    (measured,) = [event for event in said if event.type == "buildopt.series.measured"]
    assert measured.data["values"]["all tests"] == 3.0


def test_a_test_that_became_slower_is_a_finding_of_the_baselines(suite, learner):
    for number in range(60):
        wobble = 1 + (number * 7 % 5) / 100
        suite.run(("test_slow", "p", (1.0 if number < 40 else 1.6) * wobble))
    measured = [event for event in suite.said if event.type == "buildopt.series.measured"]

    learner.take(*measured)

    names = {event.data["name"] for event in learner.of("confirmed")}
    assert names == {"test_a.py::test_slow test (m)", "all tests test (m)"}


def test_its_rule_is_one_that_alerts_can_read():
    assert read_rule("flaky-tests", RULE, place=Place("settings"), path=("alert",)).title
