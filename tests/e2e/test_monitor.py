"""`buildopt monitor` beside real runs, as its user starts and ends it."""

import json
import os
import signal
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

from prometheus_client.parser import text_string_to_metric_families

from buildopt.events import CacheEvicted
from buildopt.journal import Journal
from buildopt.monitor.index import Index
from buildopt.monitor.samples import Writer

OBSERVE = "auto"
STOP_WITHIN_S = 2.0
EVENT = CacheEvicted(records=1, files=1, bytes_freed=1, limit_bytes=1)


class Running:
    """A monitor that answers."""

    def __init__(self, process, told):
        self.process, self.url, self.token = process, told["url"], told["token"]
        self.pid = told["pid"]

    def get(self, path, token=None):
        with closing(HTTPConnection(urlsplit(self.url).netloc, timeout=20)) as connection:
            bearer = {"Authorization": f"Bearer {token or self.token}"}
            connection.request("GET", path, headers=bearer)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def metrics(self):
        _, text = self.get("/metrics")
        return {s.name: s for f in text_string_to_metric_families(text) for s in f.samples}

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@contextmanager
def monitor(rig, *options):
    ready = rig.place / "ready.json"
    process = rig.start("monitor", "--port", "0", "--ready-file", str(ready), *options)
    try:
        wait_until(lambda: ready.exists() or process.poll() is not None)
        assert process.poll() is None, process.stderr.read()
        yield Running(process, json.loads(ready.read_text()))
    finally:
        process.kill()
        process.communicate()


def wait_until(what, for_s=30.0):
    until_s = time.monotonic() + for_s
    while not (found := what()):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    return found


def measured(metrics):
    """The metrics, once processes of a run were seen."""
    count = metrics.get("buildopt_builds_process_count")
    return metrics if count and count.value else None


def components(rig):
    told = json.loads(rig.call("monitor", "health", "--json").stdout)
    return told["status"], {row["name"]: row for row in told["components"]}


def test_a_run_beside_the_monitor_is_measured_and_in_the_index(rig):
    with monitor(rig) as running:
        assert running.pid == running.process.pid
        command, puppet = rig.puppet("true")
        run = rig.start("run", "--quiet", "--", *command)
        puppet.wait_for_start()
        metrics = wait_until(lambda: measured(running.metrics()))
        puppet.go_on()
        assert run.wait(30) == 0
        run.communicate()
        wait_until(lambda: running.metrics()["cicd_pipeline_run_active"].value == 0)
        index = Index(str(rig.state))
        (finished,) = wait_until(lambda: index.runs())
        index.close()

    assert metrics["buildopt_builds_process_count"].value >= 1
    assert metrics["buildopt_builds_memory_usage_bytes"].value > 0
    assert metrics["system_memory_utilization_ratio"].value > 0
    assert finished["outcome"] == "executed"
    assert finished["environment"] == "development"


def test_its_health_is_told_and_that_there_is_none(rig):
    with monitor(rig) as running:
        wait_until(lambda: "source system" in components(rig)[1])
        status, rows = components(rig)
        assert running.get("/healthz", token="none") == (200, "pass\n")
        assert running.end() == 0
    without, left = components(rig)

    assert status == "pass"
    assert {"index", "samples", "disk state", "disk cache", "clock", "watcher"} <= rows.keys()
    assert all({"name", "status", "since", "observed", "output"} <= r.keys() for r in rows.values())
    assert (without, left["monitor"]["status"]) == ("fail", "fail")
    assert rig.call("monitor", "health").returncode == 1


def test_it_ends_in_order_within_two_seconds_and_nothing_is_lost(rig):
    writer = Journal(state=os.fsencode(rig.state), source="/h/p/1", run_id="r")
    with monitor(rig) as running:
        for _ in range(5_000):
            writer.append(EVENT)
        began_s = time.monotonic()
        status = running.end()
        took_s = time.monotonic() - began_s
    rest = rig.call("monitor", "--until-idle")
    assert rest.returncode == 0, rest.stderr
    index = Index(str(rig.state))
    told = index.events(types=[EVENT.type], limit=10_000)
    index.close()

    assert status == 0
    assert took_s < STOP_WITHIN_S
    assert len(told) == 5_000
    left = {path.name for path in rig.state.iterdir()}
    assert not left & {"monitor.json", "running"} and not (rig.place / "ready.json").exists()


def test_the_second_one_says_that_there_is_a_first(rig):
    with monitor(rig) as running:
        second = rig.call("monitor", "--port", "0")

    assert second.returncode == 2
    first_line, hint = second.stderr.decode().splitlines()
    assert f"runs already (process {running.pid}, {running.url})" in first_line
    assert "docs/messages.md#monitor-runs" in hint


def test_another_one_starts_after_a_kill(rig):
    with monitor(rig) as running:
        running.process.kill()
        running.process.wait()
        (rig.place / "ready.json").unlink()
    with monitor(rig) as running:
        assert running.get("/api/v1/health")[0] == 200
        assert running.end() == 0


def test_mistakes_of_the_call_are_told(rig):
    with monitor(rig) as running:
        port = str(urlsplit(running.url).port)
        rig.environ["BUILDOPT_STATE_DIR"] = str(rig.place / "other")
        calls = {
            "port-taken": ("--port", port),
            "host-needs-token": ("--host", "0.0.0.0"),
            "no-such-plugin": ("--only", "system,nonsense"),
            "usage": ("-p", "system", "--until-idle"),
        }
        told = {slug: rig.call("monitor", *options) for slug, options in calls.items()}

    for slug, done in told.items():
        assert done.returncode == 2
        assert f"docs/messages.md#{slug}" in done.stderr.decode(), done.stderr


def test_a_short_token_lets_no_other_machine_in(rig):
    done = rig.call("monitor", "--host", "0.0.0.0", "--token", "secret")

    assert done.returncode == 2
    assert "16 at least" in done.stderr.decode()
    assert "docs/messages.md#host-needs-token" in done.stderr.decode()


def test_until_idle_takes_in_what_is_there_and_ends(rig):
    rig.script("build.sh", "echo hi > out.txt\n")
    rig.run("--output", "out.txt", "--", "./build.sh")

    done = rig.call("monitor", "--until-idle")

    assert done.returncode == 0, done.stderr
    index = Index(str(rig.state))
    assert [row["outcome"] for row in index.runs()] == ["executed"]
    index.close()


def test_until_idle_says_what_it_could_not_take_in(rig):
    (rig.state / "index.sqlite" / "x").mkdir(parents=True)

    done = rig.call("monitor", "--until-idle")

    assert done.returncode == 1
    assert b"cannot" in done.stderr and b"#not-taken-in" in done.stderr


def test_an_option_before_a_command_is_refused_where_it_has_no_effect(rig):
    done = rig.call("monitor", "-p", "no:system", "plugins")

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"`-p` before `plugins` has no effect" in done.stderr


def test_a_folder_that_cannot_be_written_is_said(rig):
    if os.geteuid() == 0:
        rig.environ["BUILDOPT_STATE_DIR"] = "/proc/nowhere"
    else:
        rig.state.mkdir(mode=0o500)

    done = rig.call("monitor", "--port", "0")

    assert done.returncode == 2
    assert b"cannot write" in done.stderr


def test_what_the_index_holds_is_exported_by_environment(rig):
    rig.script("build.sh", "echo hi > out.txt\n")
    for rig.environ["BUILDOPT_ENVIRONMENT"] in ("staging", "production"):
        rig.run("--force", "--output", "out.txt", "--", "./build.sh")

    rows = rig.call("monitor", "export", "runs", "--environment", "staging").stdout.splitlines()
    table = rig.call("monitor", "export", "tasks", "--format", "csv").stdout.decode().splitlines()

    assert [json.loads(row)["environment"] for row in rows] == ["staging"]
    assert len(table) == 3 and "outcome" in table[0]


def test_samples_are_exported_and_summed_up(rig):
    writer = Writer(str(rig.state), environment="staging")
    now_ns = time.time_ns()
    for number in range(100):
        writer.append("system", now_ns - number * 1_000_000_000, {"a{x=1}": number, "b": 1})

    call = ("--metric", "a", "--from", "1h")
    samples = rig.call("monitor", "export", "samples", *call).stdout.splitlines()
    (summary,) = rig.call("monitor", "export", "summary", *call).stdout.splitlines()

    assert sorted(json.loads(row)["value"] for row in samples) == list(range(100))
    told = json.loads(summary)
    assert (told["series"], told["environment"], told["n"]) == ("a{x=1}", "staging", 100)
    assert (told["min"], told["max"], told["mean"]) == (0, 99, 49.5)
    assert abs(told["p95"] - 94) < 3
