"""The whole monitor in this process, with a plugin that contributes everything."""

import json
import os
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from threading import Event as Signal

import pytest

from buildopt.errors import BuildoptError
from buildopt.events import CacheEvicted, HealthChanged
from buildopt.journal import Journal, read_backwards
from buildopt.monitor.hookspecs import HealthState, Measurement, Response, Route, hookimpl
from buildopt.monitor.loading import Choice, Plugins
from buildopt.monitor.manager import STOP_WITHIN_S, Monitor
from buildopt.monitor.place import Place, ready_path

EVENT = CacheEvicted(records=1, files=1, bytes_freed=1, limit_bytes=1)
SLACK_S = 1.0
"""What a loaded machine may add to the time that is promised."""


class Everything:
    """A plugin; what it contributes does what `acts` says."""

    BUILDOPT_API = 1
    name, version, types, state_version = "counter", "1", (EVENT.type,), 1
    interval_s = 0.5

    def __init__(self, acts="well"):
        self.acts, self.seen, self.may_end = acts, 0, Signal()

    def handle(self, batch, state):
        if self.acts == "hangs":
            self.may_end.wait(30)
        self.seen += len(batch)
        return ()

    def migrate(self, state):
        pass

    def sample(self, now_ns):
        if self.acts == "hangs":
            self.may_end.wait(30)
        return [Measurement("custom.queue.length", 7, "{job}", {"queue": "a"})]

    def check(self, now_ns):
        return HealthState("fail" if self.acts == "fails" else "pass", "as it says", 1)

    @hookimpl
    def consumers(self):
        return [self]

    @hookimpl
    def metric_sources(self):
        return [self]

    @hookimpl
    def health_checks(self):
        return [self]

    @hookimpl
    def http_routes(self):
        return [Route("GET", "/things/{id}", lambda r: Response(200, r.parameters["id"].encode()))]


class Running:
    def __init__(self, monitor):
        self.monitor, self.doors = monitor, monitor.server.doors

    def get(self, path):
        return self.ask(path, self.doors.token)[1]

    def ask(self, path, token):
        with closing(HTTPConnection("127.0.0.1", self.doors.port, timeout=20)) as connection:
            bearer = {"authorization": f"Bearer {token}"} if token else {}
            connection.request("GET", path, headers=bearer)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def components(self):
        rows = json.loads(self.get("/api/v1/health"))["components"]
        return {row["name"]: row for row in rows}


class Greedy:
    """A plugin that claims what others and the monitor answer, for pages of all sites."""

    BUILDOPT_API = 1

    @hookimpl
    def http_routes(self):
        paths = ("/things/12", "/api/v1/health", "/assets/page.css", "/mine")
        return [
            Route("GET", path, lambda _: Response(200, b"mine"), is_open=True) for path in paths
        ]


@contextmanager
def running(folder, plugin, *more):
    plugins = Plugins(Choice())
    plugins.add_object("everything", plugin)
    for number, each in enumerate(more):
        plugins.add_object(f"more-{number}", each)
    state = os.fsencode(folder)
    journal = Journal(state=state, source="/h/monitor/1", run_id="", environment="e", machine="m")
    place = Place(state=str(folder), cache=str(folder / "cache"), token="t")
    monitor = Monitor(place, plugins, journal)
    monitor.start()
    try:
        yield Running(monitor)
    finally:
        plugin.may_end.set()
        monitor.stop()


def wait_until(what, for_s=20.0):
    until_s = time.monotonic() + for_s
    while not (found := what()):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    return found


def test_what_a_plugin_contributes_is_run_served_and_looked_at(tmp_path):
    plugin = Everything()
    with running(tmp_path, plugin) as monitor:
        writer = Journal(state=os.fsencode(tmp_path), source="/h/p/1", run_id="r")
        writer.append(EVENT)
        wait_until(lambda: plugin.seen == 1)
        route = monitor.get("/things/12")
        metrics = wait_until(lambda: "custom_queue_length" in (m := monitor.get("/metrics")) and m)
        rows = wait_until(lambda: "everything: counter" in (c := monitor.components()) and c)

    assert route == "12"
    assert 'custom_queue_length{queue="a"} 7' in metrics
    assert rows["plugin counter"]["status"] == rows["source counter"]["status"] == "pass"
    assert rows["everything: counter"]["output"] == "as it says"


def test_a_plugin_opens_and_takes_no_route_of_another_one(tmp_path):
    with running(tmp_path, Everything(), Greedy()) as monitor:
        told = wait_until(lambda: monitor.components().get("plugins"))
        asked = {path: monitor.ask(path, "") for path in ("/things/12", "/api/v1/health", "/mine")}
        things = monitor.get("/things/12")

    assert {path: status for path, (status, _) in asked.items()} == {
        "/things/12": 401, "/api/v1/health": 401, "/mine": 200,
    }  # fmt: skip
    assert (things, asked["/mine"][1]) == ("12", "mine")
    assert (told["status"], told["observed"]) == ("warn", 1)
    assert told["output"] == (
        "more-0: route `GET /things/12` is already one of plugin `everything`; "
        "route `GET /api/v1/health` is already one of the monitor; "
        "route `GET /assets/page.css` is already one of the monitor"
    )


def test_a_component_that_fails_is_an_event_and_does_not_let_all_fail(tmp_path):
    with running(tmp_path, Everything("fails")) as monitor:
        wait_until(lambda: "everything: counter" in monitor.components())
        word = monitor.get("/healthz")
    events = read_backwards(os.fsencode(tmp_path))
    (told,) = [e for e in events if e.type == HealthChanged.type and "counter" in e.subject]

    assert word == "warn\n"
    assert told.data["component"] == told.subject == "everything: counter"
    assert (told.data["status"], told.environment, told.machine) == ("fail", "e", "m")


def test_a_plugin_that_hangs_does_not_keep_it_from_ending(tmp_path):
    plugin = Everything("hangs")
    with running(tmp_path, plugin) as monitor:
        Journal(state=os.fsencode(tmp_path), source="/h/p/1", run_id="r").append(EVENT)
        wait_until(lambda: monitor.monitor._host.health()[0].progress.status == "running")
        began_s = time.monotonic()
        in_time = monitor.monitor.stop()
        took_s = time.monotonic() - began_s

    assert not in_time
    assert took_s < STOP_WITHIN_S + SLACK_S


def test_a_ready_file_that_cannot_be_written_ends_it_again(tmp_path):
    (tmp_path / "file").touch()
    below_file = str(tmp_path / "file" / "ready.json")
    place = Place(str(tmp_path), str(tmp_path), token="t", ready_file=below_file)
    journal = Journal(state=os.fsencode(tmp_path), source="/h/monitor/1", run_id="")

    with pytest.raises(BuildoptError) as error:
        Monitor(place, Plugins(Choice()), journal).start()

    assert error.value.slug == "ready-file"
    assert not os.path.exists(ready_path(str(tmp_path)))
    assert not (tmp_path / "running").exists()
    with running(tmp_path, Everything()) as monitor:
        assert monitor.get("/healthz") == "pass\n"
