"""The checks as lines of text."""

import re

import pytest

from buildopt.cli.doctor_text import lines_of, print_sections
from buildopt.doctor.check import ok, problem, unknown, warning
from buildopt.doctor.facts import Terminal

FOLDERS = (ok("cache", "all is well in there"), problem("state", "gone", mend="make it"))
TOOLS = (
    warning("node", "old", mend="a newer one, please " * 5),
    unknown("git", "?", mend="look"),
)
SECTIONS = (("Folders", FOLDERS), ("Tools", TOOLS))


def terminal(**facts):
    known = {
        "is_terminal": True,
        "term": "xterm",
        "columns": 60,
        "no_color": False,
        "force_color": False,
        "encoding": "utf-8",
    }
    return Terminal(**(known | facts))


def plain(sections, **facts):
    """The lines without their colours."""
    return [re.sub("\x1b\\[[0-9;]*m", "", line) for line in lines_of(sections, terminal(**facts))]


def test_the_sum_stands_first_the_worst_of_it_in_front():
    assert plain(SECTIONS)[0] == "1 problem (state), 1 warning (node), 1 unknown (git)"


def test_without_anything_to_mend_the_sum_says_so():
    assert plain((("Folders", FOLDERS[:1]),)) == [
        "everything works",
        "",
        "Folders",
        "  ● ok       cache  all is well in there",
    ]


def test_what_to_do_stands_below_what_was_found():
    lines = plain(SECTIONS)

    at = lines.index("  ✕ problem  state  gone")
    assert lines[at + 1] == "                    to mend: make it"


def test_lines_are_as_wide_as_the_terminal_at_most_and_aligned():
    lines = plain(SECTIONS, columns=50)

    assert max(map(len, lines)) <= 50
    assert all(line.startswith(" " * 20) for line in lines if "newer" in line)


@pytest.mark.parametrize("facts", [{"is_terminal": False}, {"columns": 30}])
def test_a_pipe_and_a_very_narrow_terminal_get_whole_lines(facts):
    assert sum("newer" in line for line in plain(SECTIONS, **facts)) == 1


def test_where_the_encoding_is_ascii_the_words_alone_tell():
    lines = plain(SECTIONS, encoding="ascii")

    assert "".join(lines).isascii()
    assert "  x problem  state  gone" in lines


def test_a_name_that_would_steer_the_terminal_is_written_out():
    (*_, line) = plain((("Folders", (ok("cache", "/tmp/\x1b[2J\u202ex"),)),))

    assert line.endswith("/tmp/\\x1b[2J\\u202ex")


@pytest.mark.parametrize(
    ("facts", "has_any"),
    [({}, True), ({"no_color": True}, False), ({"is_terminal": False}, False)],
)
def test_colours_are_there_only_where_they_are_wanted(capsys, facts, has_any):
    print_sections(SECTIONS, terminal(**facts))

    assert ("\x1b[" in capsys.readouterr().out) is has_any
