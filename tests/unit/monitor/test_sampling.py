import json
import time
from threading import Event

import pytest

from buildopt.monitor.hookspecs import Measurement
from buildopt.monitor.importer import Importer
from buildopt.monitor.index import Index
from buildopt.monitor.samples import Writer
from buildopt.monitor.sampling import LONGEST_INTERVAL_S, RUN, Recorder, Sampler, Schedule


def test_a_sample_in_time_is_due_and_taken():
    schedule = Schedule(1.0, 100.0)
    for second in range(10):
        schedule.took(100.3 + second, 0.001)

    assert (schedule.due, schedule.taken) == (10, 10)
    assert schedule.due_s == 110.0


def test_moments_that_passed_are_samples_that_were_not_taken():
    schedule = Schedule(1.0, 100.0)
    schedule.took(103.5, 0.001)

    assert (schedule.due, schedule.taken, schedule.share) == (4, 1, 0.25)
    assert schedule.due_s == 104.0
    assert schedule.recent_share < 1.0


def test_the_share_of_late_recovers():
    schedule = Schedule(1.0, 0.0)
    schedule.took(60.0, 0.001)
    low = schedule.recent_share
    for _ in range(2_000):
        schedule.took(schedule.due_s, 0.001)

    assert low < 0.8 < 0.99 < schedule.recent_share


def test_a_dear_source_is_asked_less_often_and_a_cheap_one_as_it_wants():
    dear, cheap = Schedule(1.0, 0.0), Schedule(1.0, 0.0)
    dear.took(0.0, 0.040)
    cheap.took(0.0, 0.004)

    assert dear.interval_s == pytest.approx(8.0)
    assert cheap.interval_s == 1.0
    dear.took(dear.due_s, 60.0)
    assert dear.interval_s == LONGEST_INTERVAL_S
    for _ in range(60):
        dear.took(dear.due_s, 0.001)
    assert dear.interval_s == 1.0


class Puppet:
    name, interval_s = "puppet", 0.01

    def __init__(self, *answers):
        self.answers = iter(answers)
        self.is_over = Event()

    def sample(self, now_ns):
        answer = next(self.answers, None)
        if answer is None:
            self.is_over.set()
            return ()
        if isinstance(answer, Exception):
            raise answer
        return answer


def lines(folder):
    (path,) = (folder / "journal").glob("samples-*")
    return [json.loads(line.split(b" ", 2)[2]) for line in path.read_bytes().split(b"\n") if line]


def run(source, folder):
    recorder = Recorder(Writer(str(folder)))
    sampler = Sampler(source, recorder)
    sampler.start()
    assert source.is_over.wait(10)
    assert sampler.stop(5)
    return sampler, recorder


def test_a_tick_is_one_line_and_what_is_about_a_run_one_more(tmp_path):
    before_ns = time.time_ns()
    source = Puppet(
        (
            Measurement("a", 1.0),
            Measurement("b", 2.0, "By", {"x": "1"}),
            Measurement("c", 3.0, attributes={RUN: "r1"}),
            Measurement("d", 4.0, attributes={RUN: "r1", "x": "1"}),
        )
    )

    run(source, tmp_path)

    first, second = lines(tmp_path)
    assert first["data"] == {"a": 1.0, "b{x=1}": 2.0} and "run" not in first
    assert second["data"] == {"c": 3.0, "d{x=1}": 4.0} and second["run"] == "r1"
    assert before_ns <= first["time"] == second["time"] <= time.time_ns()


def test_two_runs_of_one_tick_are_both_in_the_index(tmp_path):
    metrics = (
        Measurement("process.cpu.time", seconds, "s", {RUN: run_id})
        for run_id, seconds in (("r1", 3.0), ("r2", 4.0), ("r3", 5.0))
    )

    run(Puppet(tuple(metrics)), tmp_path)

    importer, index = Importer(str(tmp_path)), Index(str(tmp_path))
    importer.catch_up()
    (series,) = index.series(metric="process.cpu.time")
    values = [value for _, value in index.samples(series.id, (0, 2**32))]
    index.close()
    importer.close()
    assert sorted(values) == [3.0, 4.0, 5.0]


def test_what_counts_is_added_up(tmp_path):
    one = (Measurement("x.io", 5.0, "By", {"way": "in"}), Measurement("y.usage", 7.0, "By"))

    _, recorder = run(Puppet(one, one, one), tmp_path)

    assert recorder.totals == {"x.io{way=in}": 15.0}
    assert recorder.latest["puppet"].measurements == one


def test_a_source_that_raises_goes_on_and_says_so(tmp_path):
    source = Puppet(ValueError("no such disk"), OSError("gone"))
    recorder = Recorder(Writer(str(tmp_path)))
    sampler = Sampler(source, recorder)
    sampler._sample()
    sampler._sample()

    assert (sampler.failures, sampler.trouble) == (2, "OSError: gone")
    sampler._sample()
    assert (sampler.failures, sampler.trouble) == (0, "")
