import os
import re
import signal
import subprocess
import sys
import termios

import pytest

from buildopt import terminal_line
from buildopt.execute.cursor import line_end
from buildopt.execute.outlet import Outlet
from buildopt.execute.status_line import Status, StatusLine, reads_lines
from buildopt.execute.streams import Streams
from buildopt.model import Chunk
from tests.screen import rows

DRAWN = re.compile(rb"\x1b7(.*?)\x1b\[K\x1b8")


class Wait:
    """A clock that a test sets, and the answer to whether the terminal is calm."""

    def __init__(self):
        self.now_s = 100.0
        self.is_calm = True

    def clock(self):
        return self.now_s


@pytest.fixture
def wait():
    return Wait()


@pytest.fixture
def line(terminal, wait, monkeypatch):
    """The line of a run of usually 4.1 s, on a real terminal of 80 columns."""
    monkeypatch.setattr(terminal_line, "STDERR", terminal.slave)
    outlet = Outlet(terminal.slave)
    yield StatusLine(Status("vite build", 4.1), outlet, lambda: wait.is_calm, wait.clock)
    outlet.close()


def test_silence_brings_the_line_and_each_second_its_time(line, wait, terminal):
    line.look()
    assert (line.wait_s, terminal.rest()) == (1.0, b"")

    wait.now_s += 1
    line.look()
    line.look()
    assert (line.wait_s, terminal.rest()) == (
        1.0,
        b"\x1b7buildopt: vite build  1 s of usually 4.1 s\x1b[K\x1b8",
    )

    wait.now_s += 1.234
    line.look()
    assert DRAWN.findall(terminal.rest())[1] == b"buildopt: vite build  2.2 s of usually 4.1 s"


def test_line_is_erased_before_the_next_output_and_comes_back_after_a_silence(line, wait, terminal):
    wait.now_s += 1
    line.look()
    line.make_way(b"out\n")
    assert terminal.rest().endswith(b"\x1b8\x1b[K")

    wait.now_s += 0.9
    line.look()
    assert len(DRAWN.findall(terminal.rest())) == 1

    wait.now_s += 0.1
    line.look()
    assert len(DRAWN.findall(terminal.rest())) == 2


@pytest.mark.parametrize(
    "last",
    [b"Name? ", b"5 %\r", b"a\x08b\n", b"a\n\x1b[A", b"\x1b[2K\x1b[Gb\n", b"\x1b7\n", b"a\n\x1b["],
    ids=["prompt", "carriage return", "backspace", "up", "cleared", "saved", "torn"],
)
def test_line_stays_away_from_a_prompt_and_from_a_progress_of_the_commands_own(
    line, wait, terminal, last
):
    line.make_way(b"first\n")
    line.make_way(last)
    wait.now_s += 5
    line.look()

    assert terminal.rest() == b""
    assert line.wait_s == 1.0


def test_coloured_lines_do_not_keep_the_line_away(line, wait, terminal):
    line.make_way(b"\x1b[1;32mok\x1b[0m one\r\n\x1b[38:2:1:2:3mtwo\n\x1b[m")
    wait.now_s += 1
    line.look()

    assert DRAWN.search(terminal.rest())


def test_own_progress_that_ended_long_ago_is_forgotten(line, wait, terminal):
    line.make_way(b"\rbar\r")
    line.make_way(b"plain line\n" * 1000)
    wait.now_s += 1
    line.look()

    assert DRAWN.search(terminal.rest())


def test_shown_line_goes_when_somebody_asks_for_keys(line, wait, terminal):
    wait.now_s += 1
    line.look()
    wait.is_calm = False
    wait.now_s += 1
    line.look()

    assert terminal.rest().endswith(b"\x1b8\x1b[K")


def test_line_never_overtakes_what_the_terminal_has_not_taken_yet(line, wait, terminal):
    line._outlet.send(b"y\n" * 100_000)
    line.make_way(b"y\n")
    wait.now_s += 1
    line.look()

    assert line._outlet.is_pending
    assert not line._is_shown


def test_end_erases_the_line_and_begins_a_new_one_where_the_commands_last_has_no_end(
    line, wait, terminal
):
    line.make_way(b"no newline")
    line.end()
    wait.now_s += 5
    line.look()

    assert terminal.rest() == b"\r\n"
    assert line.wait_s is None


def test_end_behind_a_whole_line_writes_nothing(line, terminal):
    line.make_way(b"whole\n\x1b[0m\x1b[?25h")
    line.end()

    assert terminal.rest() == b""


def test_without_a_status_nothing_is_ever_written(terminal, wait):
    outlet = Outlet(terminal.slave)
    line = StatusLine(None, outlet, lambda: True, wait.clock)
    wait.now_s += 100
    line.look()
    line.make_way(b"no newline")
    line.end()
    outlet.close()

    assert line.wait_s is None
    assert terminal.rest() == b""


def test_line_leaves_the_last_column_free(terminal, monkeypatch):
    terminal.resize(24, 20)
    monkeypatch.setattr(terminal_line, "STDERR", terminal.slave)

    drawn = terminal_line.drawn("x" * 30, terminal_line.terminal_columns())

    assert drawn == b"\x1b7" + b"x" * 18 + "…".encode() + b"\x1b[K\x1b8"


@pytest.mark.parametrize(
    ("chunks", "joined", "needed"),
    [
        ([("joined", b"a\n"), ("joined", b"b")], True, True),
        ([("joined", b"a\n")], True, False),
        ([("stdout", b"a"), ("stderr", b"b\n")], False, False),
        ([("stdout", b"a\n"), ("stderr", b"b\x1b[m")], False, True),
        ([("joined", b"^C")], True, True),
        ([], True, False),
    ],
)
def test_newline_is_needed_behind_an_unfinished_line_of_our_terminal(chunks, joined, needed):
    streams = Streams(stdin="null", stdout="terminal", stderr="terminal", is_joined=joined)
    chunks = [Chunk(stream=stream, data=data) for stream, data in chunks]

    assert bool(line_end(chunks, streams)) is needed


def test_no_newline_is_needed_where_stderr_is_no_terminal():
    streams = Streams(stdin="null", stdout="terminal", stderr="pipe", is_joined=False)

    assert line_end([Chunk(stream="stderr", data=b"a")], streams) == ()


def test_terminal_without_echo_or_line_by_line_reading_is_in_use(terminal):
    assert reads_lines(terminal.slave)

    for flag in (termios.ECHO, termios.ICANON):
        settings = termios.tcgetattr(terminal.slave)
        settings[3] &= ~flag
        termios.tcsetattr(terminal.slave, termios.TCSANOW, settings)

        assert not reads_lines(terminal.slave)
        termios.tcsetattr(terminal.slave, termios.TCSANOW, terminal.settings)


# With the whole of `execute` around it. Here the silence is over at once, so that only what the
# command waits for decides when the line is there.


def start(driver, terminal, *command, **streams):
    status = {"title": "make all", "usual_s": 4.1, "silence_s": 0.0}
    options = {"controls_terminal": True, "status": status}
    on_terminal = {"stdin": terminal.slave, "stdout": terminal.slave, "stderr": terminal.slave}
    return driver.start(
        *command, options=options, start_new_session=True, **{**on_terminal, **streams}
    )


def test_line_is_never_among_the_commands_own_nor_in_the_record(driver, terminal, fifo):
    order = fifo()
    process = start(driver, terminal, "sh", "-c", f"echo a; read _ <{order}; echo b; printf c")
    terminal.wait_for(b"a\r\n\x1b7buildopt: make all  ")
    order.go()
    process.wait(timeout=30)

    assert rows(terminal.rest()) == ["a", "b", "c", ""]
    assert driver.output == {"joined": b"a\nb\nc"}
    assert driver.report["not_stored"] == []
    assert terminal.is_as_before


def test_line_is_shown_where_only_stderr_is_the_terminal(driver, terminal, fifo):
    order = fifo()
    script = f"echo a; read _ <{order}; echo b >&2"
    with open(driver.folder / "file", "wb+") as file:
        process = start(driver, terminal, "sh", "-c", script, stdin=subprocess.DEVNULL, stdout=file)
        terminal.wait_for(b"\x1b7buildopt: make all  ")
        order.go()
        process.wait(timeout=30)
        file.seek(0)

        assert file.read() == b"a\n"
    assert rows(terminal.rest()) == ["b", ""]
    assert driver.output == {"stdout": b"a\n", "stderr": b"b\n"}


def test_line_is_gone_while_a_password_is_asked_for(driver, terminal):
    script = "stty -echo; echo secret?; read secret; stty echo; echo got ${#secret}"
    process = start(driver, terminal, "sh", "-c", script)
    terminal.wait_for(b"secret?\r\n")
    terminal.type(b"hush\r")
    process.wait(timeout=30)

    after = terminal.rest().partition(b"secret?\r\n")[2]
    assert b"buildopt" not in after.partition(b"got 4")[0]
    assert rows(terminal.shown) == ["secret?", "got 4", ""]


def test_first_key_erases_the_line(driver, terminal):
    process = start(driver, terminal, "sh", "-c", "echo up; read word; echo got $word")
    terminal.wait_for(b"up\r\n\x1b7buildopt: make all  ")
    terminal.type(b"word\r")
    process.wait(timeout=30)

    assert rows(terminal.rest()) == ["up", "word", "got word", ""]


def test_interrupt_key_leaves_the_next_line_of_ours_one_of_its_own(driver, terminal, fifo):
    process = start(driver, terminal, "sh", "-c", f"echo up; exec cat <>{fifo()}")
    terminal.wait_for(b"up\r\n\x1b7buildopt: make all  ")
    terminal.type(b"\x03")

    assert process.wait(timeout=30) == -signal.SIGINT
    assert rows(terminal.rest()) == ["up", "^C", ""]
    assert terminal.is_as_before


def test_narrower_window_gets_the_line_anew(driver, terminal, fifo):
    order = fifo()
    process = start(driver, terminal, "sh", "-c", f"echo up; read _ <{order}")
    terminal.wait_for(b"up\r\n\x1b7buildopt: make all  ")
    terminal.resize(24, 12)
    terminal.wait_for(b"\x1b[J")
    terminal.wait_for("\x1b7buildopt: …\x1b[K".encode())
    order.go()
    process.wait(timeout=30)

    assert rows(terminal.rest()) == ["up", ""]


def test_stopped_job_leaves_no_line_behind(driver, terminal, fifo):
    order = fifo()
    shell = os.path.join(os.path.dirname(__file__), "job_shell.py")
    options = {"status": {"title": "make all", "silence_s": 0.0}}
    command = ["sh", "-c", f"echo up; read _ <{order}"]
    process = subprocess.Popen(
        [sys.executable, shell, *driver.line(*command, **options)],
        cwd=driver.folder,
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave,
        start_new_session=True,
    )
    terminal.wait_for(b"up\r\n\x1b7buildopt: make all  ")
    terminal.type(b"\x1a")
    terminal.wait_for(b"[stopped, terminal restored: True]\r\n")
    assert rows(terminal.shown)[-2:] == ["[stopped, terminal restored: True]", ""]

    terminal.type(b"fg\n")
    order.go()
    terminal.wait_for(b"[ended 0, restored: True]\r\n")
    process.wait(timeout=30)
    assert not any("buildopt" in row for row in rows(terminal.shown))


def test_stopped_job_without_a_keyboard_leaves_no_line_behind(driver, terminal, fifo):
    order = fifo()
    shell = os.path.join(os.path.dirname(__file__), "job_shell.py")
    options = {"status": {"title": "make all", "silence_s": 0.0}}
    command = driver.line("sh", "-c", f"echo up; read _ <{order}", **options)
    process = subprocess.Popen(
        [sys.executable, shell, "sh", "-c", 'exec "$@" </dev/null', "sh", *command],
        cwd=driver.folder,
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave,
        start_new_session=True,
    )
    terminal.wait_for(b"up\r\n\x1b7buildopt: make all  ")
    terminal.type(b"\x1a")
    terminal.wait_for(b"[stopped, terminal restored: True]\r\n")
    assert rows(terminal.shown)[-2:] == ["^Z[stopped, terminal restored: True]", ""]

    terminal.type(b"fg\n")
    order.go()
    terminal.wait_for(b"[ended 0, restored: True]\r\n")
    process.wait(timeout=30)
    assert not any("buildopt" in row for row in rows(terminal.shown))
