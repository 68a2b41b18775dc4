"""Verdicts on clock, settings and terminal."""

from dataclasses import replace

import pytest

from buildopt.doctor.caller_verdicts import (
    has_colours,
    is_utf8,
    judge_clock,
    judge_settings,
    judge_terminal,
)
from buildopt.doctor.facts import Trouble


@pytest.mark.parametrize(
    ("ahead_s", "status", "words"),
    [
        (0.0, "ok", "as the file system"),
        (2.0, "ok", "as the file system"),
        (2.5, "warning", "2.5 s ahead of it"),
        (-3600.0, "warning", "1 h 0 min behind it"),
    ],
)
def test_files_times_are_held_against_the_clock(healthy, ahead_s, status, words):
    around = replace(healthy, state=replace(healthy.state, ahead_s=ahead_s))

    (row,) = judge_clock(around)

    assert (row.status, words in row.found) == (status, True)


def test_a_clock_that_was_never_set_is_a_problem(healthy):
    (row,) = judge_clock(replace(healthy, now_s=1_000.0))

    assert (row.status, "1970-01-01" in row.found) == ("problem", True)


def test_without_a_file_to_compare_with_the_clock_is_unknown(healthy):
    trouble = Trouble(message="no place", hint="make one")

    (row,) = judge_clock(replace(healthy, cache=trouble, state=trouble))

    assert row.status == "unknown"


def test_settings_that_cannot_be_read_are_a_problem_with_their_hint(healthy):
    trouble = Trouble(message="unknown key `obsrve`", hint="did you mean `observe`?")

    (row,) = judge_settings(replace(healthy, settings=trouble))

    assert (row.status, row.found, row.mend) == ("problem", trouble.message, trouble.hint)


@pytest.mark.parametrize(
    ("facts", "has"),
    [
        ({}, True),
        ({"no_color": True}, False),
        ({"no_color": True, "force_color": True}, False),
        ({"force_color": True, "is_terminal": False}, True),
        ({"is_terminal": False}, False),
        ({"term": "dumb"}, False),
        ({"term": ""}, False),
    ],
)
def test_colours_are_as_the_user_asks_and_the_terminal_can(healthy, facts, has):
    assert has_colours(replace(healthy.terminal, **facts))[0] is has


@pytest.mark.parametrize(
    ("encoding", "is_it"), [("utf-8", True), ("UTF8", True), ("ascii", False), ("no-such", False)]
)
def test_every_spelling_of_utf_8_is_known(encoding, is_it):
    assert is_utf8(encoding) is is_it


def test_a_terminal_of_no_kind_is_a_warning_and_a_pipe_is_none(healthy):
    dumb = replace(healthy, terminal=replace(healthy.terminal, term=""))
    pipe = replace(healthy, terminal=replace(dumb.terminal, is_terminal=False))

    assert [judge_terminal(around)[0].status for around in (dumb, pipe)] == ["warning", "ok"]
