import os
import signal
import subprocess
import sys

import pytest

from buildopt.execute.recording import RECORD_LIMIT_BYTES


@pytest.mark.parametrize("status", [0, 1, 2, 77, 125, 126, 127, 128, 130, 255])
def test_exit_status_is_the_commands_own(driver, status):
    ended = driver.run("sh", "-c", f"exit {status}")

    assert ended.returncode == status
    assert driver.report["exit_code"] == status
    assert driver.report["signal"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGINT])
def test_command_ended_by_a_signal_ends_us_by_the_same(driver, number):
    ended = driver.run("sh", "-c", f"kill -{int(number)} $$")

    assert ended.returncode == -number
    assert driver.report["signal"] == number
    assert driver.report["exit_code"] == 128 + number
    assert not list(driver.folder.glob("core*"))


def test_both_streams_pass_through_and_are_recorded(driver):
    ended = driver.run("sh", "-c", r"printf 'a\0b\r\n'; printf '\377' >&2")

    assert ended.stdout == b"a\0b\r\n"
    assert ended.stderr == b"\xff"
    assert driver.output == {"stdout": b"a\0b\r\n", "stderr": b"\xff"}
    assert driver.report["not_stored"] == []


def test_one_object_for_both_streams_keeps_their_order(driver):
    script = "i=0; while [ $i -lt 200 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done"

    ended = driver.run("sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    expected = b"".join(b"out%d\nerr%d\n" % (i, i) for i in range(200))
    assert ended.stdout == expected
    assert driver.output == {"joined": expected}


def test_order_of_arrival_between_two_pipes_is_recorded(driver, fifo):
    first, second = fifo(), fifo()
    script = f"echo 1; read _ <{first}; echo 2 >&2; read _ <{second}; echo 3"

    process = driver.start("sh", "-c", script, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == b"1\n"
    first.go()
    assert process.stderr.readline() == b"2\n"
    second.go()
    process.communicate()

    expected = [["stdout", "1\n"], ["stderr", "2\n"], ["stdout", "3\n"]]
    assert driver.report["chunks"] == expected


def test_file_with_one_offset_for_both_streams_gets_both_in_order(driver):
    log = driver.folder / "log"
    with log.open("wb") as file:
        driver.run("sh", "-c", "echo a; echo b >&2; echo c", stdout=file, stderr=file)

    assert log.read_bytes() == b"a\nb\nc\n"
    assert driver.output == {"joined": b"a\nb\nc\n"}


def test_file_opened_twice_is_two_streams(driver):
    log = driver.folder / "log"
    with log.open("wb") as out, log.open("wb") as err:
        driver.run("sh", "-c", "echo a; echo b >&2", stdout=out, stderr=err)

    assert driver.output == {"stdout": b"a\n", "stderr": b"b\n"}


def test_arguments_directory_and_umask_reach_the_command(driver):
    folder = driver.folder / "sub folder"
    folder.mkdir()
    script = 'printf "%s|" "$@"; pwd; umask'

    ended = driver.run(
        "sh", "-c", script, "sh", "a b", "", "*", "--x", options={"directory": str(folder)}
    )

    umask = subprocess.run(["sh", "-c", "umask"], capture_output=True, check=True).stdout
    assert ended.stdout == b"a b||*|--x|" + os.fsencode(folder) + b"\n" + umask


def test_command_stays_in_our_process_group(driver):
    ended = driver.run(
        sys.executable, "-c", "import os; print(os.getpgrp(), os.getsid(0))", start_new_session=True
    )

    group, session = ended.stdout.split()
    assert group == session
    assert int(group) != os.getpgrp()


def test_descriptors_beyond_the_standard_ones_do_not_reach_the_command(driver):
    reader, writer = os.pipe()

    ended = driver.run("ls", "/proc/self/fd", pass_fds=(writer,))

    os.close(reader)
    os.close(writer)
    assert ended.stdout.split() == [b"0", b"1", b"2", b"3"]  # 3 is the folder that ls reads


def test_inherited_descriptors_reach_the_command_on_request(driver):
    reader, writer = os.pipe()

    driver.run(
        "sh", "-c", f"echo hello >/dev/fd/{writer}", options={"pass_fds": True}, pass_fds=(writer,)
    )

    os.close(writer)
    assert os.read(reader, 100) == b"hello\n"
    os.close(reader)


def test_lock_reaches_the_command(driver):
    reader, writer = os.pipe()

    driver.run(
        "sh",
        "-c",
        f"echo held >/dev/fd/{writer}",
        options={"lock_fds": [writer]},
        pass_fds=(writer,),
    )

    os.close(writer)
    assert os.read(reader, 100) == b"held\n"
    os.close(reader)


def test_signals_that_python_ignores_are_the_commands_to_die_of(driver):
    ended = driver.run("grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status")

    masks = {line.split()[0]: int(line.split()[1], 16) for line in ended.stdout.splitlines()}
    assert masks == {b"SigIgn:": 0, b"SigBlk:": 0}


def test_signal_that_was_ignored_for_us_is_ignored_by_the_command(driver):
    line = driver.line("grep", "-h", "^SigIgn", "/proc/self/status", "/no/such/file")

    ended = subprocess.run(line, capture_output=True, preexec_fn=ignore_two_signals)

    ignored = int(ended.stdout.split()[1], 16)
    assert ended.returncode == 2
    assert ignored == 1 << (signal.SIGHUP - 1) | 1 << (signal.SIGCHLD - 1)


def ignore_two_signals():
    for number in (signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_IGN)


def test_usage_covers_the_tree(driver):
    work = "sum(range(4_000_000)); x = bytearray(90_000_000)"

    driver.run("sh", "-c", f"{sys.executable} -c '{work}'; true")

    report = driver.report
    assert report["peak_memory_bytes"] > 90_000_000
    assert report["cpu_s"] > 0
    assert 0 < report["duration_s"] < 60


def test_more_output_than_a_record_holds_is_passed_on_and_not_kept(driver):
    size = RECORD_LIMIT_BYTES + 1

    process = driver.start("head", "-c", str(size), "/dev/zero", stdout=subprocess.PIPE)
    count = sum(len(piece) for piece in iter(lambda: process.stdout.read(1 << 20), b""))
    process.communicate()

    assert count == size
    assert driver.report["chunks"] is None
    assert driver.report["not_stored"] == [["storage", "output"]]


def test_survivor_that_holds_the_output_is_waited_for_only_briefly(driver, fifo):
    order = fifo()

    process = driver.start("sh", "-c", f"echo a; read _ <{order} &", stdout=subprocess.PIPE)
    output, _ = process.communicate(timeout=30)
    order.go()

    assert output == b"a\n"
    assert process.returncode == 0
    assert driver.report["not_stored"] == [["survivor", "output"]]


def test_process_that_prints_just_after_the_commands_end_is_heard(driver):
    ended = driver.run("sh", "-c", "(while kill -0 $$; do :; done; echo late) 2>/dev/null &")

    assert ended.stdout == b"late\n"
    assert driver.report["not_stored"] == []
