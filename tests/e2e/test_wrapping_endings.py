"""Every exit status and every signal of the command is ours."""

import os
import signal
import subprocess
import sys

import pytest

from tests.rig import PROGRAM

EVERY_STATUS = """
import os
from buildopt.execute.command import Command, Unobserved
from buildopt.execute.process import execute
for status in range(256):
    argv = ("sh", "-c", f"exit {status}")
    command = Command(argv=argv, directory=os.getcwd(), environment=os.environ)
    execution = execute(command, Unobserved())
    print(status, execution.exit_code, execution.signal)
"""
EVERY_SIGNAL = """
import os, signal, sys
from buildopt.execute.command import Command, Unobserved
from buildopt.execute.process import end_like, execute
for number in map(int, sys.argv[1:]):
    kill = ("sh", "-c", f"kill -{number} $$; sleep 60")
    command = Command(argv=kill, directory=os.getcwd(), environment=os.environ)
    execution = execute(command, Unobserved())
    child = os.fork()
    if child == 0:
        os._exit(end_like(execution.exit_code, execution.signal))
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(number, execution.exit_code, execution.signal, ended)
"""
HARMLESS = {
    signal.SIGCHLD, signal.SIGCONT, signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN,
    signal.SIGTTOU, signal.SIGURG, signal.SIGWINCH,
}  # fmt: skip
"""They end nobody who does not ask for it."""


def rows(rig, script, *words):
    done = subprocess.run(
        [sys.executable, "-c", script, *words], cwd=rig.root, capture_output=True, check=True
    )
    assert not list(rig.root.glob("core*"))
    return [tuple(map(int, line.split())) for line in done.stdout.splitlines()]


def test_every_exit_status_is_the_commands_own(rig):
    told = rows(rig, EVERY_STATUS)

    assert told == [(status, status, 0) for status in range(256)]


def test_every_signal_that_ends_the_command_ends_us(rig):
    numbers = sorted(map(int, set(signal.valid_signals()) - HARMLESS))

    told = rows(rig, EVERY_SIGNAL, *map(str, numbers))

    assert len(told) > 50
    assert told == [(number, 128 + number, number, -number) for number in numbers]


@pytest.mark.parametrize("observe", ["auto", "declared", "off"])
@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 255", 255), ("exit 130", 130), ("kill -TERM $$", -15)],
)
def test_status_and_signal_reach_the_caller(rig, observe, script, status):
    rig.environ["BUILDOPT_OBSERVE"] = observe

    done = rig.call("run", "--input", "x", "--", "sh", "-c", script)

    assert done.returncode == status


def test_status_of_a_hit_is_that_of_the_run(rig):
    statuses = [rig.call("run", "--input", "x", "--", "true").returncode for _ in range(3)]

    assert statuses == [0, 0, 0]
    assert rig.last_result()["outcome"] == "fresh"


@pytest.mark.parametrize("observe", ["auto", "declared"])
@pytest.mark.parametrize("words", [("run", "--input", "s.sh", "--", "./s.sh"), ("build",)])
def test_a_closed_stream_is_another_one_than_any_that_is_open(rig, observe, words):
    """What fails to write to it says so, or does something else."""
    rig.environ["BUILDOPT_OBSERVE"] = observe
    rig.script("s.sh", "[ -e /proc/$$/fd/0 ] || echo no stdin; echo out; echo err >&2; :")
    rig.write("buildopt.toml", '[tasks.build]\ncommand = "./s.sh"\ninputs = ["s.sh"]\n')
    redirections = (">&-", "<&-", "2>&-", "", ">/dev/null", "2>/dev/null")

    def shown(*command):
        done = subprocess.run(
            command, cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, capture_output=True
        )
        return done.returncode, done.stdout, done.stderr

    for _ in range(2):
        for each in redirections:
            bare = shown("sh", "-c", f"exec ./s.sh {each}")
            wrapped = shown(
                "sh", "-c", f"exec {PROGRAM} {words[0]} -q {' '.join(words[1:])} {each}"
            )
            assert wrapped == bare, each


@pytest.mark.parametrize("redirections", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full"])
@pytest.mark.parametrize(("end", "status"), [("exit 5", 5), ("kill -TERM $$", 143), (":", 0)])
def test_streams_that_take_nothing_change_no_status(rig, redirections, end, status):
    line = f"{PROGRAM} run --input x -- sh -c 'echo a >b; {end}' {redirections}; exit $?"

    for _ in range(2):
        done = subprocess.run(
            ["sh", "-c", line], cwd=rig.root, env=rig.environ, stdout=subprocess.PIPE
        )

        assert done.returncode == status
        assert os.listdir(rig.root) == ["b"]
