"""A command on the user's terminal, live and replayed."""

import signal
import subprocess
import sys

import pytest

from tests.e2e.screen import Screen, shown_by
from tests.rig import PROGRAM

RUN = (PROGRAM, "run", "--quiet", "--input", "x", "--")
DESCRIBE = """
import os, stat
one, two = os.fstat(1), os.fstat(2)
print(os.isatty(0), os.isatty(1), os.isatty(2), flush=True)
print((one.st_dev, one.st_ino) == (two.st_dev, two.st_ino), flush=True)
if os.isatty(1): print(os.get_terminal_size(1), os.ttyname(1) == os.ttyname(2), flush=True)
"""
FOLLOW = """
import os, signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
numbers = {signal.SIGWINCH}
signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
while True:
    size = os.get_terminal_size(1)
    print(size.lines, size.columns, flush=True)
    signal.sigwait(numbers)
"""
SEEN = rb"\033[1;31mred\033[0m \033[2K\033[1A\r50%\033[?25l\033[?25h \342\234\223\n"
ASKED = rb"\033]11;?\007\033]10;?\033\\\033[c\033[6n\033]0;title\007\033]2;\342\234\223\033\\"


@pytest.fixture(params=["auto", "declared"])
def observed(rig, request):
    rig.environ |= {"BUILDOPT_OBSERVE": request.param, "TERM": "xterm"}
    return rig


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


def place(rig):
    return {"cwd": rig.root, "env": rig.environ}


def test_streams_of_the_command_are_as_without_us(observed):
    describe = (sys.executable, "-c", DESCRIBE)
    for streams in ({}, {"stderr": subprocess.DEVNULL}, {"stdout": subprocess.DEVNULL}):
        options = {**place(observed), "size": (33, 111), **streams}
        bare = shown_by(describe, **options)

        wrapped = [shown_by((*RUN, *describe), **options) for _ in range(2)]

        assert wrapped == [bare, bare]


@pytest.mark.parametrize("joined", [True, False])
def test_pipes_of_the_command_are_one_object_where_ours_are(observed, joined):
    stderr = subprocess.STDOUT if joined else subprocess.PIPE
    describe = (sys.executable, "-c", DESCRIBE)

    done = subprocess.run(
        (*RUN, *describe), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr,
        check=True, **place(observed),
    )  # fmt: skip

    assert done.stdout.decode().split() == ["False", "False", "False", str(joined)]


def test_size_of_the_terminal_is_followed(observed, screen):
    process = screen.start((*RUN, sys.executable, "-c", FOLLOW), **place(observed))
    screen.wait_for(b"24 80\r\n")
    screen.resize(44, 122)
    screen.wait_for(b"44 122\r\n")
    screen.resize(10, 20)
    screen.wait_for(b"10 20\r\n")

    screen.type(b"\x03")
    assert screen.finish(process) == -signal.SIGINT


def test_size_of_the_terminal_is_followed_by_a_step(rig, screen):
    rig.environ |= {"BUILDOPT_OBSERVE": "auto", "TERM": "xterm"}
    rig.write("npm", '#!/bin/sh\nexec "${npm_config_script_shell:-/bin/sh}" -c "$1"\n', 0o755)
    rig.write("follow.py", FOLLOW)
    process = screen.start((*RUN, "./npm", f"true && {sys.executable} follow.py"), **place(rig))
    screen.wait_for(b"24 80\r\n")

    screen.resize(44, 122)
    screen.wait_for(b"44 122\r\n")

    screen.type(b"\x03")
    assert screen.finish(process) == -signal.SIGINT


def test_order_of_both_streams_is_the_true_one_live_and_replayed(observed):
    script = "i=0; while [ $i -lt 50 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done"
    expected = b"".join(b"out%d\r\nerr%d\r\n" % (i, i) for i in range(50))

    for outcome in ("executed", "fresh"):
        assert shown_by((*RUN, "sh", "-c", script), **place(observed)) == (0, expected)
        assert observed.last_result()["outcome"] == outcome


@pytest.mark.parametrize("fast_path", ["0", "1"])
def test_replay_asks_the_terminal_nothing_and_leaves_its_title(rig, fast_path):
    rig.environ |= {"TERM": "xterm", "BUILDOPT_FAST_PATH": fast_path}
    command = (*RUN, "printf", (SEEN + ASKED + SEEN).decode())
    bare = shown_by(command[len(RUN) :], **place(rig))

    live, *replayed = [shown_by(command, **place(rig)) for _ in range(3)]

    assert live == bare
    seen = shown_by(("printf", (SEEN + SEEN).decode()), **place(rig))
    assert replayed == [seen, seen]


@pytest.mark.parametrize("fast_path", ["0", "1"])
def test_replay_gives_a_ci_run_no_orders(rig, fast_path):
    rig.environ["BUILDOPT_FAST_PATH"] = fast_path
    shown = b"::group::a\n::error file=a,line=1::no\n::warning::w\n::notice::n\n::endgroup::\n"
    orders = b"::add-mask::s\n::stop-commands::t\n::set-output name=a::b\n::set-env name=a::b\n"
    command = ("printf", "%b", (shown + orders).decode().replace("\n", "\\n"))

    live, *replayed = [rig.run("--input", "x", "--", *command).out for _ in range(3)]

    assert live == shown + orders
    assert replayed == [shown + orders.replace(b"::", b": :")] * 2


def test_our_one_line_comes_last(rig):
    rig.write("x")
    loud = [word for word in RUN if word != "--quiet"]
    command = (*loud, "sh", "-c", "echo out; echo err >&2; printf unfinished")

    shown = [shown_by(command, **place(rig))[1] for _ in range(2)]

    for text, outcome in zip(shown, (b"executed", b"fresh"), strict=True):
        assert text.startswith(b"out\r\nerr\r\nunfinished")
        ours = text.removeprefix(b"out\r\nerr\r\nunfinished").lstrip(b"\r\n")
        assert ours.startswith(b"buildopt: " + outcome)
        assert ours.endswith(b"\r\n")
        assert ours.count(b"\n") == 1


def test_interrupted_run_leaves_nobody_and_nothing(observed, screen):
    script = "trap 'echo caught; exit 4' INT; tail -f /dev/null & echo child $! is up; wait"
    process = screen.start((*RUN, "sh", "-c", script), **place(observed))
    screen.wait_for(b"is up\r\n")
    screen.type(b"\x03")

    status = screen.finish(process)

    child = int(screen.shown.partition(b"child ")[2].split()[0])
    assert (status, screen.is_as_before) == (4, True)
    assert b"caught\r\n" in screen.shown
    assert not is_running(child)
    assert ("signal", "SIGINT") in [(n["kind"], n["subject"]) for n in not_stored(observed)]
    assert not list(observed.cache.rglob("records/*/*/*"))


def test_second_interrupt_ends_a_command_that_does_not_listen(observed, screen):
    script = (
        "trap 'echo no' INT; echo up; while :; do read _ </dev/full_of_nothing; done 2>/dev/null"
    )
    process = screen.start((*RUN, "sh", "-c", script), **place(observed))
    screen.wait_for(b"up\r\n")
    screen.type(b"\x03")
    screen.wait_for(b"no\r\n")
    screen.type(b"\x03")

    assert screen.finish(process) == -signal.SIGKILL
    assert screen.is_as_before
    assert not observed.last_result()["stored"]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


def not_stored(rig):
    return rig.last_result()["not_stored"]
