"""From the sample or event that completes an alert to its arrival at a webhook on loopback.

    python benchmarks/alert_latency.py [--alerts 1000] [--rate 20]

A monitor's host with the alert plugin runs in this process on a new state folder; the journal is
written and followed as always. Each alert has a group of its own, so that none waits for another.
The channel's rate limit is lifted: what is measured is our way, not the queue in front of people.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from buildopt.journal import Journal
from buildopt.monitor.choice import Choice
from buildopt.monitor.host import Host
from buildopt.monitor.loading import Plugins
from monitor_plugins.alert import outbox, plugin

ARRIVED: dict[str, float] = {}
ALL_THERE = threading.Event()


class Answer(BaseHTTPRequestHandler):
    """Notes when which alert came."""

    def do_POST(self) -> None:  # the name is the server's
        """Take one notification."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        for entry in body["entries"]:
            ARRIVED.setdefault(entry["labels"]["n"], time.time())
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # as above
        """Say nothing."""


def rules() -> dict[str, object]:
    """One rule on a metric and one on an event, with a group for each alert."""
    shared = {"group_by": ["n"], "identity": ["n"]}
    metric = {"signal": {"metric": "m"}, "levels": {"warning": {"fire": 5}}, "for": 0}
    event = {"signal": {"event": "buildopt.bench.failed"}}
    return {"m": metric | shared, "e": event | shared}


def main() -> None:
    """Measure both kinds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20.0, help="alerts a second")
    chosen = parser.parse_args()
    outbox.Bucket.__init__.__defaults__ = (10_000.0, 10_000)  # type: ignore[attr-defined]  # of a function
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    options = {
        "notify": ["hook"],
        "channels": {"hook": {"type": "webhook", "url": url}},
        "rules": rules(),
    }
    with tempfile.TemporaryDirectory() as folder:
        plugins = Plugins(Choice(options={"alert": options}))
        plugins.add_object("alert", plugin)
        plugins.ask_all()
        host = Host(folder, plugins)
        host.start()
        time.sleep(2)
        journal = Journal(state=os.fsencode(folder), source="/bench/p/1", run_id="r")
        for kind in ("samples", "events"):
            measure(journal, kind, chosen.alerts, chosen.rate)
        host.stop()


def measure(journal: Journal, kind: str, alerts: int, rate: float) -> None:
    """Emit, wait, print the quantiles."""
    began: dict[str, float] = {}
    for number in range(alerts):
        name = f"{kind}-{number}"
        began[name] = time.time()
        if kind == "samples":
            labels = {"n": name}
            journal.emit("buildopt.metric.sample", {"metric": "m", "value": 9.0, "labels": labels})
        else:
            journal.emit("buildopt.bench.failed", {"n": name})
        time.sleep(1 / rate)
    ends_s = time.monotonic() + 60
    while not began.keys() <= ARRIVED.keys() and time.monotonic() < ends_s:
        time.sleep(0.05)
    times = sorted(ARRIVED[name] - began[name] for name in began if name in ARRIVED)
    shown = ", ".join(
        f"{label} {times[min(len(times) - 1, int(len(times) * share))]:.3f} s"
        for label, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
    )
    print(f"{kind}: {len(times)} of {alerts} arrived, {shown}")


if __name__ == "__main__":
    main()
