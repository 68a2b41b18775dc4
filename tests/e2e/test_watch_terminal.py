"""`buildopt watch` at a terminal: its keys, its waiting line, and how it leaves the terminal."""

from __future__ import annotations

import os
import pty
import random
import re
import select
import signal
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.rig import PROGRAM, Rig, tree
from tests.screen import rows

OBSERVE = "auto"
WAIT_S = 60.0
BUILD = """\
#!/bin/sh
mkdir -p out
cat src/*.txt > out/all.txt
echo built
"""
SLOW_BUILD = """\
#!/bin/sh
mkdir -p out
rm -f out/part
for number in 1 2 3 4 5 6 7 8; do
  cat src/*.txt >> out/part
  sleep 0.05
done
mv out/part out/all.txt
"""
CTRL_C = b"\x03"
MARK = "BUILDOPT_TEST_MARK"


class Terminal:
    """A session whose terminal a test has in its hands."""

    def __init__(self, rig: Rig, *arguments: str, **environ: str) -> None:
        self.shown = b""
        # Our own handler would take a Ctrl-C between fork and exec for itself.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            os.chdir(rig.root)
            mark = {MARK: str(rig.root), "TERM": "xterm", "LANG": "C.UTF-8"}
            os.execve(PROGRAM, ["buildopt", "watch", *arguments], rig.environ | mark | environ)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        self.before = termios.tcgetattr(self._master)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self._master, keys)

    def until(self, text: str, count: int = 1) -> None:
        """Read until the screen shows it so often, however the lines come and go."""
        self.until_holds(lambda: self.shown.count(text.encode()) >= count, text)

    def until_holds(self, holds: Callable[[], bool], what: str) -> None:
        until_s = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < until_s, f"{what} is not in {self.shown.decode()}"
            self.read(0.1)

    def read(self, timeout_s: float) -> None:
        """Read what is there."""
        if select.select([self._master], [], [], timeout_s)[0]:
            try:
                self.shown += os.read(self._master, 65_536)
            except OSError:
                time.sleep(timeout_s)  # the other side is closed

    def settings(self) -> list[object]:
        return termios.tcgetattr(self._master)

    def end(self) -> tuple[int, list[object]]:
        """Exit status, and how the terminal is left."""
        until_s = time.monotonic() + WAIT_S
        while True:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() > until_s:
                os.kill(self.pid, signal.SIGKILL)
        left = self.settings()
        os.close(self._master)
        self.pid = 0
        return os.waitstatus_to_exitcode(status), left


@pytest.fixture
def terminal(rig: Rig) -> Iterator[Callable[..., Terminal]]:
    """Starts a session at a terminal."""
    rig.write("build.sh", BUILD, mode=0o755)
    rig.write("src/a.txt", "1\n")
    started: list[Terminal] = []

    def start(*arguments: str, **environ: str) -> Terminal:
        started.append(Terminal(rig, *arguments, **environ))
        return started[-1]

    yield start
    for each in started:
        if each.pid:
            os.kill(each.pid, signal.SIGTERM)
            each.end()


def test_the_waiting_line_tells_the_last_result_and_what_was_saved_today(
    rig: Rig, terminal: Callable[..., Terminal]
) -> None:
    rig.write("build.sh", f"{BUILD}sleep 0.5\n", mode=0o755)  # so long that it is worth telling
    session = terminal("--", "./build.sh")

    session.until("waiting since")
    session.type(b"r")
    session.until("hits, saved")
    line = rows(session.shown)[-1]

    assert re.fullmatch(
        r"buildopt: waiting since \d\d:\d\d; fresh in [\d.]+ ms; today 50% hits, saved [\d.]+ ms",
        line,
    )


def test_keys_run_pause_explain_report_show_the_bundle_clear_and_quit(
    rig: Rig, terminal: Callable[..., Terminal]
) -> None:
    programs = rig.place / "programs"
    programs.mkdir()
    (programs / "xdg-open").write_text(f'#!/bin/sh\necho "$1" > {rig.place}/opened\n')
    (programs / "xdg-open").chmod(0o755)
    session = terminal("--", "./build.sh", PATH=f"{programs}:{rig.environ['PATH']}")
    session.until("waiting since")

    session.type(b"r")
    session.until("fresh in")
    session.type(b"e")
    session.until("./build.sh: fresh")
    session.type(b"b")
    session.until("all.txt")
    session.type(b"o")
    session.until_holds((rig.place / "opened").exists, "a report in the browser")
    session.type(b"p")
    session.until("paused; p goes on")
    rig.write("src/a.txt", "2\n")
    session.type(b"p")
    session.until("`src/a.txt` changed")
    session.until_holds(lambda: rig.read("out/all.txt") == b"2\n", "what the run has made")
    session.type(b"?")
    session.until("r run, p pause", count=2)
    session.type(b"c")
    session.until("\x1b[2J")
    session.type(b"q")
    status, left = session.end()

    assert status == 0
    assert left == session.before
    assert rig.read("out/all.txt") == b"2\n"


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(
    rig: Rig, terminal: Callable[..., Terminal]
) -> None:
    session = terminal("--", "./build.sh")
    session.until("waiting since")
    held = session.settings()

    session.type(b"r")
    session.until("fresh in")
    os.kill(session.pid, signal.SIGCONT)
    session.type(b"r")
    session.until("fresh in", count=2)
    session.type(CTRL_C)
    status, left = session.end()

    assert held != session.before
    assert (status, left) == (0, session.before)


@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.slow)])
def test_ctrl_c_at_any_moment_leaves_no_child_no_half_output_and_the_terminal_as_before(
    rig: Rig, terminal: Callable[..., Terminal], count: int
) -> None:
    rig.write("build.sh", SLOW_BUILD, mode=0o755)
    seed = random.randrange(1_000_000)
    moments = random.Random(seed)
    wrong = []

    for number in range(count):
        rig.write("src/a.txt", f"{number}\n")
        session = terminal("--", "./build.sh")
        until_s = time.monotonic() + moments.uniform(0.0, 2.5)
        while time.monotonic() < until_s:
            session.read(0.02)
        session.type(CTRL_C)
        status, left = session.end()
        built = rig.call("run", "--", "./build.sh")
        if number % 10 == 0:
            plain, oracle = rig.always_rebuild("sh", "-c", "rm -rf out; ./build.sh")
            is_right = tree(rig.root) == oracle and built.returncode == plain.returncode
        else:
            is_right = rig.read("out/all.txt") == f"{number}\n".encode() * 8
        is_told = status in (0, -2, 130) or b"KeyboardInterrupt" in session.shown  # while it began
        if left != session.before or _marked(rig) or not is_right or not is_told:
            wrong.append((number, status, left == session.before, _marked(rig), is_right))

    assert not wrong, f"seed {seed}"


def _marked(rig: Rig) -> list[str]:
    """Processes that a session of the project started and that live on."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environ = (folder / "environ").read_bytes() if folder.name.isdigit() else b""
            if f"{MARK}={rig.root}".encode() in environ.split(b"\0"):
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue
    return found
