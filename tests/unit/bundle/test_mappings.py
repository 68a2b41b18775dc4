"""Decoding the mappings of a source map."""

from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildopt.bundle import mappings
from buildopt.bundle.mappings import NO_SOURCE, MalformedMappings, decode
from tests.unit.bundle.map_writing import mappings_of, sorted_by_column


def merged(text):
    """Runs by line, without empty ones and those that go on with the source before."""
    found = {}
    for line, runs in decode(text):
        kept = []
        for column, source in runs:
            if kept and kept[-1][0] == column:
                kept.pop()
            if not kept or kept[-1][1] != source:
                kept.append((column, source))
        found[line] = kept
    return found


def test_a_line_that_changes_its_source_has_a_run_for_each():
    text = mappings_of([[(0, 0), (4, 0), (9, 1), (12, 1), (20, 0)]])

    found = merged(text)

    assert found == {0: [(0, 0), (9, 1), (20, 0)]}


def test_the_source_goes_on_into_the_next_line_and_the_column_does_not():
    text = mappings_of([[(7, 3)], [], [(2, 3), (5, 1)]])

    found = merged(text)

    assert found == {0: [(7, 3)], 2: [(2, 3), (5, 1)]}


def test_text_without_a_source_ends_where_the_next_mapping_begins():
    text = mappings_of([[(0, 0), (5, None), (9, 0), (12, None)]])

    found = merged(text)

    assert found == {0: [(0, 0), (5, NO_SOURCE), (9, 0), (12, NO_SOURCE)]}


def test_far_columns_and_sources_are_read_as_well_as_near_ones():
    text = mappings_of([[(0, 0), (70_000, 5_000), (70_001, 5_000), (2_000_000, 2)]])

    found = merged(text)

    assert found == {0: [(0, 0), (70_000, 5_000), (2_000_000, 2)]}


def test_columns_that_do_not_ascend_are_put_in_order():
    text = mappings_of([[(8, 0), (3, 1), (5, 1)]])

    found = merged(text)

    assert found == {0: [(3, 1), (8, 0)]}


def test_a_column_before_the_line_counts_as_its_begin():
    text = mappings_of([[(-4, 0), (6, 1)]])

    found = merged(text)

    assert found == {0: [(0, 0), (6, 1)]}


def test_empty_segments_are_passed_over():
    text = ",AAAA,,KCAA,"

    found = merged(text)

    assert found == {0: [(0, 0), (5, 1)]}


def test_a_line_that_is_cut_into_pieces_is_read_like_a_whole_one(monkeypatch):
    line = [(column, column // 7 % 3 if column % 5 else None) for column in range(0, 900, 3)]
    text = mappings_of([line])
    whole = merged(text)
    monkeypatch.setattr(mappings, "PIECE_BYTES", 10)

    cut = merged(text)

    assert cut == whole


STEPS = st.one_of(st.integers(0, 40), st.integers(0, 2_000), st.integers(-20, 1 << 40))
SOURCES = st.one_of(st.just(0), st.none(), st.integers(0, 3), st.integers(0, 100_000))
LINES = st.lists(st.lists(st.tuples(STEPS, SOURCES), max_size=30), max_size=5)


@settings(max_examples=150, deadline=None)
@given(LINES, st.integers(60, 300))
def test_the_owners_are_those_that_reading_segment_by_segment_gives(steps, piece_bytes):
    lines = []
    for line in steps:
        column, placed = 0, []
        for step, source in line:
            column += step
            placed.append((column, source))
        lines.append(placed)
    expected = {}
    for number, line in enumerate(lines):
        kept = []
        for column, source in sorted_by_column([(max(column, 0), s) for column, s in line]):
            owner = NO_SOURCE if source is None else source
            if kept and kept[-1][0] == column:
                kept.pop()
            if not kept or kept[-1][1] != owner:
                kept.append((column, owner))
        if kept:
            expected[number] = kept

    with patch.object(mappings, "PIECE_BYTES", piece_bytes):
        found = merged(mappings_of(lines))

    assert found == expected


@pytest.mark.parametrize("text", ["AA", "A!AA", "gggggggggggggggA", "g"])
def test_what_is_no_mapping_is_refused(text):
    with pytest.raises(MalformedMappings):
        list(decode(text))


def test_the_message_names_the_line():
    with pytest.raises(MalformedMappings, match="line 3"):
        list(decode("AAAA;;AA"))
