import fcntl
import os
import resource
import select
import signal
import subprocess
import sys

import pytest

from buildopt.execute.outlet import PENDING_LIMIT_BYTES, Outlet
from buildopt.execute.pump import Pump
from buildopt.execute.recording import Recording
from buildopt.execute.wiring import Route

PRINT_NOISE = """
import os, random
out = random.Random(7).randbytes(1_000_003)
for start in range(0, 50):
    view = memoryview(out)
    while view:
        view = view[os.write(1, view) :]
"""


def test_fifty_megabytes_arrive_byte_for_byte(driver):
    ended = driver.run(sys.executable, "-c", PRINT_NOISE)

    direct = subprocess.run([sys.executable, "-c", PRINT_NOISE], capture_output=True)
    assert len(ended.stdout) == 50_000_150
    assert ended.stdout == direct.stdout
    assert driver.output == {"stdout": direct.stdout}


def test_pumping_costs_little_time_of_the_processor():
    reader, writer = os.pipe()
    sink = os.open(os.devnull, os.O_WRONLY)
    pump = Pump([Route(reader, sink, "stdout")], Recording())
    data = bytes(1 << 16)
    spent_s = 0.0
    for _ in range(400):
        os.write(writer, data)
        before = resource.getrusage(resource.RUSAGE_SELF)
        while select.select([reader], [], [], 0)[0]:
            pump.serve({reader: select.POLLIN})
        after = resource.getrusage(resource.RUSAGE_SELF)
        spent_s += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    pump.close()
    os.close(writer)
    os.close(sink)

    assert spent_s / (400 << 16) < 5e-9


def test_reader_that_goes_away_gives_the_command_its_sigpipe(driver):
    process = driver.start("yes", stdout=subprocess.PIPE)
    assert process.stdout.read(2) == b"y\n"
    process.stdout.close()

    assert process.wait(timeout=30) == -signal.SIGPIPE
    assert driver.report["signal"] == signal.SIGPIPE
    assert driver.report["chunks"] is None
    assert driver.report["not_stored"] == [["incomplete", "output"]]


def test_slow_reader_of_stdout_does_not_hold_up_stderr(driver):
    script = "yes & yes=$!; echo ready >&2; read _; kill $yes"

    process = driver.start(
        "sh",
        "-c",
        script,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )

    assert process.stderr.readline() == b"ready\n"
    process.communicate(b"go\n", timeout=30)


def test_signal_is_passed_on_while_nobody_reads_our_output(driver):
    process = driver.start(
        "sh", "-c", "echo up >&2; exec yes", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stderr.readline() == b"up\n"

    process.terminate()
    while process.stdout.read(1 << 20):
        pass

    assert process.wait(timeout=30) == -signal.SIGTERM
    process.stdout.close()
    process.stderr.close()


def test_non_blocking_output_gets_every_byte(driver):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)

    process = driver.start("head", "-c", "3000000", "/dev/zero", stdout=writer)
    os.close(writer)
    with open(reader, "rb") as file:
        received = len(file.read())
    process.wait(timeout=30)

    assert received == 3_000_000
    assert process.returncode == 0


@pytest.fixture
def pipe():
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_outlet_leaves_the_flags_of_a_shared_pipe_alone(pipe):
    _, writer = pipe
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    outlet = Outlet(writer)
    outlet.send(b"x" * 10_000)

    assert outlet.is_pending
    assert os.get_blocking(writer)
    outlet.close()


def test_outlet_writes_the_rest_as_it_is_read(pipe):
    reader, writer = pipe
    outlet = Outlet(writer)
    data = os.urandom(PENDING_LIMIT_BYTES * 2)
    outlet.send(data)
    assert outlet.is_full

    received = b""
    while len(received) < len(data):
        received += os.read(reader, 5000)
        outlet.flush()

    assert received == data
    assert not outlet.is_pending
    assert not outlet.is_full
    outlet.close()


def test_outlet_to_a_socket_never_blocks():
    import socket

    ours, theirs = socket.socketpair()
    with ours, theirs:
        outlet = Outlet(ours.fileno())
        outlet.send(b"x" * 10_000_000)

        assert outlet.is_pending
        assert os.get_blocking(ours.fileno())
        outlet.close()


def test_recording_merges_neighbours_of_one_stream():
    recording = Recording()
    for stream, data in (("stdout", b"a"), ("stdout", b"b"), ("stderr", b"c"), ("stdout", b"d")):
        recording.add(stream, data)

    chunks = [(chunk.stream, chunk.data) for chunk in recording.chunks()]
    assert chunks == [("stdout", b"ab"), ("stderr", b"c"), ("stdout", b"d")]
