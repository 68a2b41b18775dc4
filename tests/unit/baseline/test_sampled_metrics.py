"""Samples of metrics: incidents, forecasts, and a memory that a restart brings back."""

from dataclasses import replace
from random import Random

import pytest

from buildopt.events import encode
from monitor_plugins.baseline.sampled import MOST_METRICS, Watch
from monitor_plugins.baseline.watched_metrics import watched
from tests.unit.baseline.conftest import START_NS, Learner, event

SECOND_NS = 10**9
LATENCY = "http.server.request.duration"


def sample(at_s, source="/h/system/1", **data):
    metrics = {name.replace("__", "."): value for name, value in data.items()}
    return event(
        "metric.sample", metrics, n=at_s, time_ns=START_NS + at_s * SECOND_NS, source=source
    )


def latency(minutes, *, every_s=10, high=(), seed=1, start_s=0):
    """A noisy latency, three times as high within the minutes `high`."""
    random = Random(seed)
    return [
        event(
            "metric.sample",
            {LATENCY: random.gauss(0.2, 0.01) * (3 if at // 60 in high else 1)},
            n=at, time_ns=START_NS + at * SECOND_NS, source="/h/system/1",
        )
        for at in range(start_s, start_s + 60 * minutes, every_s)
    ]  # fmt: skip


def bytes_of(said):
    return [encode(replace(one, id="", position="")) for one in said]


def test_an_incident_begins_and_ends(learner):
    learner.take(*latency(160, high=range(120, 140)))

    (started,), (ended,) = learner.of("incident_started"), learner.of("incident_ended")
    assert started.subject == f"h {LATENCY}"
    assert started.data["usual"] == pytest.approx(0.2, abs=0.01)
    assert started.data["seen"] > 0.5
    assert (started.time_ns - START_NS) // (60 * SECOND_NS) in (121, 122)
    assert ended.time_ns > started.time_ns


def test_a_calm_metric_says_nothing(learner):
    assert learner.take(*latency(300)) == []


def test_one_wild_sample_says_nothing(learner):
    events = latency(200)
    events[900] = replace(events[900], data={LATENCY: 30.0})

    assert learner.take(*events) == []


@pytest.mark.parametrize("restart_every", [7])
def test_a_restart_comes_to_the_same(learner, tmp_path, restart_every):
    events = latency(100, every_s=30, high=range(80, 90))
    other = Learner(tmp_path / "other.sqlite")
    other.take(*events)
    for at in range(0, len(events), restart_every):
        learner.take(*events[at : at + restart_every])
        learner.restart()

    assert bytes_of(learner.said) == bytes_of(other.said)
    assert len(other.said) == 2
    other.file.close()


def test_a_step_that_was_not_kept_leaves_no_trace(learner, tmp_path):
    events = latency(100, every_s=30, high=range(80, 90))
    other = Learner(tmp_path / "other.sqlite")
    other.take(*events)

    for at in range(0, len(events), 11):
        try:
            with learner.file.transaction():
                list(learner.consumer.handle(events[at : at + 11], learner.state))
                raise KeyError
        except KeyError:
            pass
        learner.take(*events[at : at + 11])

    assert bytes_of(learner.said) == bytes_of(other.said)
    other.file.close()


def test_a_build_that_loads_the_machine_is_no_incident(learner):
    random = Random(2)
    events = []
    for at in range(0, 200 * 60, 30):
        is_building = 150 <= at // 60 < 165
        load = 0.95 if is_building else 0.1
        events.append(sample(at, system__cpu__utilization=load + random.gauss(0, 0.01)))
        if is_building:
            events.append(sample(at + 1, "/h/builds/1", cicd__pipeline__run__active=1))

    assert learner.take(*events) == []


def test_a_disk_that_fills_is_told_before_it_is_full(learner):
    hours = 40
    events = [
        sample(hour * 3600 + at, system__filesystem__utilization=0.2 + 0.015 * hour)
        for hour in range(hours)
        for at in range(0, 3600, 600)
    ]
    learner.take(*events)

    (told,) = learner.of("limit_forecast")
    assert told.data["latest_h"] <= 24
    assert 0.6 < told.data["level"] < 0.75


def test_an_accepted_level_ends_the_incident(learner):
    learner.take(*latency(135, high=range(120, 400)))
    assert len(learner.of("incident_started")) == 1

    learner.take(event("baseline.accepted", {"series": f"h {LATENCY}"}, source="/h/c", n=1))
    later = learner.take(*latency(30, high=range(120, 400), start_s=135 * 60))

    assert later == []


@pytest.mark.parametrize("value", [None, "x", float("nan"), True, [1]])
def test_what_is_no_number_is_left_out(learner, value):
    events = [replace(e, data={LATENCY: value}) if at % 3 else e
              for at, e in enumerate(latency(100))]  # fmt: skip

    assert learner.take(*events) == []


def test_silence_of_days_forgets_what_was_usual(learner):
    learner.take(*latency(150))

    later = learner.take(*latency(10, high=range(10**6), start_s=10 * 86_400))

    assert later == []


def test_duplicates_and_a_clock_that_goes_back_say_nothing(learner):
    events = latency(150)

    assert learner.take(*events, *events[300:]) == []


def test_the_number_of_metrics_is_bounded(learner):
    many = {f"some.metric.{n}": 1.0 for n in range(MOST_METRICS + 50)}
    learner.take(event("metric.sample", many, source="/h/x/1"))

    assert len(learner.consumer._sampled._watches) == MOST_METRICS


def test_what_is_kept_of_a_metric_brings_it_back(learner):
    learner.take(*latency(125, high=range(120, 140)))
    ((name, watch),) = learner.consumer._sampled._watches.items()

    assert Watch.of(name, watch.state).state == watch.state


@pytest.mark.parametrize(
    "series",
    [
        "process.cpu.utilization{cicd.pipeline.run.id=1}", "system.cpu.utilization{cpu.mode=idle}",
        "system.disk.io", "system.uptime", "system.memory.usage", "buildopt.builds.process.count",
    ],
)  # fmt: skip
def test_metrics_that_come_and_go_or_only_count_are_not_judged(series):
    assert watched(series) is None
