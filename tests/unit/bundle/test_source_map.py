"""Reading source maps: plain, indexed, prefixed, broken."""

import json

import pytest

from buildopt.bundle.attribution import share_out
from buildopt.bundle.source_map import UnreadableMap, parse
from tests.unit.bundle.map_writing import map_of


def shares_of(content, data):
    return share_out(content, parse(data), None)


def section(line, column, data):
    return {"offset": {"line": line, "column": column}, "map": json.loads(data)}


def indexed(*sections):
    return json.dumps({"version": 3, "sections": list(sections)}).encode()


def test_a_prefix_against_inclusion_is_passed_over():
    found = shares_of(b"abc", b")]}'\n" + map_of(["a.js"], [[(0, 0)]]))

    assert found.sources == {"a.js": 3}


def test_the_root_of_the_sources_stands_before_each():
    found = parse(map_of(["a.js", None], [], sourceRoot="../src"))

    assert found.sources == ("../src/a.js", None)


def test_parts_of_an_indexed_map_stand_at_their_offsets():
    first = map_of(["a.js"], [[(0, 0)], [(0, 0)]])
    second = map_of(["b.js"], [[(0, 0)], [(0, 0)]])

    found = shares_of(b"aaa\naaabbbb\nbb", indexed(section(0, 0, first), section(1, 3, second)))

    assert found.sources == {"a.js": 6, "b.js": 6}


def test_a_part_is_cut_where_the_next_one_begins():
    first = map_of(["a.js"], [[(0, 0), (6, 0)], [(0, 0)]])
    second = map_of(["b.js"], [[(2, 0)]])

    found = shares_of(b"aaaaxxbb\nyy", indexed(section(0, 0, first), section(0, 4, second)))

    assert found.sources == {"a.js": 4, "b.js": 2}
    assert found.unmapped == 4


def test_equal_sources_of_two_parts_are_one():
    part = map_of(["a.js"], [[(0, 0)]])

    found = shares_of(b"aa\naa", indexed(section(1, 0, part), section(0, 0, part)))

    assert found.sources == {"a.js": 4}


def nested(levels):
    data = map_of(["a.js"], [[(0, 0)]])
    for _ in range(levels):
        data = indexed(section(0, 0, data))
    return data


def test_maps_within_maps_end_somewhere():
    with pytest.raises(UnreadableMap, match="levels"):
        parse(nested(20))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b'{"mappings": 7}',
        b'{"sources": [1]}',
        b'{"sources": ["\\ud800"]}',
        b'{"mappings": "A\xff"}',
        b'{"sections": [{"offset": {"line": -1, "column": 0}}]}',
        b"<!doctype html>",
        b"[" * 100_000,
    ],
)
def test_what_is_no_map_is_refused_with_a_reason(data):
    with pytest.raises(UnreadableMap, match=r"\w"):
        parse(data)
