"""The consumer: from builds to findings, and what becomes of them."""

import json
from dataclasses import replace

import pytest

from buildopt.events import encode
from monitor_plugins.baseline import history
from tests.unit.baseline.conftest import (
    DAY_NS,
    START_NS,
    Learner,
    build,
    builds,
    durations,
    event,
)

SLOWER = durations(90, step_at=60, step=1.12)


def bytes_of(said):
    return [encode(replace(one, id="", position="")) for one in said]


def series_of(learner, metric="duration"):
    rows = learner.state.execute(history.ALL)
    return next(s for s in map(history.series_of, rows) if s.key.metric == metric)


def test_a_slower_build_is_suspected_and_then_confirmed(learner):
    learner.take(*builds(SLOWER))

    (suspected,), (confirmed,) = learner.of("suspected"), learner.of("confirmed")
    assert suspected.data["finding"] == confirmed.data["finding"]
    assert suspected.run < confirmed.run <= "run0075"
    assert confirmed.severity == "warning"
    assert confirmed.data["direction"] == "worse"
    assert confirmed.data["effect"] == pytest.approx(0.12, abs=0.03)
    assert confirmed.data["since_run"] == "run0060"
    assert 0 < confirmed.data["smallest_change"] < 0.1


def test_a_suspicion_is_what_the_newest_build_says_of_it(learner):
    values = durations(40, noise=0.25) + durations(8, noise=0.25, level=100, seed=9)
    learner.take(*builds(values))

    first, second = learner.of("suspected")
    ((data,),) = learner.state.execute("SELECT data FROM finding")
    assert first.data["finding"] == second.data["finding"]
    assert (first.data["since_run"], second.data["since_run"]) == ("run0041", "run0040")
    assert json.loads(data)["builds_after"] == 8 > second.data["builds_after"]


def test_nothing_is_claimed_about_noise(learner):
    learner.take(*builds(durations(120, noise=0.05)))

    assert learner.of("confirmed") == []


def test_the_same_builds_say_the_same_however_they_are_batched(tmp_path):
    said = []
    for batch in (1, 7, 256):
        learner = Learner(tmp_path / f"{batch}.sqlite")
        learner.take(*builds(SLOWER), batch=batch)
        learner.file.close()
        said.append(bytes_of(learner.said))

    assert len(said[0]) >= 2
    assert said[0] == said[1] == said[2]


def test_a_restart_changes_nothing(learner, tmp_path):
    other = Learner(tmp_path / "other.sqlite")
    other.take(*builds(SLOWER))
    for at in range(0, 90, 9):
        learner.take(*builds(SLOWER)[at : at + 9])
        learner.restart()

    assert bytes_of(learner.said) == bytes_of(other.said)
    other.file.close()


def test_what_is_said_of_a_beginning_does_not_depend_on_what_follows(tmp_path):
    whole, part = Learner(tmp_path / "whole.sqlite"), Learner(tmp_path / "part.sqlite")
    whole.take(*builds(SLOWER))
    part.take(*builds(SLOWER[:75]))

    upto = [one for one in whole.said if one.time_ns <= START_NS + 74 * 3_600 * 10**9]
    assert bytes_of(part.said) == bytes_of(upto) != []
    whole.file.close()
    part.file.close()


def test_a_faster_build_is_told_and_needs_nobody(learner):
    learner.take(*builds(durations(90, step_at=60, step=0.8)))

    (confirmed,) = learner.of("confirmed")
    assert (confirmed.data["direction"], confirmed.severity) == ("better", "info")
    assert learner.state.execute("SELECT * FROM finding") == []


def test_a_regression_that_is_mended_is_closed(learner):
    values = durations(60) + durations(40, level=72, seed=4) + durations(40, seed=5)
    learner.take(*builds(values))

    (closed,) = learner.of("closed")
    assert closed.data["reason"] == "recovered"
    assert closed.data["finding"] == learner.of("confirmed")[0].data["finding"]


def test_an_accepted_level_is_the_usual_one(learner):
    learner.take(*builds(SLOWER))
    series = series_of(learner)

    said = learner.take(event("baseline.accepted", {"series": series.key.id}, n=90, source="/h/c"))
    later = learner.take(*(build(n, v) for n, v in enumerate(durations(60, level=67), 91)))

    assert [(s.type, s.data["reason"]) for s in said] == [("buildopt.baseline.closed", "accepted")]
    assert later == []


def test_a_file_of_an_older_version_learns_what_is_accepted(learner):
    learner.take(*builds(SLOWER))
    with learner.file.transaction():
        learner.state.execute("DROP TABLE accepted")
        learner.file.set_state_version(1)
        learner.consumer.migrate(learner.state)
    key = series_of(learner).key

    learner.take(event("baseline.accepted", {"series": key.id}, n=90, source="/h/c"))

    finding = learner.of("confirmed")[0].data["finding"]
    assert learner.state.execute("SELECT * FROM accepted") == [(finding, key.id)]


def test_a_reset_series_is_learnt_anew(learner):
    learner.take(*builds(SLOWER))
    series = series_of(learner)

    (closed,) = learner.take(event("baseline.reset", {"series": series.key.id}, n=90))

    assert closed.data["reason"] == "reset"
    assert history.builds(learner.state, series.key.id) == []


def test_the_commit_the_input_and_the_step_are_named(learner):
    events = []
    for n, value in enumerate(SLOWER):
        subject = "src/slow.js" if n == 60 else f"src/{n % 7}.js"
        events.append(
            build(
                n, value, commit=f"{n // 3:040x}",
                miss_reasons=[{"kind": "file-changed", "subject": subject}],
                tasks=[
                    {"task": "compile", "outcome": "executed", "exit_code": 0,
                     "duration_s": 20 if n < 60 else 27},
                    {"task": "lint", "outcome": "executed", "exit_code": 0, "duration_s": 5},
                ],
            )
        )  # fmt: skip
    learner.take(*events)

    confirmed = next(e for e in learner.of("confirmed") if e.data["task"] == "build")
    cause = confirmed.data["cause"]
    assert cause["commits"]["before"] == f"{19:040x}"
    assert cause["commits"]["after"] == f"{20:040x}"
    assert cause["inputs"][0] == {"kind": "file-changed", "subject": "src/slow.js"}
    assert [row["name"] for row in cause["steps"]] == ["compile"]
    step = next(e for e in learner.of("confirmed") if e.data["task"] == "compile")
    assert step.data["group"] == confirmed.data["group"]


def test_a_package_that_makes_a_bundle_larger_is_named(learner):
    def bundle(n, size, moment):
        return event("bundle.analyzed", {
            "task": "build", "project": "p", "output": "dist", "kind": "bundle",
            "compressors": [{"encoding": "gzip", "library": "zlib", "level": 9}],
            "totals": {"raw": 3 * size, "gzip": size},
            "packages": [{"name": "react", "bytes": 40_000}, {"name": "moment", "bytes": moment}],
        }, n=n)  # fmt: skip

    learner.take(*(bundle(n, 100_000, 0) for n in range(30)))
    learner.take(*(bundle(n, 160_000, 60_000) for n in range(30, 40)))

    gzip = next(e for e in learner.of("confirmed") if e.data["metric"] == "bundle.gzip")
    assert gzip.data["builds_after"] == 3
    assert gzip.data["cause"]["packages"] == [{"name": "moment", "before": 0, "after": 60_000}]


def test_a_hit_rate_that_falls_is_told_by_its_counts(learner):
    outcomes = ["fresh"] * 5 + ["executed"]
    events = [build(n, 1.0, outcome=outcomes[n % 6]) for n in range(120)]
    learner.take(*events, *(build(n, 1.0) for n in range(120, 160)))

    fallen = [e for e in learner.of("confirmed") if e.data["metric"] == "hit_ratio"]

    assert [e.data["direction"] for e in fallen] == ["worse"]
    assert fallen[0].data["before"] > 0.75


@pytest.mark.parametrize("answer", ["slower", "same", "cannot tell"])
def test_a_suspicion_is_settled_by_a_bench(learner, answer):
    for one in builds(SLOWER):
        if learner.of("suspected"):
            break
        learner.take(one)
    finding = learner.of("suspected")[0].data["finding"]

    said = learner.take(event("bench.finished", {"finding": finding, "answer": answer}, n=500))

    first = series_of(learner).level
    assert (first > 0) == (answer == "slower")
    kinds = {"slower": ["confirmed"], "same": ["withdrawn"], "cannot tell": []}
    assert [one.type.rpartition(".")[2] for one in said] == kinds[answer]


def test_series_are_kept_apart_by_machine_branch_and_state_of_the_cache(learner):
    values = durations(40)
    learner.take(*builds(values))
    learner.take(*(build(n, v * 3, machine="slow") for n, v in enumerate(values, 100)))
    learner.take(*(build(n, v * 2, branch="feature") for n, v in enumerate(values, 200)))
    learner.take(*(build(n, 0.02, outcome="fresh") for n in range(300, 340)))

    keys = {s.key for s in map(history.series_of, learner.state.execute(history.ALL))}
    told = {(k.machine, k.branch, k.cache) for k in keys if k.metric == "duration"}
    assert told == {
        ("m", "default", "cold"), ("slow", "default", "cold"), ("m", "other", "cold"),
        ("m", "default", "fresh"),
    }  # fmt: skip
    assert [e for e in learner.of("confirmed") if e.data["metric"] == "duration"] == []


def test_the_most_silent_series_goes_where_there_are_too_many(learner, monkeypatch):
    monkeypatch.setattr(history, "MOST_SERIES", 6)
    learner.take(*(build(n, 1.0, task=f"t{n}") for n in range(5)))

    tasks = {s.key.task for s in map(history.series_of, learner.state.execute(history.ALL))}

    assert len(learner.state.execute(history.ALL)) == 6
    assert "t4" in tasks
    assert "t0" not in tasks


# ---- bad input --------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -1, "fast", True, [1]])
def test_what_is_no_duration_is_a_gap(learner, value):
    learner.take(*builds(durations(12)), build(12, value), build(13, 60.0))

    series = series_of(learner)
    assert (series.total, series.gaps) == (13, 1)


@pytest.mark.parametrize(
    "data", [{"exit_code": 1}, {"exit_code": None, "signal": 9}, {"task": ""}, {"task": 7}]
)
def test_a_build_that_failed_says_nothing(learner, data):
    learner.take(build(0, 60.0, **data))

    assert learner.state.execute(history.ALL) == []


@pytest.mark.parametrize("data", [{"tasks": 3}, {"tasks": [1]}, {"outputs": []}, {"branch": 1}])
def test_data_of_another_form_is_passed_over(learner, data):
    learner.take(build(0, 60.0, **data))

    assert series_of(learner).total == 1


def test_a_constant_series_says_nothing_and_shows_a_small_step(learner):
    assert learner.take(*builds([60.0] * 60)) == []

    learner.take(*(build(n, 66.0) for n in range(60, 75)))

    assert learner.of("confirmed")[0].data["before"] == 60.0


def test_two_builds_are_being_learnt(learner):
    assert learner.take(*builds([60.0, 600.0])) == []


def test_after_thirty_days_of_silence_a_series_begins_anew(learner):
    learner.take(*builds(SLOWER))
    later_ns = START_NS + 90 * 3_600 * 10**9 + 31 * DAY_NS

    (closed,) = learner.take(build(200, 300.0, time_ns=later_ns))

    assert closed.data["reason"] == "silence"
    assert len(history.builds(learner.state, series_of(learner).key.id)) == 1


def test_a_clock_that_jumps_and_comes_back_is_no_silence_and_no_change(learner):
    values = durations(80)
    jumps = {30: 20 * DAY_NS, 31: -20 * DAY_NS, 50: -400 * DAY_NS}
    learner.take(
        *(
            build(n, v, time_ns=START_NS + n * 3_600 * 10**9 + jumps.get(n, 0))
            for n, v in enumerate(values)
        )
    )

    assert learner.said == []
    assert len(history.builds(learner.state, series_of(learner).key.id)) == 80


def test_a_unit_that_changes_makes_another_series(learner):
    learner.take(*(event("bench.finished", {"name": "b", "median_s": 2.0}, n=n) for n in range(3)))
    learner.take(event("bench.finished", {"name": "b", "median_ms": 2000.0}, n=4))

    series = series_of(learner, "bench")
    assert (series.key.unit, series.total, series.gaps) == ("s", 3, 1)


def test_many_builds_at_the_same_time_count_one_by_one(learner):
    learner.take(*(build(n, v, time_ns=START_NS) for n, v in enumerate(SLOWER)))

    assert len(learner.of("confirmed")) == 1


def test_an_order_about_no_series_does_nothing(learner):
    said = learner.take(
        event("baseline.accepted", {"series": "no"}), event("baseline.reset", {}, n=1),
        event("baseline.imported", {"series": {"key": [1]}}, n=2),
    )  # fmt: skip

    assert said == []
