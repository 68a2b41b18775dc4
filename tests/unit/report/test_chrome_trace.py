"""Bars of a trace: each row of them nests, as the format asks."""

import json
import random

import pytest

from buildopt.report.chrome_trace import trace_of
from buildopt.report.processes import Process
from buildopt.report.view import view_of


def trace(story, processes):
    story.ran()
    view = view_of(story.newest_first, "run")
    return json.loads(trace_of(view, processes))["traceEvents"]


def process(pid, parent, start_s, end_s):
    return Process(pid, parent, ("cc", "-c", f"{pid}.c"), start_s, end_s, 0.1)


def bars(events):
    return [event for event in events if event["ph"] == "X"]


def test_a_child_stands_in_the_row_of_its_parent(story):
    events = bars(trace(story, [process(1, 0, 0, 10), process(2, 1, 1, 5), process(3, 1, 5, 9)]))

    assert [event["tid"] for event in events] == [1, 1, 1]


def test_children_side_by_side_have_rows_of_their_own(story):
    events = bars(trace(story, [process(1, 0, 0, 10), process(2, 1, 1, 5), process(3, 1, 2, 9)]))

    assert [event["tid"] for event in events] == [1, 1, 2]


def test_bars_of_a_row_never_overlap_without_nesting(story):
    chance = random.Random(7)
    processes = [process(1, 0, 0.0, 100.0)]
    for pid in range(2, 400):
        start_s = chance.uniform(0, 99)
        end_s = min(100.0, start_s + chance.expovariate(0.3))
        processes.append(process(pid, chance.randrange(1, pid), start_s, end_s))
    processes.sort(key=lambda one: one.start_s)

    open_until = {}
    for event in bars(trace(story, processes)):
        stack = open_until.setdefault(event["tid"], [])
        while stack and stack[-1] <= event["ts"] + 1:
            stack.pop()
        end = event["ts"] + event["dur"]
        assert not stack or end <= stack[-1] + 2
        stack.append(end)


def test_a_run_without_processes_is_an_empty_trace(story):
    assert [event["ph"] for event in trace(story, [])] == ["M"]


def test_every_event_has_what_readers_of_the_format_ask_for(story):
    story.finished("build")
    events = trace(story, [process(1, 0, 0.0, 1.0), process(2, 1, 0.0000001, 0.0000002)])

    assert {event["ph"] for event in events} == {"M", "X", "C"}
    for event in events:
        assert isinstance(event["name"], str)
        assert event["cat"]
        assert event["pid"] > 0
        assert event["tid"] > 0
        assert isinstance(event["ts"], int)
        assert event["ts"] >= 0
        assert isinstance(event["args"], dict)
        if event["ph"] == "X":
            assert isinstance(event["dur"], int)
            assert event["dur"] > 0
        if event["ph"] == "C":
            assert all(isinstance(value, int | float) for value in event["args"].values())


def test_a_trace_is_json_for_the_strictest_reader(story):
    story.ran(task="build\udcff\x1b")
    view = view_of(story.newest_first, "run")
    content = trace_of(view, [process(1, 0, 0.0, 1.0)])

    content.decode("ascii")
    json.loads(content, parse_constant=pytest.fail)
