"""Find the comment that names a source map."""

import base64

import pytest

from buildopt.bundle.map_comment import MARK, find_map_comment, inline_map, map_candidates


def text_of(content):
    """The comment as it stands in the file."""
    found = find_map_comment(content)
    return content[found.start : found.end] if found else None


@pytest.mark.parametrize(
    ("content", "url"),
    [
        (b"x\n//# sourceMappingURL=x.js.map", "x.js.map"),
        (b"x\n//@ sourceMappingURL=x.js.map\n", "x.js.map"),
        (b"x\r  //# sourceMappingURL=x.js.map  \r\n", "x.js.map"),
        (b"x{}\n/*# sourceMappingURL=x.css.map */\n", "x.css.map"),
        (b"x{}\n/*# sourceMappingURL=x.css.map*/", "x.css.map"),
        (b"//# sourceMappingURL=a.map\n//# sourceMappingURL=b.map\n", "b.map"),
    ],
)
def test_both_kinds_of_comment_are_found_and_the_last_one_counts(content, url):
    assert find_map_comment(content).url == url


@pytest.mark.parametrize(
    "content",
    [
        b'eval("x\\n//# sourceMappingURL=x.js.map")',
        b"x() //# sourceMappingURL=x.js.map",
        b"//# sourceMappingURL=x.js.map and more",
        b"/*# sourceMappingURL=x.js.map",
        b"const a = `sourceMappingURL=x`",
        b"",
    ],
)
def test_what_does_not_begin_its_line_or_does_not_end_is_none(content):
    assert find_map_comment(content) is None


def test_the_comment_reaches_from_its_sign_to_its_end():
    assert text_of(b"a\n  //# sourceMappingURL=x.map \nb") == b"//# sourceMappingURL=x.map "
    assert text_of(b"a\n/*# sourceMappingURL=x.map */ b") == b"/*# sourceMappingURL=x.map */"


def test_a_file_made_of_marks_is_read_in_one_go():
    content = b"x" + MARK * 30_000

    assert find_map_comment(content) is None


def test_inline_maps_are_decoded_from_both_encodings():
    data = b'{"version":3}'
    encoded = base64.b64encode(data).decode()

    assert inline_map(f"data:application/json;charset=utf-8;base64,{encoded}") == data
    assert inline_map("data:application/json,%7B%22version%22:3%7D") == data


@pytest.mark.parametrize("url", ["data:application/json", "data:;base64,@@@"])
def test_a_broken_inline_map_is_refused(url):
    with pytest.raises(ValueError, match="data address"):
        inline_map(url)


def test_the_address_is_decoded_and_its_query_cut():
    assert map_candidates("/o/a/x.js", "m%20n/x.js.map?v=1", "/o")[0] == "/o/a/m n/x.js.map"
    assert map_candidates("/o/a/x.js", "/maps/x.js.map", "/o")[0] == "/o/maps/x.js.map"


@pytest.mark.parametrize("url", ["", "https://example.com/x.js.map", "//example.com/x.map", "?q"])
def test_an_address_elsewhere_leaves_the_map_beside_the_file(url):
    assert map_candidates("/o/x.js", url, "/o") == ("/o/x.js.map",)
