"""What the command's stdin is, what of it counts, and what is left of it after a hit."""

import os
import socket
import subprocess

import pytest

from tests.e2e.screen import Screen
from tests.rig import PROGRAM

RUN = ("--input", "x", "--")
NOT_STORED = [("stdin", "pipe")]


@pytest.fixture
def file(rig):
    """A stdin of four lines, open at its second."""
    path = rig.place / "typed"
    path.write_bytes(b"one\ntwo\nthree\nfour\n")
    with path.open("rb+", buffering=0) as file:
        file.seek(4)
        yield file


@pytest.mark.parametrize(
    ("script", "read_bytes"),
    [("cat", 15), ("read a; echo $a", 4), (":", 0), ("cat >/dev/null; echo", 15)],
)
def test_hit_leaves_the_offset_of_a_file_where_the_command_would(rig, file, script, read_bytes):
    first = rig.run(*RUN, "sh", "-c", script, stdin=file)
    assert (first.outcome, file.tell()) == ("executed", 4 + read_bytes)
    file.seek(4)

    again = rig.run(*RUN, "sh", "-c", script, stdin=file)

    assert (again.outcome, again.out) == ("fresh", first.out)
    assert file.tell() == 4 + read_bytes


def test_file_counts_from_its_present_offset_on(rig, file):
    rig.run(*RUN, "cat", stdin=file)
    file.seek(0)
    file.write(b"ONE\n")

    same = rig.run(*RUN, "cat", stdin=file)
    file.seek(8)
    shorter = rig.run(*RUN, "cat", stdin=file)

    assert (same.outcome, same.out) == ("fresh", b"two\nthree\nfour\n")
    assert (shorter.outcome, shorter.out) == ("executed", b"three\nfour\n")
    assert shorter.reasons == [("environment", "content of stdin")]


def test_closed_stdin_and_an_empty_file_and_the_null_device_are_told_apart(rig):
    empty = rig.place / "empty"
    empty.touch()
    rig.script("what.sh", "readlink /proc/$$/fd/0; cat 2>&1; exit 0")
    what = [shell(rig, f"./what.sh {word}") for word in ("<&-", f"<{empty}", "</dev/null")]
    assert len(set(what)) == 3

    for outcome in ("executed", "fresh"):
        for bare, word in zip(what, ("<&-", f"<{empty}", "</dev/null"), strict=True):
            wrapped = shell(rig, f"{PROGRAM} run --input what.sh -- ./what.sh {word}")

            assert (wrapped, rig.last_result()["outcome"]) == (bare, outcome)


def shell(rig, line):
    """What such a line prints."""
    words = ["sh", "-c", line]
    done = subprocess.run(words, cwd=rig.root, env=rig.environ, capture_output=True, check=True)
    return done.stdout


def test_pipe_at_its_end_is_recorded_and_answered(rig):
    for outcome in ("executed", "fresh"):
        assert rig.run(*RUN, "cat", stdin=None, input=b"").outcome == outcome


def test_pipe_with_more_to_come_is_neither_answered_nor_read(rig):
    rig.run(*RUN, "true")
    reader, writer = os.pipe()
    os.write(writer, b"for the next one\n")

    done = rig.run(*RUN, "true", stdin=reader)

    os.close(writer)
    assert (done.outcome, done.not_stored) == ("executed", NOT_STORED)
    assert "--no-stdin" in done.line
    assert os.read(reader, 100) == b"for the next one\n"
    os.close(reader)


def test_script_that_a_shell_reads_from_its_stdin_is_left_to_the_shell(rig):
    """As some CI systems feed it."""
    script = f"{PROGRAM} run --quiet {' '.join(RUN)} echo wrapped\necho after\n"

    for _ in range(2):
        done = subprocess.run(
            ["sh"], input=script.encode(), cwd=rig.root, env=rig.environ, capture_output=True
        )
        assert (done.stdout, done.stderr) == (b"wrapped\nafter\n", b"")


def test_socket_is_recorded_only_at_its_end(rig):
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert rig.run(*RUN, "true", stdin=theirs).not_stored == NOT_STORED
        ours.shutdown(socket.SHUT_WR)

        assert rig.run(*RUN, "true", stdin=theirs).result["stored"]
        assert rig.run(*RUN, "true", stdin=theirs).outcome == "fresh"


def test_pipe_is_kept_from_the_command_on_request(rig):
    for outcome in ("executed", "fresh"):
        done = rig.run("--no-stdin", *RUN, "cat", stdin=None, input=b"hello")

        assert (done.outcome, done.out) == (outcome, b"")


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


def run_on(screen, rig, script):
    command = [PROGRAM, "run", *RUN, "sh", "-c", script]
    return screen.start(command, cwd=rig.root, env=rig.environ)


def test_terminal_on_which_nothing_is_typed_is_recorded_and_answered(rig, screen):
    for outcome in ("executed", "fresh"):
        assert screen.finish(run_on(screen, rig, "echo hello")) == 0

        assert rig.last_result()["outcome"] == outcome
        assert screen.is_as_before


def test_keystroke_that_was_handed_on_keeps_a_run_from_being_stored(rig, screen):
    process = run_on(screen, rig, "echo name?; read name; echo hello $name")
    screen.wait_for(b"name?\r\n")
    screen.type(b"you\r")

    assert screen.finish(process) == 0
    assert b"hello you\r\n" in screen.shown
    assert rig.last_result()["not_stored"] == [{"kind": "stdin", "subject": "terminal"}]
    assert screen.is_as_before


def test_what_is_typed_ahead_of_a_hit_is_left_to_the_shell(rig, screen):
    screen.finish(run_on(screen, rig, "echo hello"))
    screen.type(b"next command\r")

    screen.finish(run_on(screen, rig, "echo hello"))

    assert rig.last_result()["outcome"] == "fresh"
    assert os.read(screen.slave, 100) == b"next command\n"
