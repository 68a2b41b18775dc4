"""`buildopt watch` when more happens than any person does."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.watch_rig import Session
from tests.rig import Rig

OBSERVE = "auto"
BUILD = """\
#!/bin/sh
mkdir -p out
cat src/*.txt > out/all.txt
cp out/all.txt src/copy.out
echo built
"""


@pytest.fixture
def project(rig: Rig) -> Rig:
    rig.write("build.sh", BUILD, mode=0o755)
    rig.write("src/a.txt", "1\n")
    return rig


@pytest.mark.parametrize("count", [5, pytest.param(1_000, marks=pytest.mark.slow)])
@pytest.mark.timeout(3_600)
def test_builds_that_write_into_watched_folders_make_no_loop(
    project: Rig, watch: Callable[..., Session], count: int
) -> None:
    session = watch("--", "./build.sh")
    session.until("ready")
    runs = []

    for number in range(count):
        project.write("src/a.txt", f"{number}\n")
        runs.append(session.until("changed")["paths"])
        session.until("finished")
    more = session.runs_until_silent_for(1.0)

    assert runs == [["src/a.txt"]] * count
    assert more == []
    assert project.read("src/copy.out") == f"{count - 1}\n".encode()


@pytest.mark.slow
def test_an_overflow_is_told_once_and_the_final_state_is_built(
    project: Rig, watch: Callable[..., Session]
) -> None:
    (project.root / "many").mkdir()
    session = watch("--", "./build.sh")
    session.until("ready")

    os.kill(session.process.pid, signal.SIGSTOP)
    for number in range(20_000):
        (project.root / "many" / str(number)).write_text("x")
    project.write("src/a.txt", "2\n")
    project.write("src/b.txt", "3\n")
    os.kill(session.process.pid, signal.SIGCONT)
    events = [event["event"] for event in session.events_until_silent_for(8.0)]
    busy_s = _cpu_s(session.process.pid)
    is_silent = session.is_silent_for(5.0)
    idle_s = _cpu_s(session.process.pid) - busy_s
    session.end()
    said = "buildopt: events were lost (queue full); all inputs checked, "

    assert events.count("lost") == 1
    assert events.count("started") in (1, 2)
    assert project.read("out/all.txt") == b"2\n3\n"
    assert is_silent
    assert idle_s < 0.5
    assert sum(line.startswith(said) for line in session.said) == 1


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_many_new_folders_and_appends_end_in_the_final_state_with_at_most_one_extra_run(
    project: Rig, watch: Callable[..., Session]
) -> None:
    build = "#!/bin/sh\nfind src -type f | sort | xargs cat | md5sum > sum\n"
    project.write("build.sh", build, mode=0o755)
    session = watch("--", "./build.sh")
    session.until("ready")
    folders = [project.root / "src" / str(number % 60) / str(number) for number in range(3_000)]

    for folder in folders:
        folder.mkdir(parents=True)
        for number in range(17):
            (folder / str(number)).write_text("x")
    for folder in folders:
        for number in range(17):
            with (folder / str(number)).open("a") as file:
                file.write("y")
    ended_s = time.time()
    events = session.events_until_silent_for(40.0)  # longer than between two full checks
    late = [e for e in events if e["event"] == "started" and e["time"] > ended_s]
    built = project.read("sum")
    _, oracle = project.always_rebuild("./build.sh")

    assert built == oracle["sum"][2]
    assert len(late) <= 2


def _cpu_s(pid: int) -> float:
    """Of the session and of what it waits for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
