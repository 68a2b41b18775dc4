"""Signals and terminals while several tasks of one call run."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.screen import Screen
from tests.rig import PROGRAM

OBSERVE = "auto"
MARK = "BUILDOPT_TESTED_BY"
DESCRIBE = "import os; print(os.isatty(0), os.isatty(1), os.isatty(2), os.get_terminal_size(1))"


@pytest.fixture
def screen():
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture
def four(rig):
    """Four tasks that wait, and how to see that all run."""
    rig.environ[MARK] = f"{os.getpid()}-{rig.place}"
    text, puppets = "", []
    for number in range(4):
        words, puppet = rig.puppet("sh", "-c", f"echo done > out{number}")
        puppets.append(puppet)
        text += f"[tasks.t{number}]\ncommand = {json.dumps(list(words))}\n"
    rig.write("buildopt.toml", text)
    return rig, puppets


CALL = ("run", "t0", "t1", "t2", "t3", "--jobs", "4")


def left(rig):
    mark = f"{MARK}={rig.environ[MARK]}".encode()
    for folder in Path("/proc").iterdir():
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                yield (folder / "cmdline").read_bytes()
        except OSError:
            continue


def assert_nothing_was_done(rig):
    assert not list(left(rig))
    assert not list(rig.root.glob("out*"))
    assert not [row for row in rig.last_result()["tasks"] if row["stored"]]
    assert rig.call("cache", "verify").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_all_that_run_and_us(four, number):
    rig, puppets = four
    running = rig.start(*CALL)
    for puppet in puppets:
        puppet.wait_for_start()

    running.send_signal(number)
    _, err = running.communicate(timeout=60)

    assert running.returncode == -number
    assert f"ended by {number.name}".encode() in err
    assert_nothing_was_done(rig)
    assert rig.last_result()["signal"] == number


def test_ctrl_c_on_the_terminal_ends_all_and_leaves_it_as_it_was(four, screen):
    rig, puppets = four
    running = screen.start((PROGRAM, *CALL), cwd=rig.root, env=rig.environ)
    for puppet in puppets:
        puppet.wait_for_start()

    screen.type(b"\x03")
    status = screen.finish(running)

    assert status == -signal.SIGINT
    assert screen.is_as_before
    assert_nothing_was_done(rig)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_commands_that_do_not_care_for_the_first_signal_are_killed_by_the_second(rig, jobs):
    rig.environ[MARK] = f"{os.getpid()}-{rig.place}"
    words, puppet = rig.puppet("true")
    stubborn = ["sh", "-c", f"trap '' INT; exec {' '.join(words)}"]
    rig.write(
        "buildopt.toml",
        f'[tasks.a]\ncommand = {json.dumps(stubborn)}\n[tasks.b]\ncommand = "true"\n'
        'depends_on = ["a"]\n',
    )
    running = rig.start("run", "b", "--jobs", jobs)
    puppet.wait_for_start()

    running.send_signal(signal.SIGINT)
    assert running.poll() is None
    while running.poll() is None:
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(0.2)
    running.communicate(timeout=60)

    assert running.returncode == -signal.SIGINT
    assert not list(left(rig))
    assert rig.last_result()["not_run"] == ["b"]


def test_ctrl_z_stops_all_and_they_go_on(four):
    rig, puppets = four
    running = subprocess.Popen(
        (PROGRAM, *CALL), cwd=rig.root, env=rig.environ, process_group=0,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    for puppet in puppets:
        puppet.wait_for_start()

    os.killpg(running.pid, signal.SIGTSTP)  # as the terminal does
    _, status = os.waitpid(running.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.killpg(running.pid, signal.SIGCONT)
    for puppet in puppets:
        puppet.go_on()

    assert running.wait(60) == 0
    assert len(list(rig.root.glob("out*"))) == 4


def test_tasks_at_once_see_a_terminal_like_ours(rig, screen):
    (rig.root / "describe.py").write_text(DESCRIBE)
    command = json.dumps([sys.executable, "describe.py"])
    rig.write(
        "buildopt.toml",
        f'[tasks.a]\ncommand = {command}\n[tasks.b]\ncommand = {command}\ndepends_on = ["a"]\n',
    )
    screen.resize(33, 111)

    for jobs in ("1", "2", "2"):
        words = (PROGRAM, "run", "b", "--jobs", jobs, "--force")
        status = screen.finish(screen.start(words, cwd=rig.root, env=rig.environ))
        assert status == 0

    told = b"False True True os.terminal_size(columns=111, lines=33)\r\n"
    assert screen.shown.count(told) == 6
    assert screen.is_as_before


def test_group_on_a_terminal_begins_on_a_line_of_its_own(rig, screen):
    rig.write(
        "buildopt.toml",
        '[tasks.a]\ncommand = "printf a"\n[tasks.b]\ncommand = "printf b"\ndepends_on = ["a"]\n',
    )

    for _ in range(2):
        words = (PROGRAM, "run", "b", "--jobs", "2")
        assert screen.finish(screen.start(words, cwd=rig.root, env=rig.environ)) == 0

    lines = screen.shown.split(b"\r\n")
    assert [line for line in lines if not line.startswith(b"buildopt: ")] == [
        b"a", b"b", b"a", b"b", b"",
    ]  # fmt: skip


@pytest.mark.parametrize(("jobs", "is_shown"), [("1", True), ("2", False)])
def test_line_about_a_silent_task_is_shown_only_where_one_runs_at_a_time(
    rig, screen, jobs, is_shown
):
    rig.environ["TERM"] = "xterm"
    rig.write(
        "buildopt.toml",
        '[tasks.a]\ncommand = "sleep 1.5"\n[tasks.b]\ncommand = "true"\ndepends_on = ["a"]\n',
    )

    words = (PROGRAM, "run", "b", "--jobs", jobs)
    assert screen.finish(screen.start(words, cwd=rig.root, env=rig.environ)) == 0

    assert (b"\x1b7buildopt: a" in screen.shown) == is_shown
