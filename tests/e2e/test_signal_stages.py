"""A signal at each stage of a run: it ends by it, leaves nothing, and the next run is right.

Every stage at every call is in benchmarks/signal_stages.py.
"""

import os
import shutil
import signal
import subprocess

import pytest

from tests.e2e.screen import Screen
from tests.e2e.signal_rig import RUN, Point, SignalProject
from tests.rig import PROGRAM

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
INT, TERM, HUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


@pytest.fixture
def project(rig):
    return SignalProject(rig)


@needs_strace
@pytest.mark.parametrize(
    ("stage", "step", "point", "number"),
    [
        ("asking the index", "fresh", Point("lstat,newfstatat", 30), INT),
        ("replaying at once", "fresh", Point("write", 1), HUP),
        ("locking", "storing", Point("flock", 1), INT),
        ("looking up", "restoring", Point("getdents64", 30), TERM),
        ("storing contents", "storing", Point("rename", 1), INT),
        ("recording", "storing", Point("rename", 4), TERM),
        ("planning a restore", "restoring", Point("rename", 1), HUP),
        ("restoring", "restoring", Point("rename", 2), INT),
    ],
)
def test_a_signal_ends_a_run_at_any_stage_and_leaves_nothing(project, stage, step, point, number):
    project.prepare(step, 1)

    struck = project.strike(point, number)

    assert struck == (-number, b"", True), stage
    project.assert_nothing_is_left()


@needs_strace
@pytest.mark.parametrize(("step", "point"), [("storing", Point("rename", 2)), ("restoring", Point("rename", 2))])  # fmt: skip  # noqa: E501
def test_a_run_that_was_stopped_at_work_goes_on_where_it_was(project, step, point):
    project.prepare(step, 1)

    was_stopped, status, out, err = project.stop_and_continue(point)

    assert (was_stopped, status) == (True, 0), err
    assert out.startswith(b"built\n")
    project.assert_nothing_is_left()


@needs_strace
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_what_others_build_while_a_stopped_run_stores_is_not_recorded_as_its_own(project, k):
    def build_another_state():
        project.edit("another")
        subprocess.run(["./build.sh"], cwd=project.rig.root, capture_output=True, check=True)

    project.prepare("storing", 1)
    was_stopped, *_ = project.stop_and_continue(Point("rename", k), build_another_state)
    project.edit("new 1")

    assert was_stopped
    project.assert_nothing_is_left()


def test_a_run_that_waits_for_another_one_ends_at_once_when_asked(project):
    rig = project.rig
    command, puppet = rig.puppet("./build.sh")
    run = (*RUN[:-1], *command)
    first = rig.start(*run)
    puppet.wait_for_start()
    second = rig.start(*run)
    _wait_for_a_second_look_at_the_lock(second)
    second.send_signal(INT)
    _, err = second.communicate()
    puppet.go_on()
    first.communicate()

    assert (second.returncode, err) == (-INT, b"")
    assert first.returncode == 0
    project.assert_nothing_is_left()


def _wait_for_a_second_look_at_the_lock(process):
    """Until the process sleeps with the lock's file open: it polls."""
    folder = f"/proc/{process.pid}/fd"
    while not any(_target(folder, name).endswith(".lock") for name in os.listdir(folder)):
        os.sched_yield()


def _target(folder, name):
    try:
        return os.readlink(os.path.join(folder, name))
    except OSError:
        return ""


@pytest.mark.parametrize("number", [INT, TERM, HUP])
def test_a_signal_while_the_command_runs_ends_both_and_puts_the_terminal_back(project, number):
    rig = project.rig
    command, puppet = rig.puppet("./build.sh")
    screen = Screen()
    try:
        running = screen.start([PROGRAM, *RUN[:-1], *command], cwd=rig.root, env=rig.environ)
        puppet.wait_for_start()
        if number == INT:
            screen.type(b"\x03")
        else:
            running.send_signal(number)
        status = screen.finish(running)

        assert status == -number
        assert screen.is_as_before
    finally:
        screen.close()
    assert rig.last_result()["signal"] == number
    assert rig.last_result()["stored"] is False
    project.assert_nothing_is_left()
