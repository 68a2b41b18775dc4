"""Every byte of a generated file has exactly one owner."""

from hypothesis import example, given, settings
from hypothesis import strategies as st

from buildopt.bundle.attribution import share_of_unmapped, share_out
from buildopt.bundle.map_comment import find_map_comment
from buildopt.bundle.source_map import parse
from tests.unit.bundle.map_writing import map_of, slow_shares

COMMENT = "//# sourceMappingURL=a.js.map"


def shares(text, lines, sources=("a.js", "b.js")):
    content = text if isinstance(text, bytes) else text.encode()
    return share_out(content, parse(map_of(list(sources), lines)), find_map_comment(content))


def test_a_mapping_owns_the_text_up_to_the_next_one_and_the_last_one_the_rest():
    found = shares("abcdefgh", [[(0, 0), (3, 1)]])

    assert found.sources == {"a.js": 3, "b.js": 5}


def test_text_before_the_first_mapping_is_unmapped():
    found = shares("abcdefgh", [[(5, 0)]])

    assert (found.sources, found.unmapped) == ({"a.js": 3}, 5)


def test_columns_count_units_of_utf_16_and_sizes_bytes_of_utf_8():
    found = shares("é😀é|rest", [[(0, 0), (4, 1)]])

    assert found.sources == {"a.js": 2 + 4 + 2, "b.js": 5}


def test_a_column_inside_of_a_character_lies_behind_it():
    found = shares("😀x", [[(0, 0), (1, 1)]])

    assert found.sources == {"a.js": 4, "b.js": 1}


def test_line_ends_of_all_kinds_stand_apart():
    found = shares("\r\n\nab\rcd\n", [[], [], [(0, 0)], [(0, 1)]])

    assert found.sources == {"a.js": 2, "b.js": 2}
    assert (found.line_ends, found.unmapped) == (5, 0)


def test_the_comment_that_names_the_map_stands_apart_even_if_it_is_mapped():
    found = shares(f"ab\n{COMMENT}\n", [[(0, 0)], [(0, 1)]])

    assert found.sources == {"a.js": 2}
    assert (found.map_comment, found.line_ends) == (len(COMMENT), 2)


def test_what_lies_beyond_the_text_owns_nothing():
    found = shares("ab", [[(0, 0), (70, 1)], [(0, 1)], [(0, 1)]])

    assert found.sources == {"a.js": 2}


def test_a_null_source_is_named_as_such():
    found = shares("abcd", [[(0, 0), (1, 1), (3, None)]], sources=("a.js", None))

    assert found.sources == {"a.js": 1, "[no source]": 3}


def test_a_source_that_the_map_does_not_have_is_no_source():
    found = shares("abcd", [[(0, 7)]])

    assert found.sources == {"[no source]": 4}


def test_bytes_that_are_no_text_are_counted_one_by_one():
    found = shares(b"\xff\xfeab", [[(0, 0), (2, 1)]])

    assert found.sources == {"a.js": 2, "b.js": 2}


def test_what_is_unmapped_is_told_by_kind():
    found = shares("(()=>{/*! mine */abc glue def})();", [[(17, 0), (20, None)]])
    alone = shares("(()=>{/*! mine */abc;", [[(17, 0)]])

    assert found.unmapped_kinds == {"comment": 11, "wrapper": 6}
    assert alone.unmapped == sum(alone.unmapped_kinds.values()) == 17


def test_a_file_without_a_map_is_unmapped_as_a_whole():
    content = f"abc\n{COMMENT}\n".encode()

    found = share_of_unmapped(content, find_map_comment(content))

    assert found.unmapped_kinds == {"no map": 3}
    assert found.total == len(content)


def test_a_block_comment_over_two_lines_is_counted_once():
    content = b"a{}\n/*# sourceMappingURL=a.css.map\n*/"

    found = share_of_unmapped(content, find_map_comment(content))

    assert (found.map_comment, found.line_ends, found.total) == (33, 1, len(content))


LINES = st.lists(
    st.lists(st.tuples(st.integers(-2, 70), st.one_of(st.none(), st.integers(0, 2))), max_size=6),
    max_size=6,
)
TEXTS = st.text(st.sampled_from("ab/*é€😀\u2028\n\r\t {}"), max_size=60)


@settings(max_examples=150, deadline=None)
@example("a", [[(0, None), (-1, 0)]], False)
@given(TEXTS, LINES, st.booleans())
def test_a_slow_reading_of_the_rule_gives_the_same_bytes(text, lines, has_comment):
    text += f"\n{COMMENT}\n" if has_comment else ""
    content = text.encode()
    sources = ["a.js", "é.js", None]
    comment = find_map_comment(content)
    place = (comment.start, comment.end) if comment else None

    found = share_out(content, parse(map_of(sources, lines)), comment)
    expected, unmapped, ends = slow_shares(content, sources, lines, place)

    assert found.sources == expected
    assert (found.unmapped, found.line_ends) == (unmapped, ends)
    assert found.total == len(content)
    assert sum(found.unmapped_kinds.values()) == found.unmapped
