"""What routes of plugins can ask, in the host and in a process of their own."""

import json

import pytest

from buildopt.journal import Journal
from buildopt.monitor.choice import Choice
from buildopt.monitor.hookspecs import Request
from buildopt.monitor.importer import Importer
from buildopt.monitor.loading import load

SOURCE = """
import json
from buildopt.monitor.hookspecs import Response, Route, fact, hookimpl
BUILDOPT_API = 1

@hookimpl
def http_routes(known):
    def answer(request):
        told = [row["data"] for row in known.events(types=("buildopt.deploy.",))]
        try:
            known.emit(fact("buildopt.deploy.seen", {}, time_ns=1))
            wrote = True
        except PermissionError as error:
            wrote = str(error)
        try:
            token = known.token("deploys")
        except PermissionError as error:
            token = str(error)
        told = [told, known.health()["status"], wrote, token]
        return Response(200, json.dumps(told).encode())
    return [Route("GET", "/api/v1/deploys", answer, is_open=True)]
"""


@pytest.mark.parametrize("trusted", [True, False])
def test_a_route_of_a_stranger_asks_the_index(tmp_path, plugin_folder, trusted):
    state = tmp_path / "state"
    journal = Journal(state=str(state).encode(), source="/h/p/1", run_id="r")
    journal.emit("buildopt.deploy.finished", {"target": "staging"})
    importer = Importer(str(state))
    importer.catch_up()
    importer.close()
    choice = Choice(trusted=["asking"] if trusted else [], state=str(state))
    loaded = load(choice, [plugin_folder.write("asking", SOURCE)])
    try:
        ((_, route),) = loaded.contributions("http_routes")
        answer = route.handler(Request("GET", "/api/v1/deploys", {}, {}, {}, b""))
    finally:
        loaded.close()

    assert route.is_open
    assert json.loads(answer.body) == [
        [{"target": "staging"}], "warn", "only a plugin that is trusted may write events",
        "only a plugin that is trusted has a token",
    ]  # fmt: skip
