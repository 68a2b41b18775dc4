"""Appending to the journal and reading it, whatever happened to the file."""

import os
import time
from pathlib import Path

import pytest

from buildopt import journal, journal_line
from buildopt.events import DamageFound
from buildopt.journal import Journal

NOW_NS = 1_795_534_274_000_000_000


@pytest.fixture
def state(tmp_path):
    return os.fsencode(tmp_path / "state")


def append(state, *subjects):
    written = Journal(state=state, source="/h/p/1", run_id="r")
    for subject in subjects:
        written.append(DamageFound(subject=subject, action="a"), now_ns=NOW_NS)
    return written


def subjects(state):
    return [event.data["subject"] for event in reversed(list(journal.read_backwards(state)))]


def test_events_come_back_in_order_with_gapless_numbers(state):
    append(state, "one", "two", "three")

    assert subjects(state) == ["one", "two", "three"]
    assert [event.n for event in reversed(list(journal.read_backwards(state)))] == [1, 2, 3]
    assert [e.data["subject"] for e in journal.read_backwards(state)] == ["three", "two", "one"]


def test_an_event_that_is_no_json_is_counted_and_never_written(state):
    written = append(state, "one")
    written.emit("buildopt.x.y", {"share": float("nan")}, now_ns=NOW_NS)

    assert written.lost_events == 1
    assert subjects(state) == ["one"]
    (path,) = journal.segments(state)
    assert b"NaN" not in Path(path).read_bytes()


def test_a_torn_line_takes_no_other_with_it(state):
    append(state, "one", "two")
    (path,) = journal.segments(state)
    torn = journal_line.frame(b'{"type":"torn"}')[:-9]
    with open(path, "ab") as segment:
        segment.write(torn)

    append(state, "three")

    assert subjects(state) == ["one", "two", "three"]


def test_flipped_bytes_and_runs_of_nul_are_passed_over(state):
    append(state, "one", "two")
    (path,) = journal.segments(state)
    with open(path, "r+b") as segment:
        data = segment.read().replace(b'"one"', b'"0ne"')
        segment.seek(0)
        segment.write(data + b"\0" * 300 + b"\n")

    append(state, "three")

    assert subjects(state) == ["two", "three"]


def test_a_folder_that_cannot_be_written_loses_nothing_but_the_line(tmp_path):
    blocker = tmp_path / "state"
    blocker.write_text("a file where the folder should be")

    written = append(os.fsencode(blocker), "one", "two")

    assert written.lost_events == 2
    blocker.unlink()
    written.append(DamageFound(subject="three", action="a"), now_ns=NOW_NS)
    assert written.lost_events == 0
    assert subjects(os.fsencode(blocker)) == ["one", "two", "three"]


@pytest.mark.parametrize("target", ["nowhere/at/all", "/proc/nowhere"])
def test_a_folder_behind_a_link_to_nothing_loses_nothing_but_the_line(tmp_path, target):
    (tmp_path / "link").symlink_to(target)

    written = append(os.fsencode(tmp_path / "link" / "state"), "one")

    assert written.lost_events == 1


def test_uuid7_is_sorted_by_time_and_carries_version_and_variant():
    first = journal_line.uuid7(1_000_000_000, b"\xff" * 10)
    later = journal_line.uuid7(2_000_000_000, b"\x00" * 10)

    assert first < later
    assert first[14] == later[14] == "7"
    assert first[19] in "89ab"
    assert [len(part) for part in first.split("-")] == [8, 4, 4, 4, 12]


def test_an_event_that_is_told_late_happened_as_long_ago_by_both_clocks(tmp_path):
    journal = Journal(state=os.fsencode(tmp_path), source="/h/p/1", run_id="")
    now_ns = time.time_ns()

    late = journal.emit("buildopt.a.happened", {}, time_ns=now_ns - 5 * 10**9, now_ns=now_ns)
    soon = journal.emit("buildopt.a.happened", {}, now_ns=now_ns)
    old = journal.emit("buildopt.a.happened", {}, time_ns=1, now_ns=now_ns)

    assert abs(soon.mono_ns - late.mono_ns - 5 * 10**9) < 10**9
    assert old.mono_ns == 0
