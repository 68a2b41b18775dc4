"""`buildopt events`: scripts write to the stream and read it, without a monitor."""

import json
import os
import signal


def listed(rig, *arguments):
    done = rig.call("events", "list", "--json", *arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_what_is_emitted_is_listed_with_what_builds_told(rig):
    rig.script("build.sh", "echo hello > out.txt")
    rig.run("--output", "out.txt", "--", "./build.sh")
    data = json.dumps({"target": "staging", "ok": True})
    done = rig.call("events", "emit", "buildopt.deploy.finished", "--data", data, "--run", "r1")

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (event,) = listed(rig, "--type", "buildopt.deploy.")
    assert {key: event[key] for key in ("type", "run", "data")} == {
        "type": "buildopt.deploy.finished", "run": "r1", "data": {"target": "staging", "ok": True},
    }  # fmt: skip
    assert event["id"] and event["time"]
    types = [event["type"] for event in listed(rig)]
    assert types[-2:] == ["buildopt.run.finished", "buildopt.deploy.finished"]
    assert listed(rig, "--type", "buildopt.run.")[0]["data"]["outcome"] == "executed"


def test_times_choose_among_the_events(rig):
    for time, subject in (("1000", "old"), ("2026-01-02T03:04:05+00:00", "new")):
        done = rig.call("events", "emit", "buildopt.x.y", "--time", time, "--subject", subject)
        assert done.returncode == 0

    assert [e["subject"] for e in listed(rig, "--from", "2000")] == ["new"]
    assert [e["subject"] for e in listed(rig, "--to", "2000")] == ["old"]
    assert [e["time"] for e in listed(rig, "--to", "2000")] == [1_000_000_000_000]
    assert listed(rig, "--from", "30m") == []


def test_origins_choose_among_the_events(rig):
    for rig.environ["BUILDOPT_ENVIRONMENT"] in ("staging", "production"):
        rig.call("events", "emit", "buildopt.x.y")
    (staged,) = listed(rig, "--environment", "staging")
    host, project = staged["source"].split("/")[1:3]

    assert staged["environment"] == "staging"
    assert len(listed(rig, "--host", host, "--project", project)) == 2
    assert listed(rig, "--machine", staged["machine"], "--environment", "ci") == []
    assert listed(rig, "--project", "another") == listed(rig, "--host", "another") == []


def test_mistakes_are_told_and_write_nothing(rig):
    for arguments, slug in (
        (("shop.order.paid",), b"event-type"),
        (("buildopt.x", "--data", "{"), b"event-data"),
        (("buildopt.x", "--data", "[1]"), b"event-data"),
        (("buildopt.x", "--data", '{"a": NaN}'), b"event-data"),
        (("buildopt.x", "--data", '{"a": [1e999]}'), b"event-data"),
        (("buildopt.x", "--time", "yesterday"), b"usage"),
        (("buildopt.x", "--data", json.dumps({str(n): "x" * 500 for n in range(200)})), b"lost"),
    ):
        done = rig.call("events", "emit", *arguments)
        assert done.returncode == 2
        assert slug in done.stderr

    assert listed(rig) == []


def test_an_event_that_is_cut_says_so(rig):
    done = rig.call("events", "emit", "buildopt.x.y", "--data", json.dumps({"log": "x" * 70_000}))

    assert done.returncode == 0
    assert b"#event-cut" in done.stderr
    (event,) = listed(rig)
    assert event["data"]["log"].endswith("x…")


def test_the_clock_of_the_monitor_is_listed_only_if_asked_for(rig):
    rig.call("events", "emit", "buildopt.monitor.clock")

    assert listed(rig) == listed(rig, "--type", "buildopt.") == []
    assert len(listed(rig, "--type", "buildopt.monitor.")) == 1


def test_a_state_folder_that_takes_nothing_is_told(rig):
    rig.state.write_text("a file where the folder should be")

    done = rig.call("events", "emit", "buildopt.x.y")

    assert done.returncode == 2
    assert b"event-lost" in done.stderr
    assert listed(rig) == []


def test_tail_prints_events_as_they_come_and_ends_by_ctrl_c(rig):
    rig.call("events", "emit", "buildopt.x.y", "--subject", "before")
    tail = rig.start("events", "tail", "--json", "--from", "1h")
    assert json.loads(tail.stdout.readline())["subject"] == "before"
    rig.call("events", "emit", "buildopt.x.y", "--subject", "later")
    assert json.loads(tail.stdout.readline())["subject"] == "later"

    os.kill(tail.pid, signal.SIGINT)
    out, err = tail.communicate(timeout=20)

    assert (tail.returncode, out, err) == (130, b"", b"")


def test_run_that_failed_is_an_error_and_one_that_its_user_ended_is_none(rig):
    for name, text in (
        ("good", "true"),
        ("bad", "exit 3"),
        ("ended", "kill -INT $$"),
        ("unread", "kill -PIPE $$"),
    ):
        rig.script(f"{name}.sh", text)
        rig.run("--", f"./{name}.sh")

    told = listed(rig, "--type", "buildopt.run.finished")
    assert [event["severity"] for event in told] == ["info", "error", "info", "info"]
    assert {event["severity"] for event in listed(rig, "--type", "buildopt.task.finished")} == {
        "info",
        "error",
    }
    assert b"  error: " in rig.call("events", "list").stdout
