"""Many processes and threads at a time, and very many accesses: nothing is lost or mixed up."""

import subprocess
import sys

import pytest

from buildopt.observe.access import Operation

OPEN = Operation.OPEN
INTERRUPTED_CALL = ("incomplete", "interrupted call")


@pytest.mark.parametrize("way", ["process", "thread"])
def test_threads_that_open_files_at_the_same_time(observe, way):
    told = observe.python(
        """
        from threading import Barrier, Thread
        together = Barrier(8)
        def read(number):
            together.wait()
            for round in range(100):
                syscall("openat", -100, b"file-%d-%d" % (number, round), 0, 0)
        threads = [Thread(target=read, args=[number]) for number in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        """,
        way=way,
    )

    names = [f"file-{number}-{round}" for number in range(8) for round in range(100)]
    assert (told.status, told.incomplete) == (0, set())
    assert all(told.operations(observe.folder / name) == [OPEN] for name in names)
    assert len({access.pid for access in told.accesses}) == 1


def test_threads_with_working_directories_of_their_own(observe):
    for name in "de":
        (observe.folder / name).mkdir()

    told = observe.python(
        """
        from threading import Barrier, Thread
        together = Barrier(2)
        def work(name):
            assert syscall("unshare", 0x200) == 0
            os.chdir(name)
            for round in range(20):
                together.wait()
                syscall("openat", -100, b"%s-%d" % (name.encode(), round), 0, 0)
        threads = [Thread(target=work, args=[name]) for name in "de"]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        syscall("openat", -100, b"main", 0, 0)
        """
    )

    assert (told.status, told.incomplete) == (0, set())
    assert told.operations(observe.folder / "main") == [OPEN]
    for name in "de":
        for count in range(20):
            path = observe.folder / name / f"{name}-{count}"
            assert told.operations(path) == [OPEN]


def test_thread_that_executes_becomes_the_process(observe):
    (observe.folder / "a").write_text("1")

    told = observe.python(
        """
        from threading import Thread
        Thread(target=lambda: os.execvp("cat", ["cat", "a"])).start()
        Thread(target=lambda: os.read(os.pipe()[0], 1), daemon=True).start()
        """
    )

    assert (told.status, told.out, told.incomplete) == (0, b"1", set())
    assert OPEN in told.operations(observe.folder / "a")


@pytest.mark.parametrize("way", ["process", "thread"])
def test_two_hundred_processes_that_read_a_file_each(observe, way):
    for number in range(200):
        (observe.folder / f"file-{number}").write_text("1")

    told = observe.python(
        """
        for number in range(200):
            if os.fork() == 0:
                open(f"file-{number}").read()
                os._exit(0)
        for number in range(200):
            assert os.wait()[1] == 0
        """,
        way=way,
    )

    readers = {
        access.pid for number in range(200) for access in told.of(observe.folder / f"file-{number}")
    }
    assert (told.status, told.incomplete) == (0, set())
    assert len(readers) == 200
    assert {pid for pid, exit_code, _ in told.report["ended"] if exit_code == 0} >= readers


@pytest.mark.parametrize(
    "count", [100_000, pytest.param(1_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_very_many_accesses(observe, count):
    (observe.folder / "counted").write_text("1")

    told = observe.python(
        f"""
        for _ in range({count}):
            os.access("counted", os.R_OK)
        """,
        recorder="Counting",
    )

    assert (told.status, told.incomplete) == (0, set())
    assert told.report["counts"] == {"STAT": count}


def test_process_that_is_stopped_by_signals_all_the_time(observe):
    told = observe.python(
        """
        import signal
        signal.signal(signal.SIGALRM, lambda *_: None)
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        for number in range(3000):
            assert syscall("openat", -100, b"counted-%d" % number, 0, 0) == -2
        signal.setitimer(signal.ITIMER_REAL, 0)
        """,
        recorder="Counting",
    )

    assert told.status == 0
    assert told.incomplete <= {INTERRUPTED_CALL}
    assert told.report["counts"]["OPEN"] >= 3000


def test_call_that_a_signal_makes_fail_leaves_the_record_incomplete(observe):
    told = observe.python(
        """
        import signal
        signal.signal(signal.SIGALRM, lambda *_: None)  # without SA_RESTART
        signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
        failed = 0
        for number in range(5000):
            failed += syscall("openat", -100, b"counted-%d" % number, 0, 0) == -4
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.access("after", 0)
        print(failed)
        """,
        recorder="Counting",
    )

    failed = int(told.out)
    assert failed == 0 or told.incomplete == {INTERRUPTED_CALL}


def test_shell_whose_looks_fail_by_signals_leaves_the_record_incomplete(observe):
    (observe.folder / "a").write_text("1")

    told = observe(
        "sh", "-c",
        """
        i=0; failed=0
        while [ $i -lt 200 ]; do
            i=$((i+1)); n=0
            (exit 0) & (exit 0) & (exit 0) &
            while [ $n -lt 20 ]; do n=$((n+1)); test -e a || failed=$((failed+1)); done
        done
        wait; test -e a; echo $failed
        """,
    )  # fmt: skip

    assert told.out == b"0\n" or told.incomplete == {INTERRUPTED_CALL}


def test_program_that_closes_all_its_descriptors(observe):
    told = observe.python('os.closerange(0, 1000); os.access("after", 0)')

    assert told.status == 0
    assert told.operations(observe.folder / "after") == [Operation.STAT]


def test_command_inherits_no_descriptor_of_ours(observe):
    command = (sys.executable, "-ISc", "import os; print(os.listdir('/proc/self/fd'))")

    told = observe(*command)

    assert told.out == subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
