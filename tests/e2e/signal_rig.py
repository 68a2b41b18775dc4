"""Signals at a stage of a run, by `strace`, which sends one with the k-th call of a kind.

What it sends is told as the kernel's, like Ctrl-C, but reaches only the run and not its command.
So what the command does about a signal is not for here: see tests/unit/execute.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.rig import PROGRAM

RUN = ("run", "--input", "src/**", "--output", "out", "--", "./build.sh")
BUILD = (
    "rm -rf out; mkdir -p out/empty; cat src/* > out/all; cat src/* src/* > out/x\n"
    "ln -s all out/link; chmod 755 out/x; echo built; cat src/*"
)
MARK = "BUILDOPT_TESTED_BY"
"""A variable that every process of a run has here, and nobody else's."""


class Point(NamedTuple):
    """The `k`-th call of a kind."""

    call: str
    k: int


class Struck(NamedTuple):
    """How a run ended that got a signal; `was_sent` is false where it made fewer calls."""

    status: int
    err: bytes
    was_sent: bool


class SignalProject:
    """A project with a record for each of two states, and a third state in its inputs."""

    def __init__(self, rig):
        self.rig = rig
        self.mark = f"{MARK}={os.getpid()}-{rig.place}"
        rig.environ[MARK] = self.mark.partition("=")[2]
        rig.script("build.sh", BUILD)
        for state in "ab":
            self.edit(state)
            rig.call(*RUN)

    def edit(self, state):
        self.rig.write("src/a.txt", f"{state}\n")

    def prepare(self, step, k):
        """Make the next run store something new, restore, or be answered at once."""
        self.rig.environ["BUILDOPT_FAST_PATH"] = "1" if step == "fresh" else "0"
        if step == "storing":
            self.edit(f"new {k}")
        elif step == "restoring":
            self.edit("ab"[k % 2])
            shutil.rmtree(self.rig.root / "out", ignore_errors=True)
        else:
            self.edit("a")
            self.rig.call(*RUN)
            self.rig.call(*RUN)

    def strike(self, point, number):
        """A run that gets the signal `number` at the point."""
        log = self.rig.place / "strace.log"
        done = subprocess.run(
            [*self._traced(point, number, log), *RUN],
            cwd=self.rig.root, env=self.rig.environ, stdin=subprocess.DEVNULL,
            capture_output=True, check=False, start_new_session=True,
        )  # fmt: skip
        return Struck(done.returncode, done.stderr, f"--- {number.name} " in log.read_text())

    def stop_and_continue(self, point, meanwhile=lambda: None):
        """A run that Ctrl-Z stops at the point and that goes on afterwards: what it came to."""
        log = self.rig.place / "strace.fifo"
        os.mkfifo(log)
        running = subprocess.Popen(
            [*self._traced(point, signal.SIGTSTP, log), *RUN],
            cwd=self.rig.root, env=self.rig.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0,
        )  # fmt: skip
        was_stopped = False
        with open(log) as lines:
            for line in lines:
                if "stopped by SIGTSTP" in line:
                    was_stopped = True
                    meanwhile()
                    os.kill(int(line.split()[0]), signal.SIGCONT)
        out, err = running.communicate()
        return was_stopped, running.returncode, out, err

    def assert_nothing_is_left(self):
        """No process, nothing damaged, no temporary in the project; the next run is right."""
        assert not list(self._left())
        verified = self.rig.call("cache", "verify")
        assert verified.returncode == 0, verified.stdout
        plain, tree = self.rig.always_rebuild("./build.sh")
        done = self.rig.run(*RUN[1:])
        assert (done.status, done.out) == (plain.returncode, plain.stdout)
        assert self.rig.tree() == tree
        assert not [path for path in self.rig.root.rglob("*") if ".buildopt-" in path.name]

    def _traced(self, point, number, log):
        return [
            "strace", "-f", "-qq", "-b", "execve", "-o", log, "-e", f"trace={point.call}",
            "-e", f"inject={point.call}:signal={number.name}:when={point.k}", PROGRAM,
        ]  # fmt: skip

    def _left(self):
        for folder in Path("/proc").iterdir():
            try:
                if self.mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    yield folder.name
            except OSError:
                continue
