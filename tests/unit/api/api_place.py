"""A state folder to which services tell, the plugin's consumer on it, and the index of all."""

import json
import os

from buildopt.journal import Journal
from buildopt.monitor.choice import Choice
from buildopt.monitor.hookspecs import Request
from buildopt.monitor.knowledge import Knowledge
from buildopt.monitor.loading import Plugins
from buildopt.monitor.manager import evaluate
from buildopt.serving.histogram import bucket_of
from buildopt.serving.served_event import COLUMNS, SERVED
from monitor_plugins.api import panels, plugin

NS = 10**9


def row(duration_s=0.1, count=1, *, method="GET", route="/a", status=200, error=""):
    buckets = {str(bucket_of(duration_s)): count}
    return [method, route, status, error, count, duration_s * count, duration_s, buckets]


class Place:
    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.known = Knowledge(self.folder)
        self.routes = {route.path: route.handler for route in panels.routes(self.known)}

    def serve(self, at_s, *rows, service="shop", environment="development", **more):
        journal = Journal(
            state=os.fsencode(self.folder), source=f"/desk/{service}/7", run_id="",
            environment=environment, machine="m",
        )  # fmt: skip
        data = {
            "service.name": service, "scale": 3, "columns": COLUMNS, "requests": list(rows), **more,
        }  # fmt: skip
        journal.emit(SERVED, data, subject=service, time_ns=int(at_s * NS))

    def evaluate(self):
        """What the monitor does: the plugin takes what is there, and all of it is in the index."""
        plugins = Plugins(Choice())
        plugins.add_object("api", plugin)
        assert evaluate(self.folder, plugins, quiet_s=0.05) == ""

    def ask(self, name, **query):
        asked = {key: str(value) for key, value in query.items()}
        request = Request("GET", "", {}, asked, {}, b"")
        answer = self.routes[f"/api/v1/http/{name}"](request)
        return answer.status, json.loads(answer.body)
