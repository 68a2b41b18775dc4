"""`buildopt watch`: a change of what was read makes a run, and nothing else does."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.rig import PROGRAM, Rig

OBSERVE = "auto"
WAIT_S = 60.0
BUILD = """\
#!/bin/sh
mkdir -p out
cat src/*.txt > out/all.txt
echo "built $(wc -l < out/all.txt)"
"""


class Session:
    """A running session, and the events that it tells."""

    def __init__(self, rig: Rig, *arguments: str) -> None:
        self.process = subprocess.Popen(
            (PROGRAM, "watch", "--json", *arguments),
            cwd=rig.root,
            env=rig.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._threads = [threading.Thread(target=each) for each in (self._read, self._listen)]
        for thread in self._threads:
            thread.start()

    def until(self, name: str) -> dict[str, Any]:
        """The next event of that name."""
        while True:
            event = self._events.get(timeout=WAIT_S)
            if event["event"] == name:
                return event

    def result(self) -> dict[str, Any]:
        """The result of the next run."""
        return self.until("finished")["result"]

    def is_silent_for(self, seconds: float) -> bool:
        """Whether nothing at all is told."""
        try:
            self._events.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def end(self, number: int = signal.SIGTERM) -> int:
        """The exit status after a signal."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status, when all that it told was read."""
        try:
            status = self.process.wait(WAIT_S)
        finally:
            self.process.kill()
            for thread in self._threads:
                thread.join(WAIT_S)
        return status

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self._events.put(json.loads(line))

    def _listen(self) -> None:
        assert self.process.stderr
        with self.process.stderr as lines:
            self.said += lines


@pytest.fixture
def project(rig: Rig) -> Rig:
    rig.write("build.sh", BUILD, mode=0o755)
    rig.write("src/a.txt", "1\n")
    return rig


@pytest.fixture
def watch(project: Rig) -> Iterator[Callable[..., Session]]:
    sessions: list[Session] = []

    def start(*arguments: str) -> Session:
        sessions.append(Session(project, *arguments))
        return sessions[-1]

    yield start
    for session in sessions:
        session.end()


@pytest.fixture
def session(watch: Callable[..., Session]) -> Session:
    return watch("--", "./build.sh")


def test_a_changed_input_runs_again_and_back_again_is_answered(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("src/a.txt", "1\n2\n")
    changed = session.until("changed")
    second = session.result()
    project.write("src/a.txt", "1\n")
    third = session.result()

    assert changed["paths"] == ["src/a.txt"]
    assert second["outcome"] == "executed"
    assert third["outcome"] == "restored"
    assert project.read("out/all.txt") == b"1\n"


def test_a_new_file_in_a_listed_folder_runs(project: Rig, session: Session) -> None:
    session.until("ready")

    project.write("src/b.txt", "2\n")
    session.result()

    assert project.read("out/all.txt") == b"1\n2\n"


def test_what_was_not_read_and_what_is_only_touched_runs_nothing(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("notes.md", "new\n")
    os.utime(project.root / "src" / "a.txt")
    project.write("src/a.txt", "1\n")

    assert session.is_silent_for(1.5)


def test_a_removed_output_is_put_back(project: Rig, session: Session) -> None:
    session.until("ready")

    (project.root / "out" / "all.txt").unlink()

    assert session.result()["outcome"] == "restored"
    assert project.read("out/all.txt") == b"1\n"


def test_a_failing_run_is_tried_again_when_what_it_read_changes(
    project: Rig, session: Session
) -> None:
    session.until("ready")

    project.write("build.sh", "#!/bin/sh\ngrep -q good src/a.txt\n", mode=0o755)
    failed = session.result()
    project.write("src/a.txt", "good\n")
    mended = session.result()

    assert failed["exit_code"] == 1
    assert mended["exit_code"] == 0


def test_a_run_that_changes_its_own_input_pauses_and_says_so(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\necho x >> src/a.txt; wc -l < src/a.txt\n", mode=0o755)

    session = watch("--", "./build.sh")
    paused = session.until("paused")

    assert paused["paths"] == [str(project.root / "src" / "a.txt")]
    assert session.end() == 0
    assert len((project.root / "src" / "a.txt").read_text().splitlines()) == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_run_leaves_no_child(
    project: Rig, watch: Callable[..., Session], number: int
) -> None:
    project.write("build.sh", "#!/bin/sh\necho $$ > pid\nsleep 1000\n", mode=0o755)
    session = watch("--", "./build.sh")
    session.until("started")
    pid = _pid_in(project.root / "pid")

    status = session.end(number)

    assert status == 0
    assert not Path(f"/proc/{pid}").exists()


def test_with_restart_a_change_ends_the_run_that_goes_on(
    project: Rig, watch: Callable[..., Session]
) -> None:
    session = watch("--on-change", "restart", "--", "./build.sh")
    session.until("ready")
    project.write("build.sh", "#!/bin/sh\ncat src/a.txt; echo $$ > pid\nsleep 1000\n", mode=0o755)
    _pid_in(project.root / "pid")

    project.write("src/a.txt", "other\n")
    project.write("build.sh", BUILD, mode=0o755)
    ended, restarted = session.result(), session.result()

    assert ended["signal"]
    assert restarted["exit_code"] == 0
    assert session.end() == 0


def test_once_ends_after_the_first_result_with_its_status(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("build.sh", "#!/bin/sh\nexit 7\n", mode=0o755)

    session = watch("--once", "--", "./build.sh")

    assert session.wait() == 7


def test_tasks_of_the_settings_run_in_their_order(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write(
        "buildopt.toml",
        '[tasks.first]\ncommand = "./build.sh"\n'
        '[tasks.second]\ncommand = "cp out/all.txt copy.txt"\ndepends_on = ["first"]\n',
    )
    session = watch("second")
    session.until("ready")

    project.write("src/a.txt", "changed\n")
    result = session.result()

    assert [task["outcome"] for task in result["tasks"]] == ["executed", "executed"]
    assert project.read("copy.txt") == b"changed\n"
    assert session.end() == 0


def test_broken_settings_are_told_and_waited_for(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write("buildopt.toml", '[tasks.t]\ncommand = "./build.sh"\n')
    session = watch("t")
    session.until("ready")

    project.write("buildopt.toml", "[tasks.t]\ncomand = 1\n")
    broken = session.until("finished")
    project.write("buildopt.toml", '[tasks.t]\ncommand = "./build.sh"\n# mended\n')
    mended = broken
    while mended["result"] is None:  # also where a file was seen half written
        mended = session.until("finished")

    assert broken["result"] is None
    assert mended["result"]["exit_code"] == 0
    assert session.end() == 0
    assert any("comand" in line for line in session.said)


def test_a_persistent_task_is_kept_running_and_ended(
    project: Rig, watch: Callable[..., Session]
) -> None:
    project.write(
        "buildopt.toml",
        '[tasks.build]\ncommand = "./build.sh"\n'
        '[tasks.dev]\ncommand = ["sh", "-c", "echo $$ > pid; exec sleep 1000"]\n'
        'persistent = true\ndepends_on = ["build"]\ninputs = ["server.conf"]\n',
    )
    session = watch("dev")
    first = _pid_in(project.root / "pid")
    session.until("ready")
    (project.root / "pid").unlink()

    project.write("server.conf", "changed\n")
    second = _pid_in(project.root / "pid")

    assert first != second
    assert session.end() == 0
    assert not Path(f"/proc/{second}").exists()


def _pid_in(path: Path) -> int:
    """What a process writes about itself, as soon as it is there."""
    event = threading.Event()
    for _ in range(int(WAIT_S / 0.02)):
        if path.exists() and path.read_text().endswith("\n"):
            return int(path.read_text())
        event.wait(0.02)
    raise AssertionError(f"no {path}")
