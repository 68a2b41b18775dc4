"""What stands on the user's terminal: our lines between, behind and never among the command's."""

import os
import pty
import re
import select
import subprocess
import sys
import termios

import pytest

from tests.rig import PROGRAM
from tests.screen import rows

RUN = ("run", "--input", "a.txt", "--output", "out", "--")
UNDER_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


AT_ONCE = """
import sys
from buildopt import progress
progress.FIRST_AFTER_S = progress.AGAIN_AFTER_S = 0
from buildopt.__main__ import run_and_exit
run_and_exit()
"""
"""The program, impatient: it tells of every step how far it is."""
TOLD = re.compile(rb"buildopt: ([a-z ]+), ([0-9.]+ MB)(?: of ([0-9.]+ MB))?\x1b\[K")


class Terminal:
    """A terminal of 80 columns, on which one call at a time runs in the foreground."""

    def __init__(self, rig):
        self.rig = rig
        self.master, self.slave = pty.openpty()
        termios.tcsetwinsize(self.slave, (24, 80))
        self.shown = b""

    def start(self, *arguments, program=(PROGRAM,)):
        self.shown = b""
        return subprocess.Popen(
            [sys.executable, "-c", UNDER_TERMINAL, *program, *arguments],
            cwd=self.rig.root,
            env={**self.rig.environ, "TERM": "xterm"},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
        )

    def call(self, *arguments, **options):
        """The rows that such a call leaves behind."""
        self.start(*arguments, **options).wait(timeout=60)
        return self.rows()

    def wait_for(self, text):
        while text not in self.shown:
            assert select.select([self.master], [], [], 60)[0], self.shown
            self.shown += os.read(self.master, 65536)

    def rows(self):
        while select.select([self.master], [], [], 0)[0]:
            self.shown += os.read(self.master, 65536)
        return rows(self.shown)


@pytest.fixture
def terminal(rig):
    terminal = Terminal(rig)
    yield terminal
    os.close(terminal.master)
    os.close(terminal.slave)


@pytest.fixture
def project(rig):
    rig.write("a.txt", "one")
    rig.script("build.sh", "echo building; cp a.txt out; printf done")
    return rig


def first_words(row):
    return row.partition(" in ")[0]


def test_line_tells_the_usual_time_and_leaves_no_trace(project, terminal):
    puppet, control = project.puppet("./build.sh")
    first = terminal.start(*RUN, *puppet)
    control.wait_for_start()
    control.go_on()
    first.wait(timeout=60)
    project.write("a.txt", "two")
    terminal.rows()

    second = terminal.start(*RUN, *puppet)
    control.wait_for_start()
    terminal.wait_for(b" of usually ")
    control.go_on()
    second.wait(timeout=60)
    shown = terminal.rows()

    assert b"\x1b7buildopt: ./puppet.sh " in terminal.shown
    assert shown[:2] == ["building", "done"]
    assert shown[2].startswith("buildopt: executed in ")
    assert "`a.txt` changed; stored" in " ".join(shown[2:])
    project.write("out", "spoilt")
    again = terminal.call(*RUN, *puppet)
    assert [first_words(row) for row in again] == ["building", "done", "buildopt: restored", ""]
    assert b"\x1b" not in terminal.shown


@pytest.mark.parametrize("way", ["declared", "seccomp"])
def test_a_long_step_of_ours_tells_how_far_it_is(project, terminal, way):
    project.environ["BUILDOPT_OBSERVE"] = way
    impatient = (sys.executable, "-c", AT_ONCE)
    project.environ["BUILDOPT_FAST_PATH"] = "0"
    project.script("build.sh", "cat a.txt - </dev/null >out; head -c 1000000 /dev/zero >>out")
    project.write("a.txt", bytes(2_000_000))
    command = (*RUN, "./build.sh")

    for outcome, steps in (
        ("executed", {"checking inputs", "storing"}),
        ("restored", {"restoring"}),
    ):
        (project.root / "out").unlink(missing_ok=True)
        shown = terminal.call(*command, program=impatient)
        told = [tuple(map(bytes.decode, found)) for found in TOLD.findall(terminal.shown)]

        assert steps <= {step for step, _, _ in told}
        assert {total for step, _, total in told if step != "checking inputs"} == {"3 MB"}
        assert [done for step, done, _ in told if step != "checking inputs"][-1] == "3 MB"
        assert [first_words(row) for row in shown if row] == [f"buildopt: {outcome}"]


def test_our_last_line_begins_a_line_however_the_answer_is_had(project, terminal):
    calls = [terminal.call(*RUN, "./build.sh") for _ in range(3)]

    assert [[first_words(row) for row in call[:3]] for call in calls] == [
        ["building", "done", "buildopt: executed"],
        ["building", "done", "buildopt: fresh"],
        ["building", "done", "buildopt: fresh"],
    ]


def test_quiet_run_leaves_the_line_as_the_command_left_it(project, terminal):
    call = ("run", "--quiet", *RUN[1:])

    shown = [terminal.call(*call, "./build.sh") for _ in range(3)]

    assert shown == [["building", "done"]] * 3


def test_interrupted_run_tells_so_on_a_line_of_its_own(project, terminal):
    puppet, control = project.puppet("true")
    process = terminal.start(*RUN, *puppet)
    control.wait_for_start()
    os.write(terminal.master, b"\x03")
    process.wait(timeout=60)
    shown = terminal.rows()

    at = next(index for index, row in enumerate(shown) if row.startswith("^C"))
    assert shown[at + 1].startswith("buildopt: executed in ")
    assert "not stored: it was ended by `SIGINT`" in " ".join(shown[at + 1 :])


def test_check_of_the_cache_says_nothing_of_its_progress_into_a_pipe(project):
    project.run(*RUN[1:], "./build.sh")

    completed = project.call("cache", "verify")

    assert (completed.stdout.count(b"\n"), completed.stderr) == (1, b"")
