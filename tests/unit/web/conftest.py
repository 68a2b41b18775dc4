"""The plugin's routes on a real server and index, and its consumer on a real file."""

import json
from contextlib import closing
from http.client import HTTPConnection

import pytest

from buildopt.events import CacheStored, StoredOutput
from buildopt.monitor.consumer import FileState
from buildopt.monitor.http import Server, Shown
from buildopt.monitor.plugin_file import PluginFile
from monitor_plugins.web.consumer import Web
from monitor_plugins.web.limits import Tally
from monitor_plugins.web.panels import routes
from monitor_plugins.web.plugin import http_routes
from monitor_plugins.web.receiving import PURPOSE, Receiver
from tests.unit.dashboard.conftest import TOKEN, Place

PAGE = {
    "v": 1,
    "page": "/orders/4711?from=mail",
    "build": "",
    "ready": 310,
    "names": ["/assets/index-AAAA1111.js"],
    "vitals": [["LCP", 812.5, 812.5, "v6-1", "good", "navigate"]],
    "chunks": [["/assets/list-CCCC3333.js", 1204, 38.2, 4211, 12033]],
    "failed": ["/assets/gone-DDDD4444.js"],
    "measures": [["List", 3.2]],
}


class Site(Place):
    """A state folder with a monitor's server, for pages to send to."""

    def serve(self):
        self.server = Server(
            "127.0.0.1", 0, TOKEN, Shown(self.known.health, str, tuple(http_routes(self.known)))
        )
        self.server.start()

    def stop(self):
        self.server.stop()
        self.importer.close()
        self.known.close()

    def build(self, run, files):
        outputs = tuple(StoredOutput(path, "file", size) for path, size in files.items())
        stored = CacheStored(task="build", record="r", entry="e", outputs=outputs)
        self.journal(run).append(stored)
        self.catch_up()

    def send(self, body, token=None, **headers):
        """What a page of another site does; the status."""
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        token = self.known.token(PURPOSE) if token is None else token
        headers = {"content-type": "text/plain", "origin": "http://localhost:5173"} | headers
        with closing(HTTPConnection("127.0.0.1", self.server.doors.port, timeout=10)) as sender:
            sender.request("POST", f"/api/v1/vitals?token={token}", body, headers)
            answer = sender.getresponse()
            answer.read()
            return answer.status

    def emit(self, event):
        return self.journal().emit(
            event.type, event.data, subject=event.subject, severity=event.severity
        )

    def told(self, kind):
        self.catch_up()
        return [row["data"] for row in reversed(self.known.events(types=(kind,), limit=1_000))]

    def panel(self, name, **query):
        from buildopt.monitor.hookspecs import Request

        self.catch_up()
        (route,) = (each for each in routes(self.known) if each.path.endswith(name))
        answer = route.handler(Request("GET", route.path, {}, query, {}, b""))
        return json.loads(answer.body)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "state").mkdir()
    site = Site(tmp_path / "state")
    site.serve()
    yield site
    site.stop()


@pytest.fixture
def receiver(site):
    return Receiver(site.known, Tally())


class Watcher:
    """The plugin's consumer with its file."""

    def __init__(self, path):
        self.file = PluginFile(str(path))
        self.state = FileState(self.file, is_ticking=False)
        self.consumer = Web()
        with self.file.transaction():
            self.consumer.migrate(self.state)

    def take(self, *events):
        with self.file.transaction():
            return list(self.consumer.handle(events, self.state))


@pytest.fixture
def watcher(tmp_path):
    made = Watcher(tmp_path / "web.sqlite")
    yield made
    made.file.close()
