"""Killed or starved at every system call that changes a file: the next run is right.

`strace -f -e inject=…` ends or fails the k-th call of a kind; `-b execve` lets go of the
command itself, so that only our own calls are counted.
"""

import os
import shutil
import signal
import subprocess

import pytest

from tests.rig import PROGRAM

RUN = ("run", "--input", "src/**", "--output", "out", "--", "./build.sh")
CALLS = ("write", "rename", "unlink", "openat", "mkdir", "chmod", "fchmod", "symlink")
RARE = ("mkdir", "chmod", "fchmod", "unlink", "symlink")
"""Calls that one of the steps may well do without."""
pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@pytest.fixture
def project(rig):
    rig.script(
        "build.sh",
        "rm -rf out; mkdir -p out/empty; cat src/* > out/all; echo x > out/x; ln -s all out/link\n"
        "chmod 755 out/x; echo built",
    )
    rig.write("src/a.txt", "a")
    # The fast path has its own, shorter, list of calls: the full path is what is tested here.
    rig.environ["BUILDOPT_FAST_PATH"] = "0"
    return rig


def injected(rig, call, what):
    """One run with a fault; None where the call did not come to that."""
    log = rig.place / "strace.log"
    completed = subprocess.run(
        ["strace", "-f", "-qq", "-b", "execve", "-o", log, "-e", f"trace={call}",
         "-e", f"inject={call}:{what}", PROGRAM, *RUN],
        cwd=rig.root, env=rig.environ, stdin=subprocess.DEVNULL, capture_output=True, check=False,
        start_new_session=True,
    )  # fmt: skip
    text = log.read_text(errors="replace")
    happened = "(INJECTED)" in text or "killed by SIGKILL" in text
    return completed if happened else None


def litter(rig):
    return [path for path in rig.root.rglob("*") if ".buildopt-" in path.name]


def assert_next_run_is_right(rig):
    plain, tree = rig.always_rebuild("./build.sh")
    done = rig.run(*RUN[1:])
    assert (done.status, done.out) == (plain.returncode, plain.stdout)
    assert rig.tree() == tree
    assert not litter(rig)


def points(call, step):
    """Which calls of a kind are hit: more where there is time (`-m thorough`, `-m slow`)."""
    return range(1, 400, step) if call in ("write", "openat") else range(1, 60, 1 + step // 20)


def check(rig, call, what, prepare, step):
    rig.call(*RUN)
    rig.write("src/a.txt", "b")
    rig.call(*RUN)
    rig.write("src/a.txt", "a")
    faults = 0
    for k in points(call, step):
        prepare(rig, k)
        completed = injected(rig, call, what.format(k=k))
        if completed is None:
            break
        faults += 1
        assert_next_run_is_right(rig)
    assert faults or call in RARE


def store_something_new(rig, k):
    rig.write("src/a.txt", f"new {k}")


def restore_everything(rig, k):
    rig.write("src/a.txt", "ab"[k % 2])
    shutil.rmtree(rig.root / "out", ignore_errors=True)


STEPS = {"storing": store_something_new, "restoring": restore_everything}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", ["write", "openat", "rename"])
@pytest.mark.timeout(300)
def test_kill_at_some_calls_leaves_the_next_run_right(project, call, step):
    check(project, call, "signal=KILL:when={k}", STEPS[step], 23)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", ["write", "openat"])
@pytest.mark.timeout(300)
def test_full_disk_at_some_calls_leaves_the_next_run_right(project, call, step):
    check(project, call, "error=ENOSPC:when={k}+", STEPS[step], 37)


@pytest.mark.thorough
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.timeout(300)
def test_kill_at_a_call_leaves_the_next_run_right(project, call, step):
    check(project, call, "signal=KILL:when={k}", STEPS[step], 7)


@pytest.mark.thorough
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", ["write", "openat", "rename", "mkdir"])
@pytest.mark.parametrize("when", ["{k}", "{k}+"])
@pytest.mark.timeout(300)
def test_full_disk_at_a_call_leaves_the_next_run_right(project, call, step, when):
    check(project, call, "error=ENOSPC:when=" + when, STEPS[step], 11)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.timeout(3_600)
def test_kill_at_every_call_leaves_the_next_run_right(project, call, step):
    check(project, call, "signal=KILL:when={k}", STEPS[step], 1)


def test_killed_while_the_command_runs_stores_nothing_and_leaves_no_lock(project):
    command, puppet = project.puppet("./build.sh")
    run = (*RUN[:-1], *command)
    running = project.start(*run)
    puppet.wait_for_start()
    os.kill(running.pid, signal.SIGKILL)
    puppet.go_on()
    running.communicate()

    again = project.start(*run)
    puppet.wait_for_start()
    puppet.go_on()
    again.communicate()

    assert again.returncode == 0
    assert project.last_result()["outcome"] == "executed"
