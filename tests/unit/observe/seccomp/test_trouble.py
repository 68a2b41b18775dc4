"""A supervisor that dies, or a recorder that fails: the command goes on, and no record is made."""

import subprocess
import sys
import textwrap

import pytest

SUPERVISOR = ("incomplete", "supervisor")
WAYS = pytest.mark.parametrize("way", ["process", "thread"])


def test_supervisor_that_is_killed_leaves_the_command_alone(observe):
    for name in "abc":
        (observe.folder / name).write_text(name)

    told = observe("sh", "-c", 'cat a; kill -9 $HELPER_PID; cat b; cat c; exec sh -c "exit 5"')

    assert (told.status, told.out) == (5, b"abc")
    assert told.incomplete == {SUPERVISOR}


def test_supervisor_that_is_killed_while_many_processes_run(observe):
    for number in range(20):
        (observe.folder / f"file-{number}").write_text("1")

    told = observe.python(
        """
        for number in range(20):
            if os.fork() == 0:
                for _ in range(50):
                    open(f"file-{number}").read()
                os._exit(0)
            if number == 10:
                os.kill(int(os.environ["HELPER_PID"]), 9)
        for number in range(20):
            assert os.wait()[1] == 0
        """
    )

    assert (told.status, told.incomplete) == (0, {SUPERVISOR})


def test_supervisor_that_is_killed_while_a_call_waits_for_it(observe):
    told = observe("sh", "-c", "test -e deadly; test -e after; echo done", recorder="Dying")

    assert (told.status, told.out) == (0, b"done\n")
    assert told.incomplete == {SUPERVISOR}


def test_guard_that_is_killed_does_no_harm(observe):
    (observe.folder / "a").write_text("1")

    told = observe("sh", "-c", "kill -9 $HELPER_PID; cat a", way="thread")

    assert (told.status, told.out, told.incomplete) == (0, b"1", set())
    assert told.operations(observe.folder / "a")


@WAYS
@pytest.mark.parametrize("recorder", ["RaisingAtFirst", "RaisingAtEnd", "Unmakeable"])
def test_recorder_that_fails_leaves_the_command_alone(observe, recorder, way):
    (observe.folder / "a").write_text("1")

    told = observe("sh", "-c", "cat a; cat a; exit 5", recorder=recorder, way=way)

    assert (told.status, told.out) == (5, b"11")
    assert SUPERVISOR in told.incomplete
    assert told.report["trouble"]


@WAYS
def test_main_process_that_is_killed_leaves_the_command_alone(observe, way):
    process = observe.start(
        sys.executable, "-ISc",
        """
import os, signal
os.kill(os.getppid(), signal.SIGKILL)
open("a").read()
print("goes on", flush=True)
""",
        way=way,
    )  # fmt: skip
    (observe.folder / "a").write_text("1")

    out, _ = process.communicate(timeout=60)

    assert (process.returncode, out) == (-9, b"goes on\n")


@WAYS
def test_signals_for_the_whole_group_do_not_reach_the_supervisor(observe, way):
    (observe.folder / "a").write_text("1")

    told = observe.python(
        """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            os.kill(int(os.environ["HELPER_PID"]), number)
        open("a").read()
        """,
        way=way,
    )

    assert (told.status, told.incomplete) == (0, set())
    assert told.operations(observe.folder / "a")


@pytest.mark.parametrize("limit", range(4, 13))
def test_too_few_descriptors_are_an_error_of_the_system_and_no_other(limit):
    program = textwrap.dedent(
        f"""
        import resource
        from buildopt.observe.seccomp.watch import SeccompWatch
        resource.setrlimit(resource.RLIMIT_NOFILE, ({limit}, {limit}))
        try:
            SeccompWatch(list, list, in_thread=False)
        except OSError:
            pass
        """
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)

    assert (done.returncode, done.stderr) == (0, b"")
