import os
import signal
import subprocess

import pytest

ENDING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def start(driver):
    """Starts the driver and waits until its command has said that it is up."""
    processes = []

    def start(*command, **options):
        process = driver.start(*command, stdout=subprocess.PIPE, options=options)
        processes.append(process)
        assert process.stdout.readline() == b"up\n"
        return process

    yield start
    for process in processes:
        process.stdout.close()


@pytest.mark.parametrize("number", ENDING)
def test_signal_to_us_is_passed_on_and_waited_for(driver, start, puppet, number):
    process = start(*puppet(f"{number.name}=exit 9"))

    process.send_signal(number)

    assert process.wait(timeout=30) == 9
    assert driver.output == {"stdout": f"up\ngot {number.name}\n".encode()}
    assert driver.report["not_stored"] == [["signal", number.name]]


def test_signal_that_ends_the_command_ends_us_too(start):
    process = start("sh", "-c", "echo up; exec tail -f /dev/null")

    process.terminate()

    assert process.wait(timeout=30) == -signal.SIGTERM


def test_second_signal_kills_everybody(start, puppet):
    script = 'echo up; "$@" & echo $!; exec "$@"'
    process = start("sh", "-c", script, "sh", *puppet("SIGTERM=say once"))
    child = int(process.stdout.readline())
    assert process.stdout.readline() == process.stdout.readline() == b"up\n"

    process.terminate()
    assert process.stdout.readline() == b"once\n"
    process.terminate()

    assert process.wait(timeout=30) == -signal.SIGKILL
    assert not is_running(child)


def test_nobody_is_left_after_an_interrupt(start, puppet):
    script = 'echo up; "$@" & echo $!; exec tail -f /dev/null'
    command = ["sh", "-c", script, "sh", *puppet("SIGINT=say deaf")]
    process = start(*command, variables={"BUILDOPT_ACTIVE": os.urandom(8).hex()})
    child = int(process.stdout.readline())
    assert process.stdout.readline() == b"up\n"

    process.send_signal(signal.SIGINT)

    assert process.wait(timeout=30) == -signal.SIGINT
    assert not is_running(child)


def test_daemon_that_left_the_session_outlives_an_interrupt(start, fifo):
    order, done = fifo(), fifo()
    daemon = f"setsid sh -c 'read _ <{order}; echo alive >{done}' >/dev/null 2>&1 &"
    process = start("sh", "-c", f"{daemon} echo up; exec tail -f /dev/null")

    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    order.go()

    assert done.wait() == "alive"
