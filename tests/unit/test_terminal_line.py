import os
import pty

import pytest

from buildopt import terminal_line


@pytest.fixture
def terminal(monkeypatch):
    """Both our outputs are this terminal."""
    master, slave = pty.openpty()
    monkeypatch.setattr(terminal_line, "STDOUT", slave)
    monkeypatch.setattr(terminal_line, "STDERR", slave)
    yield slave
    os.close(master)
    os.close(slave)


@pytest.mark.parametrize(
    ("environ", "is_welcome"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "CI": "false"}, True),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "xterm", "CI": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({}, False),
    ],
)
def test_line_is_welcome_where_a_terminal_can_erase_it(terminal, environ, is_welcome):
    assert terminal_line.is_welcome(environ) is is_welcome


def test_line_is_welcome_beside_an_output_into_a_file(terminal, monkeypatch, tmp_path):
    with open(tmp_path / "file", "w") as file:
        monkeypatch.setattr(terminal_line, "STDOUT", file.fileno())

        assert terminal_line.is_welcome({"TERM": "xterm"})


@pytest.mark.parametrize("stream", ["STDOUT", "STDERR"])
def test_line_is_not_welcome_beside_a_pipe(terminal, monkeypatch, stream):
    reader, writer = os.pipe()
    monkeypatch.setattr(terminal_line, stream, writer)

    assert not terminal_line.is_welcome({"TERM": "xterm"})
    os.close(reader)
    os.close(writer)


def test_long_text_leaves_room_for_its_tail():
    drawn = terminal_line.drawn("buildopt: a long title", 24, "  3.2 s")

    assert drawn == "\x1b7buildopt: a lon…  3.2 s\x1b[K\x1b8".encode()


def test_narrow_terminal_shows_the_text_without_its_tail():
    assert terminal_line.drawn("make", 16, "  3.2 s") == b"\x1b7make\x1b[K\x1b8"


def test_terminal_of_another_session_is_not_ours_to_draw_on(terminal):
    assert not terminal_line.is_in_foreground()


@pytest.mark.parametrize(
    ("text", "columns", "shown"),
    [
        ("as wide", 7, "as wide"),
        ("too wide", 7, "too wi…"),
        ("日本語", 6, "日本語"),
        ("日本語です", 6, "日本…"),
        ("e\u0301e\u0301", 2, "e\u0301e\u0301"),
    ],
)
def test_text_is_cut_by_the_columns_that_it_takes(text, columns, shown):
    assert terminal_line.cut(text, columns, mark="…") == shown


def test_terminal_that_is_not_unicode_gets_ascii(monkeypatch):
    with open(os.devnull, "w", encoding="latin-1") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        drawn = terminal_line.drawn("é" + "x" * 30, 20)

    assert drawn == b"\x1b7\\xe9" + b"x" * 12 + b"...\x1b[K\x1b8"
