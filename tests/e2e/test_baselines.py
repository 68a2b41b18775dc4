"""Baselines from real builds, by the installed command and without a monitor."""

import json
import subprocess
import time
from dataclasses import replace

import pytest

from buildopt.deployment import machine_class
from buildopt.events import encode
from buildopt.journal import Journal
from tests.unit.baseline.conftest import build, durations

SLOWER = durations(90, step_at=60, step=1.12)


@pytest.fixture
def history(rig):
    """Writes builds of the rig's project into its journal."""

    def write(values, **data):
        journal = Journal(state=str(rig.state).encode(), source="/h/p/1", run_id="")
        for n, value in enumerate(values):
            one = build(n, value, project="project", machine=machine_class(), **data)
            journal._write(encode(one), one.time_ns)

    return write


def asked(rig, *words, status=0):
    done = rig.call(*words)
    assert done.returncode == status, done.stderr.decode()
    return json.loads(done.stdout)


def test_check_fails_for_a_slower_build_until_it_is_accepted(rig, history):
    history(SLOWER)

    failed = asked(rig, "check", "--json", status=1)
    (finding,) = failed["findings"]
    assert finding["effect"] == pytest.approx(0.12, abs=0.03)
    assert b"worse: build duration" in rig.call("check").stdout

    accepted = asked(rig, "baseline", "accept", finding["finding"], "--json")
    assert asked(rig, "check", "--json")["status"] == "passed"
    assert asked(rig, "baseline", "accept", finding["finding"], "--json") == accepted
    again = rig.call("baseline", "accept", finding["finding"])
    assert again.returncode == 0
    assert again.stdout.startswith(b"accepted already: build duration")


def test_check_says_that_there_is_no_history(rig):
    assert asked(rig, "check", "--json")["status"] == "no-history"
    assert rig.call("check", "--require-history").returncode == 3
    assert not asked(rig, "check", "--require-history", "--json", status=3)["passed"]

    rig.script("build.sh", "echo built > out")
    rig.run("--input", "in", "--output", "out", "--", "./build.sh")

    found = asked(rig, "check", "--json")
    assert found["passed"]
    assert {row["progress"] for row in found["series"]["learning"]} == {"learning, 1 of 10 builds"}


def test_check_goes_on_from_the_history_of_a_ci_cache(rig, history, tmp_path):
    history(SLOWER)
    cache = str(tmp_path / "history.json")
    rig.call("check", "--history", cache)

    rig.environ["BUILDOPT_STATE_DIR"] = str(tmp_path / "next-job")
    found = asked(rig, "check", "--history", cache, "--json", status=1)

    assert len(found["findings"]) == 1
    (tmp_path / "history.json").write_text("{}")
    assert rig.call("check", "--history", cache).returncode == 2


def test_a_budget_is_kept_or_not(rig, history):
    history(durations(20))

    def check(budget):
        return rig.call("check", "--budget", budget).returncode

    assert check("duration:build<=90s") == 0
    assert check("duration:bui*<=30s") == 1
    assert check("duration<=+50%") == 0
    assert check("duration fast") == 2
    told = asked(rig, "check", "--budget", "duration:biuld<=90s", "--json")
    assert told["unknown_budgets"] == ["duration:biuld<=90s"]
    assert b"not judged" in rig.call("check", "--budget", "duration:biuld<=90s").stdout


def test_what_is_usual_is_listed_and_shown(rig, history, tmp_path):
    history(SLOWER)

    listed = asked(rig, "baseline", "list", "--json")["series"]
    shown = asked(rig, "baseline", "show", "build duration", "--json", "--plot", "p.svg")

    assert {row["metric"] for row in listed} == {"duration", "hit_ratio"}
    assert len(shown["builds"]) == 90
    assert shown["time_of_day"] == {"progress": "learning, 3 of 5 days"}
    assert b"time of day: learning, 3 of 5 days" in rig.call("baseline", "show", "build dur").stdout
    assert shown["p50"] == pytest.approx(67, abs=2)
    assert b"1 lasting change found" in rig.read("p.svg")
    assert rig.call("baseline", "show", "nothing").returncode == 2
    asked(rig, "baseline", "reset", shown["series"], "--json")
    assert asked(rig, "baseline", "show", shown["series"], "--json")["count"] == 0


def test_a_replay_tells_the_same_bytes(rig, history):
    history(SLOWER)
    rig.call("check")

    again = rig.call("monitor", "replay", "--plugin", "baseline").stdout.splitlines()

    told = [
        e for kind in ("suspected", "confirmed") for e in rig.events(f"buildopt.baseline.{kind}")
    ]
    assert sorted(again) == sorted(encode(replace(event, position="")) for event in told) != []


def test_bench_confirm_settles_a_suspicion_in_two_work_trees(rig, history):
    def git(*words):
        identity = ("-c", "user.name=a", "-c", "user.email=a@b")
        done = subprocess.run(
            ["git", *identity, *words], cwd=rig.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q", "-b", "main")
    rig.script("build.sh", "true\n")
    git("add", ".")
    git("commit", "-q", "-m", "fast")
    fast = git("rev-parse", "HEAD")
    rig.script("build.sh", "sleep 0.1\n")
    git("commit", "-q", "-a", "-m", "slow")
    slow = git("rev-parse", "HEAD")
    place = {"command": ["./build.sh"], "directory": str(rig.root), "root": str(rig.root)}
    history(durations(60), commit=fast, **place)
    journal = Journal(state=str(rig.state).encode(), source="/h/p/1", run_id="")
    for n, value in enumerate(durations(7, level=67, seed=5), 60):
        one = build(n, value, project="project", machine=machine_class(), commit=slow, **place)
        one.data["run_id"] = one.run
        journal._write(encode(one), one.time_ns)
    (suspected,) = asked(rig, "check", "--json")["suspected"]

    told = asked(rig, "bench", "--confirm", suspected["finding"], "--runs", "6", "--json")

    assert told["answer"] == "slower"
    assert (told["before"]["version"], told["after"]["version"]) == (fast, slow)
    (finding,) = asked(rig, "check", "--json", status=1)["findings"]
    assert finding["bench"]["answer"] == "slower"
    assert git("worktree", "list").count("\n") == 0


def test_bench_learns_the_times_of_a_command(rig):
    told = asked(rig, "bench", "--runs", "2", "--warmup", "0", "--json", "--", "true")

    assert len(told["times_s"]) == 2
    assert asked(rig, "baseline", "show", "true bench", "--json")["count"] == 1
    assert rig.call("bench", "--", "false").returncode == 2
    assert rig.call("bench", "--", "./none").returncode == 2
    assert rig.call("bench").returncode == 2
    assert rig.call("bench", "--before", "nothing", "--", "true").returncode == 2


def test_bench_takes_one_side_to_hold_a_command_against(rig):
    told = rig.call("bench", "--before", "a", "--reference", "b", "--", "true")

    assert told.returncode == 2
    assert b"`--reference` and `--before` both say what it is held against" in told.stderr


def test_bench_waits_for_its_time_of_day_as_long_as_the_monitor_runs(rig):
    assert b"no monitor" in rig.call("bench", "--schedule", "03:30", "--", "true").stderr
    ready = rig.place / "ready.json"
    monitor = rig.start("monitor", "--port", "0", "--ready-file", str(ready))
    try:
        while not ready.exists():
            assert monitor.poll() is None
            time.sleep(0.02)
        scheduled = rig.start("bench", "--schedule", "03:30", "--", "true")
        assert b"waiting until" in scheduled.stderr.readline()
    finally:
        monitor.terminate()
        monitor.communicate()

    assert b"the monitor has ended" in scheduled.communicate(timeout=30)[1]
    assert scheduled.returncode == 0
