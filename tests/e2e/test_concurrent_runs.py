"""Two runs at once: of one task, of different ones, beside what a killed one left behind."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from buildopt.cache import survivors
from tests.rig import Puppet

DECLARED = ("--observe", "declared", "--input", "src/**", "--output", "out")
TRACED = ("--observe", "seccomp")


@pytest.fixture
def project(rig):
    """A build that removes what it made, so that a second one at the same time would show."""
    rig.script("build.sh", "rm -rf out; mkdir out; cat src/a > out/a; echo built")
    rig.write("src/a", "a")
    return rig


def start_all(rig, run, count):
    return [rig.start("run", *run) for _ in range(count)]


@pytest.fixture(autouse=True)
def nobody_left(project, monkeypatch):
    """Ends runs of a test that failed: they wait for orders that nobody gives."""
    started = []
    start = project.start
    monkeypatch.setattr(
        project, "start", lambda *words: started.append(start(*words)) or started[-1]
    )
    yield
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def outcomes(runs):
    lines = [run.communicate()[1].decode().splitlines()[-1] for run in runs]
    return sorted(line.split()[1] for line in lines)


@pytest.mark.parametrize("way", [DECLARED, TRACED])
def test_of_runs_of_one_task_at_once_one_builds_and_the_others_hit(project, way):
    run = (*way, "--", "./build.sh")
    project.run(*run)
    project.write("src/a", "b")
    (path,) = (project.cache / "v1/checkouts").rglob("*.lock")

    with path.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        running = start_all(project, run, 3)
        for process in running:
            _wait_until_open(process.pid, path)

    assert outcomes(running) == ["executed", "fresh", "fresh"]


def _wait_until_open(pid, path):
    """Until a process has the file open: a lock it then looks at again and again."""
    while str(path) not in open_files(f"/proc/{pid}"):
        os.sched_yield()


def open_files(process):
    """Targets of a process's descriptors; none where it is gone."""
    found = []
    for link in Path(process, "fd").glob("*"):
        try:
            found.append(os.readlink(link))
        except OSError:
            continue
    return found


def test_runs_of_different_tasks_never_wait_for_each_other(project):
    command, puppet = project.puppet("./build.sh")
    running = project.start("run", *DECLARED, "--", *command)
    puppet.wait_for_start()

    done = project.run("--input", "src/**", "--output", "other", "--", "cp", "src/a", "other")

    assert done.outcome == "executed"
    assert done.result["stored"]
    puppet.go_on()
    assert outcomes([running]) == ["executed"]


def test_what_another_run_puts_into_a_folder_meanwhile_is_not_given_back_with_it(project):
    talk = "if test -e order; then echo > started; read -r order < order; fi"
    project.script("mine.sh", f"mkdir -p out; {talk}; echo mine > out/mine")
    project.script("theirs.sh", "mkdir -p out; cat src/a > out/theirs")
    for name in ("started", "order"):
        os.mkfifo(project.root / name)
    ignored = ("--ignore-input", "order", "--ignore-input", "started")
    mine, theirs = (*TRACED, *ignored, "--", "./mine.sh"), (*TRACED, "--", "./theirs.sh")
    puppet = Puppet(project.root)
    running = project.start("run", *mine)
    puppet.wait_for_start()
    project.run(*theirs)
    puppet.go_on()
    assert running.wait() == 0
    assert project.last_result()["stored"]
    (project.root / "order").unlink()
    project.write("src/a", "b")
    project.run(*theirs)

    project.run(*mine)

    assert project.read("out/theirs") == b"b"


def test_what_survives_a_killed_run_keeps_the_next_one_from_being_recorded(project):
    project.script("build.sh", "mkdir -p out; test ! -e wait || read -r order < wait; echo > out/a")
    run = (*DECLARED, "--", "./build.sh")
    os.mkfifo(project.root / "wait")
    killed = project.start("run", *run)
    with (project.root / "wait").open("w"):  # the command has opened it
        killed.kill()
        killed.wait()
        (project.root / "wait").unlink()

        beside = project.run(*run)
        holders = [
            process for process in Path("/proc").glob("[0-9]*") if _holds_life(project, process)
        ]
    killed.communicate()  # its output ends when the survivor does
    alone = project.run(*run)

    assert len(holders) == 1
    assert (beside.status, beside.not_stored) == (0, [("survivor", "earlier run")])
    assert alone.result["stored"]


def _holds_life(rig, process):
    return any(str(rig.cache) in path and path.endswith(".alive") for path in open_files(process))


def test_a_prune_and_a_background_sweep_tell_what_they_took(project):
    limit = [sys.executable, "-m", "buildopt.cache.background", project.cache, "1", "3600"]
    told = []
    for sweep in ([*limit], None):
        project.run(*DECLARED, "--", "./build.sh")
        shutil.rmtree(project.root / "out")
        if sweep:
            subprocess.run(sweep, env=project.environ, check=True)
        else:
            project.call("cache", "prune", "--limit", "1")
        told.append(project.events("buildopt.cache.evicted")[-1].data)

    assert [event["records"] for event in told] == [1, 1]
    assert all(event["files"] > 2 and event["bytes_freed"] > 0 for event in told)
    assert [event["limit_bytes"] for event in told] == [1, 1]


def test_nobody_else_may_look_into_the_cache(project):
    project.run(*DECLARED, "--", "./build.sh")

    assert project.cache.stat().st_mode & 0o777 == 0o700


def test_a_second_life_waits_until_the_first_is_over(tmp_path):
    path = str(tmp_path / "task.alive")
    first = survivors.begin(path)
    beside = survivors.begin(path, wait_s=0)
    first.close()
    still_beside = survivors.begin(path, wait_s=0)
    beside.close()
    still_beside.close()
    alone = survivors.begin(path)
    alone.close()

    assert (first.is_shared, beside.is_shared, still_beside.is_shared) == (False, True, True)
    assert not alone.is_shared
