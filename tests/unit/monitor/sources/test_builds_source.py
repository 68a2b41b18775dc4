import os
import subprocess
import sys
import time

import pytest

from buildopt.monitor.sampling import RUN, key_of
from buildopt.monitor.sources.builds import UNTOUCHED_S, BuildsSource, invite, part
from buildopt.observe import roster

SPIN = "print(end='!', flush=True)\nwhile True: pass"
WRITE = """
import os, sys
file = open(sys.argv[1], 'wb')
file.write(os.urandom(4_000_000))
os.fsync(file.fileno())
print(end='!', flush=True)
input()
"""


@pytest.fixture
def state(tmp_path):
    invite(str(tmp_path))
    yield str(tmp_path)
    part(str(tmp_path))


class Clock:
    def __init__(self):
        self.now_ns = 1

    def __call__(self):
        return self.now_ns


def look(source):
    """By series, and by run where there is one."""
    return {
        (m.attributes[RUN], key_of(m)) if RUN in m.attributes else key_of(m): m.value
        for m in source.sample(time.time_ns())
    }


def started(*command):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.read(1) == b"!"
    return process


def ended(process):
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_nothing_is_told_while_nothing_runs(state):
    source = BuildsSource(state)

    assert look(source) == {}
    assert look(source) == {}


def test_two_processes_of_a_run_count_together(state):
    told = roster.Roster(roster.new_path(os.fsencode(state), "run-a"))
    processes = [started(sys.executable, "-c", "print(end='!', flush=True); input()") for _ in "12"]
    source = BuildsSource(state)
    try:
        told.joined(processes[0].pid)
        one = look(source)
        told.joined(processes[1].pid)
        two = look(source)
        told.left(processes[0].pid)
        back = look(source)
    finally:
        for process in processes:
            ended(process)

    count, memory = ("run-a", "buildopt.build.process.count"), ("run-a", "process.memory.usage")
    assert [seen[count] for seen in (one, two, back)] == [1, 2, 1]
    assert two[memory] > 1.5 * one[memory] > 0
    assert one["cicd.pipeline.run.active"] == 1
    assert two["buildopt.builds.process.count"] == 2


def test_processor_time_and_written_bytes_are_those_since_the_look_before(state, tmp_path):
    clock = Clock()
    source = BuildsSource(state, mono_ns=clock)
    assert look(source) == {}
    told = roster.Roster(roster.new_path(os.fsencode(state), "run-a"))
    writer = started(sys.executable, "-c", WRITE, str(tmp_path / "written"))
    spinner = started(sys.executable, "-c", SPIN)
    try:
        told.joined(writer.pid)
        told.joined(spinner.pid)
        seen, spun_s = [], 0.0
        while spun_s < 0.3:
            clock.now_ns += 1_000_000_000
            seen.append(look(source))
            spun_s += seen[-1][("run-a", "process.cpu.time")]
    finally:
        ended(writer)
        ended(spinner)

    written = [s["run-a", "process.disk.io{disk.io.direction=write}"] for s in seen]
    assert written[0] >= 4_000_000 > sum(written[1:])
    utilization = seen[-1][("run-a", "process.cpu.utilization")]
    assert utilization == pytest.approx(
        min(1.0, seen[-1][("run-a", "process.cpu.time")] / os.cpu_count())
    )


def test_an_ended_run_is_told_once_as_none(state):
    path = roster.new_path(os.fsencode(state), "run-a")
    told = roster.Roster(path)
    told.joined(os.getpid())
    source = BuildsSource(state)
    assert look(source)["cicd.pipeline.run.active"] == 1
    roster.remove(path)

    assert look(source)["cicd.pipeline.run.active"] == 0
    assert look(source) == {}


def test_the_roster_of_a_killed_run_is_taken_away(state):
    path = roster.new_path(os.fsencode(state), "run-a")
    process = started(sys.executable, "-c", "print(end='!', flush=True); input()")
    roster.Roster(path).joined(process.pid)
    ended(process)
    source = BuildsSource(state)
    look(source)
    assert os.path.exists(path), "its supervisor may only be about to write"
    os.utime(path, (0, time.time() - UNTOUCHED_S - 1))

    look(source)

    assert not os.path.exists(path)


def test_a_torn_or_foreign_line_is_passed_over(state):
    path = roster.new_path(os.fsencode(state), "run-a")
    source = BuildsSource(state)
    with open(path, "wb", buffering=0) as file:
        file.write(b"+%d" % os.getpid())
        before = look(source)
        file.write(b"\nnonsense\n+\n-\n\0\xff\n+99999999\n")
        after = look(source)

    assert before["buildopt.builds.process.count"] == 0
    assert after["buildopt.builds.process.count"] == 1


def test_no_trace_is_left_when_the_monitor_parts(tmp_path):
    invite(str(tmp_path))
    roster.Roster(roster.new_path(os.fsencode(tmp_path), "run-a")).joined(1)

    part(str(tmp_path))

    assert not any(tmp_path.iterdir())
