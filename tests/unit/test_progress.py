import os

import pytest

from buildopt import progress, terminal_line
from buildopt.progress import Progress


class Terminal:
    """What was written to it, and the clock beside it."""

    def __init__(self):
        self.written = []
        self.now_s = 50.0

    def clock(self):
        return self.now_s


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(terminal_line, "is_in_foreground", lambda: True)
    monkeypatch.setattr(terminal_line, "terminal_columns", lambda: 80)
    return Terminal()


@pytest.fixture
def told(terminal):
    return Progress(is_shown=True, write=terminal.written.append, clock=terminal.clock)


def test_short_step_shows_nothing(told, terminal):
    with told.step("restoring", lambda: 1000):
        terminal.now_s += 0.49
        told.advance(500)

    assert terminal.written == []


def test_long_step_tells_how_far_it_is_and_leaves_no_trace(told, terminal):
    with told.step("restoring", lambda: 48_000_000):
        told.advance(2_000_000)
        terminal.now_s += 0.5
        told.advance(10_400_000)
        told.advance(1_000_000)
        terminal.now_s += 0.2
        told.advance(1_000_000)

    assert terminal.written == [
        b"\x1b7buildopt: restoring, 12.4 MB of 48 MB\x1b[K\x1b8",
        b"\x1b7buildopt: restoring, 14.4 MB of 48 MB\x1b[K\x1b8",
        b"\x1b[K",
    ]


def test_step_of_unknown_length_tells_what_is_done(told, terminal):
    with told.step("checking inputs"):
        terminal.now_s += 1
        told.advance(1_200_000)

    assert terminal.written[0] == b"\x1b7buildopt: checking inputs, 1.2 MB\x1b[K\x1b8"


def test_total_is_asked_for_only_when_it_is_shown(told):
    with told.step("storing", lambda: pytest.fail("nobody waits")):
        told.advance(1)


def test_between_steps_nothing_is_told(told, terminal):
    with told.step("storing"):
        pass
    terminal.now_s += 5
    told.advance(1)

    assert terminal.written == []


def test_step_that_fails_is_erased_too(told, terminal):
    with pytest.raises(KeyboardInterrupt), told.step("storing"):
        terminal.now_s += 1
        told.advance(1)
        raise KeyboardInterrupt

    assert terminal.written[-1] == b"\x1b[K"


def test_in_the_background_nothing_is_drawn(told, terminal, monkeypatch):
    monkeypatch.setattr(terminal_line, "is_in_foreground", lambda: False)
    with told.step("storing"):
        terminal.now_s += 1
        told.advance(1)

    assert terminal.written == []


def test_where_lines_are_not_welcome_nothing_is_counted(terminal):
    told = Progress(is_shown=False, write=terminal.written.append, clock=terminal.clock)
    with told.step("storing"):
        terminal.now_s += 1
        told.advance(1)

    assert terminal.written == []


def test_terminal_that_is_gone_is_no_trouble(monkeypatch):
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(terminal_line, "STDERR", writer)

    progress.write_to_terminal(b"x")

    os.close(writer)
