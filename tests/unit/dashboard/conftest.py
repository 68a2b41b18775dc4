"""A state folder with builds, samples, alerts and findings in it, and the server on it."""

import json
import os
import time
from contextlib import closing
from http.client import HTTPConnection

import pytest

from buildopt import blobs
from buildopt.events import CacheLookup, CacheStored, RunFinished, TaskFinished, TaskResult
from buildopt.journal import Journal
from buildopt.model import MissReason
from buildopt.monitor.http import Server, Shown
from buildopt.monitor.importer import Importer
from buildopt.monitor.knowledge import Knowledge, Live
from buildopt.monitor.samples import Writer
from monitor_plugins.dashboard import plugin

NS = 10**9
TOKEN = "a-token-of-the-test"
RUNS = 7
HOSTILE = "<script>alert(1)</script>\x1b[31m\u202e\x07"
PROCESSES = [
    {"pid": 10, "parent_pid": 1, "command": ["/usr/bin/npm", "run"], "start_s": 0.0, "end_s": 4.0,
     "cpu_s": 0.5, "peak_memory_bytes": 9_000, "exit_code": 0},
    {"pid": 11, "parent_pid": 10, "command": ["tsc"], "start_s": 0.2, "end_s": 1.5, "cpu_s": 1.0,
     "peak_memory_bytes": 9_000, "exit_code": 0},
    {"pid": 12, "parent_pid": 10, "command": ["vite"], "start_s": 2.0, "end_s": 3.9, "cpu_s": 1.0,
     "peak_memory_bytes": 9_000, "exit_code": None},
]  # fmt: skip


class Place:
    """The folder, and who writes to it."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.known = Knowledge(self.folder)
        self.known.go_live(
            Live(lambda: {"status": "pass", "components": []}, list, self.emit, str.upper)
        )
        self.importer = Importer(self.folder)

    def journal(self, run="", environment="development"):
        return Journal(
            state=os.fsencode(self.folder), source="/desk/shop/1", run_id=run,
            environment=environment, machine="linux-x86_64-2",
        )  # fmt: skip

    def project(self, name, **more):
        """Another project, on a host of its own."""
        return Journal(
            state=os.fsencode(self.folder), source=f"/{name}-host/{name}/1",
            **{"run_id": "", "environment": "development", "machine": "linux-x86_64-2", **more},
        )  # fmt: skip

    def monitor(self, part):
        """A part of the monitor itself."""
        source = f"/vm/monitor/{part}"
        return Journal(state=os.fsencode(self.folder), source=source, run_id="", environment="")

    def emit(self, event):
        told = self.journal().emit(event.type, event.data, subject=event.subject)
        self.catch_up()
        return told

    def tell(self, kind, data, **more):
        self.journal(**{k: v for k, v in more.items() if k == "run"}).emit(kind, data)

    def build(self, run, *, task="web", environment="development", at_ns=None, exit_code=0, **more):
        journal = self.journal(run, environment)
        now_ns = at_ns or time.time_ns()
        reasons = (MissReason("file-changed", "src/App.tsx"),)
        journal.append(CacheLookup(task=task, result="miss", miss_reasons=reasons), now_ns=now_ns)
        table = json.dumps(PROCESSES).encode()
        digest = blobs.put(os.fsencode(self.folder), table, now_ns / NS)
        facts = {
            "task": task, "command": (task, "build"), "directory": ".", "outcome": "executed",
            "exit_code": exit_code, "stored": not exit_code, "miss_reasons": reasons,
            "duration_s": 4.0,
        }  # fmt: skip
        journal.append(TaskFinished(**facts, processes=digest), now_ns=now_ns)
        journal.append(
            CacheStored(task=task, record="r", entry="e", bytes_added=5_000), now_ns=now_ns
        )
        steps = (
            TaskResult(**{**facts, "task": "tsc", "duration_s": 1.5}),
            TaskResult(**{**facts, "task": "vite", "duration_s": 2.0}, started_s=2.0),
        )
        done = RunFinished(**{"run_id": run, **facts, "tasks": steps, **more})
        journal.append(done, now_ns=now_ns)

    def catch_up(self):
        while self.importer.catch_up():
            pass


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path / "state")
    yield place
    place.importer.close()
    place.known.close()


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """A folder with something of everything; read only."""
    place = Place(tmp_path_factory.mktemp("dashboard") / "state")
    now_ns = time.time_ns()
    for number in range(RUNS):
        place.build(
            f"run-{number}", environment="ci" if number % 2 else "development",
            at_ns=now_ns - (RUNS - number) * 60 * NS, exit_code=number % 3 == 1,
        )  # fmt: skip
    place.build("run-hostile", task=HOSTILE, at_ns=now_ns - 10 * NS)
    samples = Writer(place.folder)
    for second in range(120):
        values = {"system.cpu.utilization": second / 120, "system.memory.utilization": 0.5}
        samples.append("system", now_ns - (120 - second) * NS, values)
    place.tell("buildopt.alert.fired", {
        "incident": "3f2a", "rule": "memory", "level": "warning", "title": f"memory {HOSTILE}",
        "since": now_ns / NS - 60, "value": 0.9, "labels": {"host": "desk"},
    })  # fmt: skip
    place.tell("buildopt.baseline.confirmed", {
        "finding": "ab12", "name": f"duration of {HOSTILE}", "direction": "worse", "before": 2.0,
        "after": 3.0, "effect": 0.5, "confidence": 0.999, "unit": "s", "project": "shop",
        "since_run": "run-3", "since_ns": now_ns, "cause": {"text": "commit `1a2b`"},
    })  # fmt: skip
    document = {"kind": "bundle", "files": [{"path": "main.js", "raw": 900}], "modules": []}
    digest = blobs.put(os.fsencode(place.folder), json.dumps(document).encode(), now_ns / NS)
    place.tell("buildopt.bundle.analyzed", {
        "kind": "bundle", "output": "dist", "totals": {"raw": 900, "gzip": 300}, "task": "web",
        "packages": [{"name": HOSTILE, "versions": ["1"], "bytes": 500}], "duplicates": 1,
        "files": [{"path": "main.js", "sizes": {"raw": 900, "gzip": 300}}], "document": digest,
    }, run="run-3")  # fmt: skip
    place.catch_up()
    yield place
    place.importer.close()
    place.known.close()


@pytest.fixture(scope="module")
def server(full):
    served = serving(full)
    yield served
    served.stop()


def serving(place, panels=()):
    routes = tuple(plugin.http_routes(panels, place.known))
    server = Server("127.0.0.1", 0, TOKEN, Shown(place.known.health, lambda: "", routes))
    server.start()
    return server


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.body)


def ask(server, path, method="GET", body=None, **headers):
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers.setdefault("authorization", f"Bearer {TOKEN}")
    if body is not None:
        headers.setdefault("content-type", "application/json")
        body = json.dumps(body)
    with closing(HTTPConnection("127.0.0.1", server.doors.port, timeout=20)) as connection:
        connection.request(method, path, body, headers)
        return Answer(connection.getresponse())
