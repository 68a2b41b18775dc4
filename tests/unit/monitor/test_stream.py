"""One order of events and samples, whenever and however often it is read."""

import os
from itertools import pairwise

import pytest

from buildopt import journal_line
from buildopt.events import CacheEvicted
from buildopt.monitor.position import Place, Position, Segment, segment_of
from buildopt.monitor.samples import parse_series, series
from buildopt.monitor.stream import Reader
from tests.unit.monitor.conftest import DAY_NS, NOW_NS


def told(stored):
    return [s.event.data.get("subject", s.event.data.get("load")) for s in stored]


def read_all(folder, limit=256, reader=None, after=None):
    reader = reader or Reader(folder, now_s=lambda: 2e9)
    everything = []
    while True:
        stored, after = reader.read(after, limit)
        if not stored:
            return everything, after
        everything += stored


def test_a_sample_stands_behind_the_events_that_were_there_when_it_was_written(folder, emitter):
    for step in ("a", 1, 2, "b", "c", 3):
        emitter.event(step) if isinstance(step, str) else emitter.sample(step)

    assert told(read_all(folder)[0]) == ["a", 1, 2, "b", "c", 3]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_reading_live_in_small_bites_gives_the_order_of_reading_later(folder, emitter, limit):
    live, after = [], None
    reader = Reader(folder)
    for step in range(60):
        emitter.event(f"e{step}", NOW_NS + step // 20 * DAY_NS)
        if step % 3 == 0:
            emitter.sample(step, NOW_NS + step // 25 * DAY_NS)
        if step % 5 == 0:
            stored, after = reader.read(after, limit)
            live += stored
    live += read_all(folder, limit, reader, after)[0]

    assert [str(s.position) for s in live] == [str(s.position) for s in read_all(folder)[0]]
    assert told(live) == told(read_all(folder)[0])
    assert len(live) == 80


def test_reading_goes_on_from_any_position_and_its_text(folder, emitter):
    for number in range(6):
        emitter.event(f"e{number}")
        emitter.sample(number)
    whole, _ = read_all(folder)

    for index, stored in enumerate(whole):
        after = Position.parse(str(stored.position))
        assert after == stored.position
        assert told(read_all(folder, after=after)[0]) == told(whole[index + 1 :])


def test_positions_and_their_texts_are_in_the_order_of_reading(folder, emitter):
    for number in range(40):
        emitter.event("x" * number, NOW_NS + number // 15 * DAY_NS)
        emitter.sample(number)
    whole, _ = read_all(folder)

    for before, behind in pairwise(s.position for s in whole):
        assert before < behind
        assert str(before) < str(behind)


def test_what_is_no_event_is_counted_and_takes_nothing_with_it(folder, emitter):
    emitter.event("a")
    emitter.write(journal_line.frame(b'{"type":"torn"}')[:-9])
    emitter.event("b")
    emitter.write(b"\nsomebody's log line\n" + b"\0" * 300 + b"\n")
    emitter.write(journal_line.frame(b"[" * 60_000))
    emitter.write(journal_line.frame(b'{"type":"x","id":"1","time":-1,"source":"s","data":{}}'))
    emitter.write(journal_line.frame(b'{"type":"x","id":"1","time":1,"source":"s","data":1e999}'))
    emitter.event("c")
    newer = b'{"type":"x","id":"1","time":1,"source":"s","schema":99,"data":{"subject":"new"}}'
    emitter.write(journal_line.frame(newer))
    emitter.write(b"x" * 3_000_000 + b"\n")
    emitter.event("d")
    reader = Reader(folder)

    stored, _ = read_all(folder, reader=reader)

    assert told(stored) == ["a", "b", "c", "new", "d"]
    assert {skipped.trouble: n for skipped, n in reader.skipped.items()} == {
        "torn": 2, "foreign": 1, "not_an_event": 3, "newer": 1, "too_long": 1,
    }  # fmt: skip


def test_lines_are_counted_once_although_the_reader_comes_by_often(folder, emitter):
    emitter.event("a")
    emitter.write(b"\nforeign\n")
    reader = Reader(folder)

    after = None
    for _ in range(4):
        _, after = reader.read(after, 10)

    assert sum(reader.skipped.values()) == 1


def test_a_line_that_is_being_written_is_read_when_it_is_whole(folder, emitter):
    emitter.event("a")
    record = journal_line.frame(
        b'{"type":"x","id":"1","time":1,"source":"s","data":{"subject":"b"}}'
    )
    emitter.write(record[:20])
    emitter.sample(1)
    reader = Reader(folder)
    first, after = reader.read()
    emitter.write(record[20:])
    second, _ = reader.read(after)

    assert told(first) == ["a"]
    assert told(second) == ["b", 1]
    assert told(read_all(folder)[0]) == ["a", "b", 1]


def test_a_line_that_was_never_finished_holds_no_sample_back(folder, emitter):
    emitter.event("a")
    emitter.write(b"\n500 0123")
    emitter.sample(1)

    stored, after = Reader(folder, now_s=lambda: 4e9).read()
    emitter.event("b")

    assert told(stored) == ["a", 1]
    assert told(read_all(folder, after=after)[0]) == ["b"]
    assert told(read_all(folder)[0]) == ["a", 1, "b"]


def test_a_file_ends_for_all_readers_where_it_ended_for_the_first(folder, emitter):
    emitter.event("a", NOW_NS)
    reader = Reader(folder)
    _, after = reader.read()
    emitter.event("b", NOW_NS + DAY_NS)
    emitter.event("late for some", NOW_NS)
    live, after = reader.read(after)
    emitter.event("late for all", NOW_NS)

    assert told(live) == ["late for some", "b"]
    assert told(reader.read(after)[0]) == []
    assert told(read_all(folder)[0]) == ["a", "late for some", "b"]


def test_a_reader_that_may_not_write_leaves_no_trace(folder, emitter):
    emitter.event("a", NOW_NS)
    emitter.event("b", NOW_NS + DAY_NS)
    before = sorted(os.listdir(os.path.join(folder, "journal")))

    stored, _ = read_all(folder, reader=Reader(folder, seals=False))

    assert told(stored) == ["a", "b"]
    assert sorted(os.listdir(os.path.join(folder, "journal"))) == before


def test_names_that_are_no_text_come_through(folder, emitter):
    emitter.journal.append(CacheEvicted(records=1, files=1, bytes_freed=1, limit_bytes=1))
    emitter.event("caf\udce9")

    assert "caf\udce9" in told(read_all(folder)[0])


def test_no_journal_at_all_is_an_empty_stream(tmp_path):
    assert Reader(str(tmp_path)).read() == ((), Position())


def test_other_files_in_the_folder_are_no_segments():
    assert segment_of("events-a-b-20261129.log", "events") == Segment("20261129", "a-b")
    for name in ("events-20261129.log", "samples-h-20261129.log", "sealed-events-h-20261129.log"):
        assert segment_of(name, "events") is None


@pytest.mark.parametrize("text", ["", "x/", "1,2,3/", "20261129,h,-1/", "20261129,h,1"])
def test_what_is_no_position_is_refused(text):
    with pytest.raises(ValueError, match="not"):
        Position.parse(text)


def test_series_are_named_by_metric_and_attributes():
    name = series("system.cpu.utilization", {"cpu.mode": "user", "cpu.logical_number": "0"})

    assert name == "system.cpu.utilization{cpu.logical_number=0,cpu.mode=user}"
    assert parse_series(name) == (
        "system.cpu.utilization",
        {"cpu.mode": "user", "cpu.logical_number": "0"},
    )
    assert parse_series(series("load", {})) == ("load", {})
    assert Place.parse("") < Place.parse("20261129,h,0")
