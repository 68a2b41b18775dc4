"""The plugin in the monitor's host: real journal, real file, real receiver."""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from buildopt.journal import Journal
from buildopt.monitor.choice import Choice
from buildopt.monitor.hookspecs import Delivery
from buildopt.monitor.host import Host
from buildopt.monitor.loading import Plugins
from monitor_plugins.alert import plugin


class Recorder:
    """A channel of another plugin that remembers."""

    name = "recorder"

    def __init__(self) -> None:
        self.came: list[tuple[float, object]] = []
        self.answers: list[Delivery] = []
        self.news = threading.Event()

    def send(self, notification):
        self.came.append((time.time(), notification))
        self.news.set()
        return self.answers.pop(0) if self.answers else Delivery("delivered")

    def wait_for(self, count: int) -> list:
        ends_s = time.monotonic() + 20
        while len(self.came) < count and time.monotonic() < ends_s:
            self.news.wait(0.05)
            self.news.clear()
        return [note for _, note in self.came]


class Elsewhere:
    BUILDOPT_API = 1

    def __init__(self, channel: Recorder) -> None:
        from buildopt.monitor.hookspecs import hookimpl

        self.notification_channels = hookimpl(lambda: [channel], specname="notification_channels")


OPTIONS = {
    "notify": ["recorder"],
    "rules": {
        "m": {
            "signal": {"metric": "m"},
            "levels": {"warning": {"fire": 5}},
            "for": 0,
            "keep": 0,
            "identity": ["n"],
            "repeat": 0,
            "group_interval": 0,
        },
        "build-failure": {"group_interval": 0},
    },
}


class Machine:
    def __init__(self, folder, channel: Recorder) -> None:
        self.folder = str(folder)
        os.makedirs(folder, exist_ok=True)
        self.channel = channel
        self.journal = Journal(state=os.fsencode(self.folder), source="/h/p/1", run_id="r1")

    def start(self) -> Host:
        plugins = Plugins(Choice(options={"alert": OPTIONS}))
        plugins.add_object("alert", plugin)
        plugins.add_object("elsewhere", Elsewhere(self.channel))
        plugins.ask_all()
        assert [row.reason for row in plugins.rows] == ["", ""]
        self.checks = {
            each.thing.name: each.thing for each in plugins.contributions("health_checks")
        }
        host = Host(self.folder, plugins)
        host.start()
        return host

    def emit(self, kind: str, **data):
        self.journal.emit(kind, data)

    def sample(self, value: float, **labels):
        self.emit("buildopt.metric.sample", metric="m", value=value, labels=labels)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "state", Recorder())


def test_event_arrives_at_a_channel_and_so_does_its_end(machine) -> None:
    host = machine.start()
    try:
        machine.emit("buildopt.run.finished", task="build", exit_code=1, outcome="executed")
        fired = machine.channel.wait_for(1)[0]
        machine.emit("buildopt.run.finished", task="build", exit_code=0, outcome="executed")
        over = machine.channel.wait_for(2)[-1]
    finally:
        host.stop()

    assert [entry["kind"] for entry in fired.data["entries"]] == ["fired"]
    assert "the build fails: `build`" in fired.title
    assert [entry["kind"] for entry in over.data["entries"]] == ["resolved"]
    assert fired.key != over.key


def test_failure_is_told_once_in_a_project_with_an_address(machine) -> None:
    project = "https://example.org/owner/name"
    machine.journal.source = f"/h/{project}/1"
    host = machine.start()
    try:
        machine.emit("buildopt.task.finished", task="build", exit_code=1, outcome="executed")
        machine.emit("buildopt.run.finished", task="build", exit_code=1, project=project)
        machine.sample(9.0, n="1")
        notes = machine.channel.wait_for(2)
    finally:
        host.stop()

    told = [entry["labels"] for note in notes for entry in note.data["entries"]]
    assert [one["project"] for one in told if "project" in one] == [project]


def test_failed_try_is_repeated_with_the_same_key(machine) -> None:
    machine.channel.answers = [Delivery("failed", "HTTP 500"), Delivery("delivered")]
    host = machine.start()
    try:
        machine.sample(9.0, n="1")
        notes = machine.channel.wait_for(2)
    finally:
        host.stop()

    assert notes[0].key == notes[1].key


def test_health_warns_of_a_channel_that_fails_and_of_what_was_given_up(machine) -> None:
    def health(wanted: str):
        ends_s = time.monotonic() + 20
        while time.monotonic() < ends_s:
            state = machine.checks["channel recorder"].check(time.time_ns())
            if wanted in f"{state.status}: {state.output}":
                return state
            time.sleep(0.01)
        raise AssertionError(state)

    machine.channel.answers = [Delivery("failed", "HTTP 503"), Delivery("refused", "HTTP 404")]
    host = machine.start()
    try:
        assert health("pass")
        machine.sample(9.0, n="1")
        machine.channel.wait_for(1)
        assert health("1 wait: HTTP 503").status == "warn"
        machine.channel.wait_for(2)
        assert health("warn: 1 given up within a day: HTTP 404")
    finally:
        host.stop()


def test_state_that_was_lost_comes_back_from_the_journal_and_nothing_is_told_again(machine) -> None:
    host = machine.start()
    machine.sample(9.0, n="1")
    first = machine.channel.wait_for(1)[0]
    machine.sample(9.0, n="2")
    machine.channel.wait_for(2)
    machine.sample(1.0, n="2")
    machine.channel.wait_for(3)
    time.sleep(0.3)
    host.stop()
    for path in Path(machine.folder, "plugins").glob("alert.*"):
        path.unlink()

    host = machine.start()
    try:
        machine.sample(1.0, n="1")
        notes = machine.channel.wait_for(4)
    finally:
        host.stop()

    (over,) = notes[3:]
    told = [(entry["kind"], entry["incident"]) for entry in over.data["entries"]]
    assert told == [("resolved", first.data["entries"][0]["incident"])]


def test_what_was_not_sent_before_the_end_is_sent_after_the_next_start_and_once(machine) -> None:
    host = machine.start()
    machine.sample(9.0, n="1")
    machine.channel.wait_for(1)
    host.stop()
    machine.sample(9.0, n="2")

    host = machine.start()
    try:
        machine.channel.wait_for(2)
        machine.sample(9.0, n="1")
        machine.sample(9.0, n="3")
        notes = machine.channel.wait_for(3)
    finally:
        host.stop()

    told = Counter(e["labels"]["n"] for note in notes for e in note.data["entries"])
    assert len({note.key for note in notes}) == len(notes)
    assert told == {"1": 1, "2": 1, "3": 1}


def test_second_monitor_on_one_state_folder_tells_nothing_twice(machine) -> None:
    first, second = machine.start(), machine.start()
    try:
        machine.sample(9.0, n="1")
        machine.channel.wait_for(1)
        machine.sample(9.0, n="2")
        machine.channel.wait_for(2)
        time.sleep(0.3)
    finally:
        first.stop()
        second.stop()

    told = Counter(e["labels"]["n"] for _, n in machine.channel.came for e in n.data["entries"])
    assert told == {"1": 1, "2": 1}


def test_commands_read_and_steer(machine, monkeypatch, capsys) -> None:
    from buildopt.cli.app import run_command_line

    monkeypatch.setenv("BUILDOPT_STATE_DIR", machine.folder)
    host = machine.start()
    try:
        machine.sample(9.0, n="1")
        machine.channel.wait_for(1)
        assert run_command_line(["alert", "list", "--json"]) == 0
        (listed,) = json.loads(capsys.readouterr().out)["alerts"]
        assert run_command_line(["alert", "ack", listed["incident"][:6], "--by", "ann"]) == 0
        assert run_command_line(["alert", "mark", listed["incident"][:6], "--false"]) == 0
        machine.sample(9.0, n="2")
        machine.channel.wait_for(2)
        assert run_command_line(["alert", "silence", "--label", "n=2", "--comment", "deploy"]) == 0
        assert "of n=2 until" in (said := capsys.readouterr().out)
        assert said.endswith("holds 1 of 2 that go on\n")
        machine.sample(9.0, n="3")
        machine.channel.wait_for(3)
        assert run_command_line(["alert", "list"]) == 0
        assert "silence  n=2  until" in capsys.readouterr().out
        machine.sample(1.0, n="3")
        machine.channel.wait_for(4)
        assert run_command_line(["alert", "stats", "--json"]) == 0
        stats = json.loads(capsys.readouterr().out)
        assert run_command_line(["alert", "list", "--json"]) == 0
        alerts = json.loads(capsys.readouterr().out)["alerts"]
    finally:
        host.stop()

    assert run_command_line(["alert", "ack", "m"]) == 2
    assert "more than one incident" in capsys.readouterr().err
    assert (stats["incidents"], stats["false_alarms"]) == (3, 1)
    assert [one["acknowledged_by"] for one in alerts] == ["ann", ""]
    assert run_command_line(["alert", "show", listed["incident"][:6]]) == 0
    assert "fired" in capsys.readouterr().out
    assert run_command_line(["alert", "show", "zzz"]) == 2
