"""`buildopt dashboard` beside real runs, as its user starts and ends it."""

import json
import re
import signal
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.test_monitor import Running, monitor, wait_until

OBSERVE = "auto"


@contextmanager
def dashboard(rig, *options):
    ready = rig.place / "dashboard.json"
    process = rig.start("dashboard", "--port", "0", "--ready-file", str(ready), *options)
    try:
        while not ready.exists() and process.poll() is None:
            try:
                process.wait(0.05)
            except Exception:  # noqa: BLE001  # it still runs
                continue
        assert process.poll() is None, process.stderr.read()
        yield Running(process, json.loads(ready.read_text()))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(20)
        process.stdout.close()
        process.stderr.close()


def runs_of(running):
    return json.loads(running.get("/api/v1/runs")[1])["items"]


def test_it_shows_a_run_and_finds_its_token_again_after_a_restart(rig):
    rig.write("a.txt", "one")
    with dashboard(rig) as first:
        rig.run("--", "cat", "a.txt")
        wait_until(lambda: runs_of(first))
        status, page = first.get("/")
    with dashboard(rig) as second:
        again, _ = second.get("/", first.token)

    assert (status, again) == (200, 200)
    assert "cat a.txt" in page
    assert (rig.place / "state/monitor.token").stat().st_mode & 0o777 == 0o600


def test_beside_a_monitor_it_says_where_that_one_is_and_ends(rig):
    ready = rig.place / "other.json"
    with monitor(rig) as running:
        done = rig.call("dashboard", "--ready-file", str(ready))

    assert done.returncode == 0
    assert json.loads(ready.read_text())["url"] == running.url
    assert running.url.encode() in done.stderr
    assert running.token.encode() not in done.stderr
    assert b"--port" not in done.stderr


def test_beside_a_monitor_it_says_what_it_cannot_obey(rig):
    with monitor(rig):
        done = rig.call("dashboard", "--port", "0")

    assert done.returncode == 0
    assert b"--port counted for nothing" in done.stderr


def test_it_ends_by_itself_when_nobody_looks(rig):
    with dashboard(rig, "--idle", "1") as running:
        assert running.process.wait(30) == 0
    assert not (rig.place / "state/monitor.json").exists()


def test_what_a_browser_is_started_with_lets_in_once_and_is_not_the_token(rig):
    browser = rig.place / "bin" / "xdg-open"
    browser.parent.mkdir()
    browser.write_text(f'#!/bin/sh\necho "$@" > {rig.place}/opened.tmp\n'
                       f"mv {rig.place}/opened.tmp {rig.place}/opened\n")  # fmt: skip
    browser.chmod(0o755)
    rig.environ["PATH"] = f"{browser.parent}:{rig.environ['PATH']}"
    with monitor(rig) as running:
        assert rig.call("dashboard", "--open").returncode == 0
        opened = rig.place / "opened"
        wait_until(opened.exists)
        address = opened.read_text().strip()
        path = address.removeprefix(running.url)
        tries = [running.get(path, "none")[0] for _ in range(2)]

    assert re.fullmatch(r"/enter\?ticket=[\w-]{22}", path)
    assert running.token not in address
    assert tries == [303, 401]


def test_a_secret_is_told_by_no_page_and_no_path_of_the_api(rig):
    canary = "canary-5f0e91c7"
    rig.environ["DEPLOY_TOKEN"] = canary
    rig.script("build.sh", f"echo {canary}; echo $1 > out; ls /{canary}; exit 1")
    rig.run("--output", "out", "--", "./build.sh", f"--token={canary}")
    with dashboard(rig) as running:
        runs = wait_until(lambda: runs_of(running))
        document = json.loads(running.get("/api/v1/openapi.json")[1])
        paths = [path for path, way in document["paths"].items() if "get" in way]
        paths = [p for p in paths if "{" not in p.replace("{run}", "") and p != "/api/v1/stream"]
        views = ["/", "/builds", "/cache", "/bundles", "/alerts", "/findings", "/runs/{run}"]
        told = {path: running.get(path.replace("{run}", runs[0]["run"])) for path in paths + views}

    assert "build.sh" in told["/builds"][1]
    assert [path for path, (_, body) in told.items() if canary in body] == []
    assert [path for path, (_, body) in told.items() if running.token in body] == []


def test_on_a_socket_it_opens_no_port_and_is_found(rig):
    ready = rig.place / "ready.json"
    with dashboard(rig, "--host", f"unix:{rig.place}/s") as running:
        health = json.loads(rig.call("monitor", "health", "--json").stdout)
        beside = rig.call("dashboard", "--ready-file", str(ready))
        children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text()

    assert running.url == f"unix:{rig.place}/s"
    assert health["status"] in ("pass", "warn")
    assert (beside.returncode, json.loads(ready.read_text())["url"]) == (0, running.url)
    assert children == ""
    assert not (rig.place / "s").exists()
