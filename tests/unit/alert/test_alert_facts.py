"""What follows from the events of runs: what runs, how it failed, when that is over."""

from __future__ import annotations

import json

from monitor_plugins.alert.facts import Facts, facts_of
from monitor_plugins.alert.inputs import Moment, Occurrence
from monitor_plugins.alert.place import Place
from monitor_plugins.alert.presets import PRESETS
from monitor_plugins.alert.rule_reading import read_rules
from monitor_plugins.alert.simulation import feed
from monitor_plugins.alert.wording import text_of
from tests.unit.alert.test_alert_engine import Engine

TASK = {"project": "p", "task": "build", "exit_code": 0, "outcome": "executed"}


def looked_up(run: str, task: str = "build") -> Occurrence:
    return Occurrence("buildopt.cache.lookup", {**TASK, "task": task, "result": "miss"}, run=run)


def finished(run: str, kind: str = "task", **data) -> Occurrence:
    return Occurrence(f"buildopt.{kind}.finished", {**TASK, **data}, f"{run}{kind}", run=run)


def take(facts: Facts, event: Occurrence, now_s: float = 0.0) -> None:
    list(facts.of_event(event, now_s))


def used_to(facts: Facts, duration_s: float) -> Facts:
    for number in range(5):
        take(facts, looked_up(f"r{number}"))
        take(facts, finished(f"r{number}", duration_s=duration_s))
        take(facts, finished(f"r{number}", "run", duration_s=duration_s))
    return facts


def test_run_is_slower_that_takes_half_as_long_again_as_usual() -> None:
    facts = used_to(Facts(), 100.0)
    take(facts, looked_up("now"), 1000.0)

    assert facts.gauges(1140.0) == {"run.active": 1.0, "run.slower": 0.0}
    assert facts.gauges(1151.0) == {"run.active": 1.0, "run.slower": 1.0}
    take(facts, finished("now", "run", duration_s=160.0))
    assert facts.gauges(1152.0) == {"run.active": 0.0, "run.slower": 0.0}


def test_same_name_in_another_project_says_nothing_of_a_run() -> None:
    facts = used_to(Facts(), 1.0)
    take(facts, Occurrence("buildopt.cache.lookup", {**TASK, "project": "q"}, run="now"))

    assert facts.gauges(100.0)["run.slower"] == 0.0


def test_run_that_was_lost_is_over() -> None:
    facts = Facts()
    take(facts, looked_up("now"))
    take(facts, Occurrence("buildopt.run.lost", {}, run="now"))

    assert facts.gauges(1.0)["run.active"] == 0.0


def test_what_is_remembered_survives_as_json() -> None:
    facts = used_to(Facts(), 100.0)
    take(facts, looked_up("now"), 7.0)
    take(facts, finished("x", "run", tasks=[{"task": "step", "exit_code": 1}]))

    assert facts_of(json.loads(json.dumps(facts.as_json()))) == facts
    assert facts_of({"active": {}, "durations_s": {}, "active_builds": 1.0}) == Facts()


class Told:
    """An engine with the preset for failures, and what it told."""

    def __init__(self) -> None:
        presets = {"build-failure": PRESETS["build-failure"]}
        self.engine = Engine(rules=read_rules({}, place=Place("t"), presets=presets))
        self.facts = Facts()
        self.now_s = 0.0

    def take(self, event: Occurrence) -> None:
        self.now_s += 60
        self.engine.advance(Moment(self.now_s, self.now_s, 0), inclusive=False)
        feed(self.engine, self.facts, event)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(one["kind"], one["labels"]["task"]) for one in self.engine.history]


def test_failure_of_a_step_is_over_when_the_run_around_it_is_answered_whole() -> None:
    told = Told()
    step = {"task": "tsc", "exit_code": 2, "outcome": "executed"}
    told.take(finished("r1", "run", exit_code=2, tasks=[step]))
    assert told.kinds == [("fired", "tsc")]

    told.take(finished("r2", "run", task="other", outcome="fresh"))
    assert told.kinds == [("fired", "tsc")]
    told.take(finished("r3", "run", outcome="fresh"))
    assert told.kinds == [("fired", "tsc"), ("resolved", "tsc")]


def test_step_that_fails_in_a_run_that_passes_is_not_over_by_that() -> None:
    told = Told()
    step = {"task": "lint", "exit_code": 1, "outcome": "executed"}
    told.take(finished("r1", "run", tasks=[step]))
    told.take(finished("r2", "run", tasks=[step]))

    assert told.kinds == [("fired", "lint")]


def test_what_is_around_a_step_that_failed_is_not_told_beside_it() -> None:
    told = Told()
    step = {"task": "vite", "exit_code": 1, "error": "no ./a", "outcome": "executed"}
    told.take(finished("r1", **step))
    told.take(finished("r1", exit_code=1, error="no ./a"))
    told.take(finished("r1", "run", exit_code=1, error="no ./a", tasks=[step]))

    assert told.kinds == [("fired", "vite")]


def test_two_tasks_that_fail_alike_are_both_told_and_what_is_around_a_step_is_not() -> None:
    told = Told()
    first = {"task": "a", "exit_code": 1, "error": "no ./x", "outcome": "executed"}
    second, step = {**first, "task": "b"}, {**first, "task": "b: tsc", "inside": "b"}
    for one in (first, step, second):
        told.take(finished("r1", **one))
    told.take(finished("r1", "run", exit_code=1, tasks=[first, second, step]))

    assert told.kinds == [("fired", "a"), ("fired", "b: tsc")]


def test_first_error_tells_failures_apart_but_for_their_numbers() -> None:
    told = Told()
    for run, error in (("1", "a.ts(3,5): error"), ("2", "a.ts(99,1): error"), ("3", "b.ts: error")):
        told.take(finished(run, exit_code=2, error=error))

    assert [kind for kind, _ in told.kinds] == ["fired", "fired"]


def test_message_says_the_first_error_and_what_changed() -> None:
    told = Told()
    reasons = [{"kind": "file-changed", "subject": "src/a.ts"}]
    told.take(finished("1", exit_code=2, error="a.ts(3,5): error TS2322", miss_reasons=reasons))
    told.engine.finish()

    text = text_of(told.engine.messages[0].entries)
    assert "exit status 2" in text
    assert "said: a.ts(3,5): error TS2322" in text
    assert "likely cause: changed: src/a.ts" in text
