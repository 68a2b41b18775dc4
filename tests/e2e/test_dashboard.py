"""`buildopt dashboard` beside real runs, as its user starts and ends it."""

import json
import signal
from contextlib import contextmanager

from tests.e2e.test_monitor import Running, monitor

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


def test_it_shows_a_run_and_finds_its_token_again_after_a_restart(rig):
    rig.write("a.txt", "one")
    with dashboard(rig) as first:
        rig.run("--", "cat", "a.txt")
        while not json.loads(first.get("/api/v1/runs")[1])["items"]:
            pass
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


def test_it_ends_by_itself_when_nobody_looks(rig):
    with dashboard(rig, "--idle", "1") as running:
        assert running.process.wait(30) == 0
    assert not (rig.place / "state/monitor.json").exists()
