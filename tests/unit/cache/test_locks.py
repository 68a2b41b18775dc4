"""Who waits for whom: for a holder that works, however long; for a stopped one a little."""

import fcntl
import os
import signal
import subprocess
import sys

import pytest

from buildopt.cache import locks

HOLD = """
import sys
from buildopt.cache import locks
locks.acquire(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""
LIMIT_S = 1.0
POLLS = round(LIMIT_S / locks.POLL_S)


class Holder:
    """A process that holds a lock until it is told to end."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self.process.stdout.readline() == b"held\n"

    def stop(self):
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self):
        os.kill(self.process.pid, signal.SIGCONT)
        os.waitid(os.P_PID, self.process.pid, os.WCONTINUED | os.WNOWAIT)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "task.lock")


@pytest.fixture
def holder(path):
    holder = Holder(path)
    yield holder
    holder.end()


@pytest.fixture
def at_poll(monkeypatch):
    """What happens at which poll instead of sleeping; and how many there were."""
    events, seen = {}, []

    def sleep(_):
        seen.append(None)
        assert len(seen) < 10 * POLLS, "it waits for ever"
        events.get(len(seen), lambda: None)()

    monkeypatch.setattr(locks.time, "sleep", sleep)
    return events, seen


def is_held_by(descriptor, path):
    """Whether nobody else gets the lock while the descriptor is open, and somebody does after."""
    with open(path) as other:
        try:
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def test_a_stopped_holder_is_waited_for_only_for_a_while(path, holder, at_poll):
    holder.stop()

    descriptor = locks.acquire(path, LIMIT_S)

    assert descriptor >= 0
    assert len(at_poll[1]) == POLLS - 1
    holder.end()
    assert not is_held_by(descriptor, path)
    os.close(descriptor)


def test_a_holder_that_works_is_waited_for_however_long_it_takes(path, holder, at_poll):
    events, seen = at_poll
    events[5 * POLLS] = holder.end

    descriptor = locks.acquire(path, LIMIT_S)

    assert len(seen) == 5 * POLLS
    assert is_held_by(descriptor, path)


def test_a_holder_that_goes_on_in_time_is_waited_for_again(path, holder, at_poll):
    events, seen = at_poll
    holder.stop()
    events[POLLS - 10] = holder.go_on
    events[POLLS + 10] = holder.stop
    events[2 * POLLS] = holder.go_on
    events[4 * POLLS] = holder.end

    descriptor = locks.acquire(path, LIMIT_S)

    assert len(seen) == 4 * POLLS
    assert is_held_by(descriptor, path)


def test_a_killed_holder_is_not_waited_for(path, holder, at_poll):
    holder.end()

    assert is_held_by(locks.acquire(path), path)
    assert not at_poll[1]


def test_a_stopped_holder_has_ten_seconds():
    assert locks.acquire.__defaults__ == (locks.STOPPED_HOLDER_S,) == (10.0,)


def test_where_no_lock_can_be_had_nobody_waits(tmp_path, monkeypatch, at_poll):
    def refuse(*_):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(locks.fcntl, "flock", refuse)

    descriptor = locks.acquire(str(tmp_path / "a.lock"))

    assert descriptor >= 0
    assert not at_poll[1]
    os.close(descriptor)
