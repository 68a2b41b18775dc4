"""A service beside the monitor: from its middleware, its access log and its metrics to alerts."""

import json
import shutil
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tests.e2e.test_monitor import monitor, wait_until

OBSERVE = "auto"
APP = """
import asyncio, os, signal
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from buildopt.integrations.asgi import BuildoptMiddleware

async def item(request):
    await asyncio.sleep(float(os.environ.get("SLEEP_S", "0")))
    return PlainTextResponse("x", status_code=int(os.environ.get("STATUS", "200")))

async def metrics(request):
    return PlainTextResponse("# TYPE pool_used gauge\\\\npool_used 4\\\\n")

app = Starlette(routes=[Route("/items/{id}", item), Route("/metrics", metrics)])
app.add_middleware(BuildoptMiddleware, service=os.environ["SERVICE"])
"""


class Service:
    """A server of uvicorn."""

    def __init__(self, port):
        self.port = port

    def get(self, path):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


@contextmanager
def service(rig, name, **environ):
    """A service whose middleware tells to the state folder of the project."""
    rig.write("app.py", APP.replace("\\\\n", "\\n"))
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {**rig.environ, "SERVICE": name, "PYTHONPATH": str(rig.root), **environ}
    command = (sys.executable, "-m", "uvicorn", "app:app", "--port", str(port))
    server = subprocess.Popen([*command, "--log-level", "critical"], env=environment, cwd=rig.root)
    made = Service(port)
    try:
        wait_until(lambda: answers(made))
        yield made
    finally:
        server.terminate()
        server.wait(20)


def answers(made):
    try:
        return made.get("/metrics")
    except OSError:
        return False


def events(rig, kind):
    said = rig.call("events", "list", "--type", kind, "--json").stdout
    return [json.loads(line) for line in said.splitlines()]


def endpoints(running):
    now_s = int(time.time()) + 2
    _, text = running.get(f"/api/v1/http/endpoints?from={now_s - 600}&to={now_s}")
    return {row[0]: row[1] for row in json.loads(text)["rows"]}


def test_a_service_is_seen_by_its_middleware_and_what_it_says_of_itself(rig):
    with service(rig, "shop") as shop:
        rig.write(
            "buildopt.toml",
            "[plugins.api.scrape.shop]\ninterval_s = 1\n"
            f'url = "http://127.0.0.1:{shop.port}/metrics"\n'
            '[plugins.api.scrape.shop.metrics]\n"buildopt.app.pool.used" = "pool_used"\n'
            '[plugins.api.scrape.nobody]\ninterval_s = 1\nurl = "http://127.0.0.1:1/"\n'
            '[plugins.api.scrape.nobody.metrics]\n"a" = "b"\n',
        )
        with monitor(rig, "--only", "api,dashboard") as running:
            assert [shop.get(f"/items/{n}") for n in range(30)] == [200] * 30
            wait_until(lambda: endpoints(running).get("GET /items/{id}") == 30)
            gauge = wait_until(lambda: running.metrics().get("buildopt_app_pool_used"))
            assert (gauge.value, gauge.labels["service_name"]) == (4, "shop")
            failed = wait_until(
                lambda: [
                    event["data"]["output"]
                    for event in events(rig, "buildopt.health.changed")
                    if event["data"]["component"] == "source scrape nobody"
                ]
            )
            assert "refused" in failed[0]
            status, page = running.get("/panels/api")
            assert status == 200 and "Response time" in page


def test_an_access_log_is_told_and_a_second_call_goes_on_behind_it(rig):
    rig.write("access.log", '{"method": "GET", "path": "/items/1", "status": 200}\nx\n')

    first = rig.call("monitor", "tail", "--format", "json", "--from-start", "--until-end",
                     "access.log")  # fmt: skip
    second = rig.call("monitor", "tail", "--format", "json", "--until-end", "access.log")

    assert first.returncode == second.returncode == 0, first.stderr
    assert b"read 1 request; no request: 1 line" in first.stderr
    assert b"read 0 requests\n" in second.stderr
    (event,) = events(rig, "buildopt.http.served")
    assert event["data"]["service.name"] == "access"
    assert event["data"]["requests"][0][:5] == ["GET", "/items/{number}", 200, "", 1]


def test_a_log_that_is_not_there_is_said(rig):
    found = rig.call("monitor", "tail", "--format", "json", "none.log")

    assert found.returncode == 2
    assert b"#access-log" in found.stderr and b"none.log" in found.stderr


@pytest.mark.thorough
@pytest.mark.timeout(240)
def test_a_slow_and_a_failing_service_raise_their_two_rules_and_nothing_else(rig):
    """With the presets as they are: more than a minute of real load."""
    quiet = "".join(
        f"[alert.rules.{name}]\nenabled = false\n"
        for name in ("memory", "memory-stalls", "cpu", "load", "load-stalls")
    )
    rig.write("buildopt.toml", quiet)  # those of the machine, on which other tests run
    with (
        service(rig, "slow", SLEEP_S="2.3") as slow,
        service(rig, "failing", STATUS="503") as failing,
        service(rig, "good") as good,
        monitor(rig),
    ):
        end = threading.Event()

        def load(made, pause_s):
            while not end.is_set():
                made.get("/items/1")
                end.wait(pause_s)

        clients = [threading.Thread(target=load, args=(slow, 0)) for _ in range(6)]
        clients += [threading.Thread(target=load, args=(one, 0.1)) for one in (failing, good)]
        for client in clients:
            client.start()
        try:
            wait_until(lambda: len(events(rig, "buildopt.alert.fired")) >= 2, for_s=120)
            time.sleep(5)
        finally:
            end.set()
            for client in clients:
                client.join()
        fired = {
            (event["data"]["rule"], event["data"]["labels"]["service.name"])
            for event in events(rig, "buildopt.alert.fired")
        }

    assert fired == {("api-response", "slow"), ("api-errors", "failing")}


@pytest.mark.thorough
@pytest.mark.skipif(not shutil.which("prometheus"), reason="Prometheus is not installed")
def test_a_prometheus_server_reads_ours_and_ours_reads_its_metrics(rig):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    rig.write(
        "buildopt.toml",
        f'[plugins.api.scrape.prometheus]\ninterval_s = 1\nurl = "http://127.0.0.1:{port}/metrics"\n'
        "[plugins.api.scrape.prometheus.metrics]\n"
        '"prometheus.series" = "prometheus_tsdb_head_series"\n'
        '"prometheus.scrapes" = { rate = "prometheus_target_interval_length_seconds_count" }\n',
    )
    with monitor(rig) as running:
        target = running.url.removeprefix("http://")
        rig.write(
            "prometheus.yml",
            "scrape_configs:\n- job_name: buildopt\n  scrape_interval: 1s\n"
            f"  authorization: {{credentials: {running.token}}}\n"
            f'  static_configs: [{{targets: ["{target}"]}}]\n',
        )
        server = subprocess.Popen(
            ["prometheus", f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
             f"--config.file={rig.root / 'prometheus.yml'}",
             f"--storage.tsdb.path={rig.place / 'series'}"],
        )  # fmt: skip
        try:
            theirs = Service(port)
            wait_until(lambda: up(theirs), for_s=60)
            wait_until(lambda: many_series(running), for_s=60)
        finally:
            server.terminate()
            server.wait(30)


def many_series(running):
    """Whether our scraper has read what Prometheus says of itself."""
    found = running.metrics().get("prometheus_series")
    return found is not None and found.value > 10


def up(prometheus):
    """Whether Prometheus has read our metrics without trouble."""
    connection = HTTPConnection("127.0.0.1", prometheus.port, timeout=10)
    try:
        connection.request("GET", "/api/v1/query?query=buildopt_monitor_uptime_seconds")
        found = json.loads(connection.getresponse().read())["data"]["result"]
    except (OSError, ValueError, KeyError):
        return []
    finally:
        connection.close()
    return found
