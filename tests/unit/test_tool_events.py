"""What tools inside a command tell becomes events of the run, whatever else stands in the file."""

import os

import pytest

from buildopt import journal, tool_events
from buildopt.journal import Journal

GOOD = b'{"type":"buildopt.phase.finished","data":{"s":1},"time":5,"subject":"a","x":1}'


@pytest.fixture
def written(tmp_path):
    return Journal(state=os.fsencode(tmp_path), source="/host/p/1", run_id="run")


def test_events_come_into_the_journal_of_the_run(written):
    with tool_events.collected(written) as inbox, open(inbox, "ab") as file:
        file.write(GOOD + b'\n{"type":"buildopt.phase.begun"}\n')

    later, first = journal.read_backwards(written.state)
    assert (first.type, first.data, first.time_ns) == ("buildopt.phase.finished", {"s": 1}, 5)
    assert (first.subject, first.run, first.n) == ("a", "run", 1)
    assert (later.type, later.data, later.run, later.n) == ("buildopt.phase.begun", {}, "run", 2)
    assert later.time_ns > 5
    assert written.lost_events == 0
    assert not os.path.exists(inbox)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"text",
        b"[]",
        b"{}",
        b'{"type":1}',
        b'{"type":"phase.finished"}',
        b'{"type":"buildopt"}',
        b'{"type":"buildopt..x"}',
        b'{"type":"buildopt.run.finished"}',
        b'{"type":"buildopt.alert.fired"}',
        b'{"type":"buildopt.phase.finished","data":[]}',
        GOOD[:-9],
        b"\xff",
    ],
)
def test_line_that_is_no_tools_event_is_counted_as_lost(written, line):
    with tool_events.collected(written) as inbox, open(inbox, "ab") as file:
        file.write(line + b"\n" + GOOD + b"\n")

    assert [event.type for event in journal.read_backwards(written.state)] == [
        "buildopt.phase.finished"
    ]
    assert written.lost_events == 1


def test_more_events_than_a_run_may_tell_are_counted_as_lost(written, monkeypatch):
    monkeypatch.setattr(tool_events, "LIMIT_EVENTS", 2)
    with tool_events.collected(written) as inbox, open(inbox, "ab") as file:
        file.write(b"\n".join([GOOD] * 5))

    assert len(list(journal.read_backwards(written.state))) == 2
    assert written.lost_events == 3


def test_state_folder_that_cannot_be_had_costs_nothing(tmp_path):
    (tmp_path / "file").touch()
    for state in (b"", os.fsencode(tmp_path / "file")):
        nowhere = Journal(state=state, source="/host/p/1", run_id="run")

        with tool_events.collected(nowhere) as inbox:
            assert inbox == ""


def test_file_that_a_tool_removed_costs_nothing(written):
    with tool_events.collected(written) as inbox:
        os.unlink(inbox)

    assert written.lost_events == 0
