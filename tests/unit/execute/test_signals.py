import os
import signal
import subprocess
import sys

import pytest

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def start(driver, script, **streams):
    """The driver with a shell script that says `up` once its traps are set."""
    process = driver.start("sh", "-c", script, stdout=subprocess.PIPE, **streams)
    assert process.stdout.readline() == b"up\n"
    return process


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.mark.parametrize("number", ENDING)
def test_signal_to_us_is_passed_on_and_waited_for(driver, fifo, number):
    order = fifo()
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo cleaned; exit 9' {name}; echo up; while :; do read _ <{order}; done"
    process = start(driver, script)

    process.send_signal(number)
    output, _ = process.communicate(timeout=30)

    assert output == b"cleaned\n"
    assert process.returncode == 9
    assert driver.report["not_stored"] == [["signal", number.name]]


def test_signal_that_ends_the_command_ends_us_too(driver):
    process = start(driver, "echo up; exec tail -f /dev/null")

    process.terminate()

    assert process.wait(timeout=30) == -signal.SIGTERM
    process.stdout.close()


def test_second_signal_kills_everybody(driver):
    script = f"trap 'echo once' TERM; {STUBBORN} & echo $!; echo up; while :; do wait; done"
    process = driver.start("sh", "-c", script, stdout=subprocess.PIPE)
    child = int(process.stdout.readline())
    assert {process.stdout.readline(), process.stdout.readline()} == {b"up\n", b"deaf\n"}

    process.terminate()
    assert process.stdout.readline() == b"once\n"
    process.terminate()

    assert process.wait(timeout=30) == -signal.SIGKILL
    process.stdout.close()
    assert not is_running(child)


STUBBORN = f"""{sys.executable} -c '
import signal
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("deaf", flush=True)
while True:
    signal.pause()'"""


def test_keyboard_interrupt_of_our_whole_group_is_not_doubled(driver, fifo):
    """A terminal's Ctrl-C, without a terminal: the kernel is imitated by nobody, so by kill."""
    script = "trap 'echo int' INT; echo up; while :; do read _ || exit 3; done"
    process = start(driver, script, stdin=subprocess.PIPE)

    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == b"int\n"
    output, _ = process.communicate(timeout=30)

    assert output == b""
    assert process.returncode == 3


def test_nobody_is_left_after_an_interrupt(driver):
    script = f"{STUBBORN} & echo $!; exec tail -f /dev/null"
    process = driver.start(
        "sh",
        "-c",
        script,
        stdout=subprocess.PIPE,
        options={"variables": {"BUILDOPT_ACTIVE": os.urandom(8).hex()}},
    )
    child = int(process.stdout.readline())
    assert process.stdout.readline() == b"deaf\n"

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == -signal.SIGINT
    process.stdout.close()
    assert not is_running(child)
