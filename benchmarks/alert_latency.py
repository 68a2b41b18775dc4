"""From the sample or event that completes an alert to its arrival at a webhook on loopback.

    python benchmarks/alert_latency.py [--alerts 1000] [--rate 20]

A monitor's host with the alert plugin runs in this process on a new state folder; the journal is
written and followed as always: samples once a second, as a source writes them, `rate` values in
each; events one by one. Each alert has a group of its own, so that none waits for another.
The channel's rate limit is lifted: what is measured is our way, not the queue in front of people.

Stages, each from the end of the one before:
    taken      the consumer has the sample or event
    grouped    the message is made; half a second is the time for which a group waits
    kept       the worker has found it in the outbox, so it was committed
    arrived    the receiver has it
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from buildopt.journal import Journal
from buildopt.monitor.choice import Choice
from buildopt.monitor.host import Host
from buildopt.monitor.loading import Plugins
from buildopt.monitor.samples import Writer, series
from monitor_plugins.alert import consumer, outbox, plugin, worker

STAGES = ("taken", "grouped", "kept", "arrived")
SHARES = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0))
seen: defaultdict[str, dict[str, float]] = defaultdict(dict)
"""Alert -> stage -> when."""


def note(stage: str, names: Iterable[str]) -> None:
    """Note when some alerts came to a stage first."""
    now_s = time.time()
    for name in names:
        seen[name].setdefault(stage, now_s)


def listen() -> None:
    """Note the stages by way of the functions that lead through them."""
    feed, rows_of, sent = consumer.feed, outbox.rows_of, worker.ChannelWorker._sent

    def taking(engine, facts, item):  # type: ignore[no-untyped-def]  # as the function
        labels = getattr(item, "labels", None) or getattr(item, "data", {})
        note("taken", [labels["n"]] if "n" in labels else [])
        feed(engine, facts, item)

    def grouping(message):  # type: ignore[no-untyped-def]  # as above
        note("grouped", [entry["labels"]["n"] for entry in message.entries])
        return rows_of(message)

    def sending(self, parcel):  # type: ignore[no-untyped-def]  # as above
        note("kept", [entry["labels"]["n"] for entry in parcel.entries])
        return sent(self, parcel)

    consumer.feed, outbox.rows_of = taking, grouping
    worker.ChannelWorker._sent = sending  # type: ignore[method-assign]  # to measure


class Answer(BaseHTTPRequestHandler):
    """Notes when which alert came."""

    def do_POST(self) -> None:  # the name is the server's
        """Take one notification."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        note("arrived", [entry["labels"]["n"] for entry in body["entries"]])
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
    parser.add_argument("--rate", type=int, default=20, help="alerts a second")
    chosen = parser.parse_args()
    outbox.Bucket.__init__.__defaults__ = (10_000.0, 10_000)  # type: ignore[attr-defined]  # of a function
    listen()
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
        began = {
            "samples at 1 Hz": emit_samples(folder, chosen.alerts, chosen.rate),
            "events": emit_events(folder, chosen.alerts, chosen.rate),
        }
        host.stop()
    for kind, times in began.items():
        tell(kind, times)
    print(f"load {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


def emit_samples(folder: str, alerts: int, rate: int) -> dict[str, float]:
    """A sample a second with `rate` series in each; when each was begun to be written."""
    began: dict[str, float] = {}
    samples, due_s = Writer(folder), time.monotonic()
    for start in range(0, alerts, rate):
        names = [f"s{number}" for number in range(start, min(start + rate, alerts))]
        began |= dict.fromkeys(names, time.time())
        values = {series("m", {"n": name}): 9.0 for name in names}
        samples.append("bench", time.time_ns(), values)
        due_s += 1
        time.sleep(max(0.0, due_s - time.monotonic()))
    await_all(began)
    return began


def emit_events(folder: str, alerts: int, rate: int) -> dict[str, float]:
    """Events one by one."""
    began: dict[str, float] = {}
    journal = Journal(state=os.fsencode(folder), source="/bench/p/1", run_id="r")
    due_s = time.monotonic()
    for number in range(alerts):
        name = f"e{number}"
        began[name] = time.time()
        journal.emit("buildopt.bench.failed", {"n": name})
        due_s += 1 / rate
        time.sleep(max(0.0, due_s - time.monotonic()))
    await_all(began)
    return began


def await_all(began: dict[str, float]) -> None:
    """Wait until all have arrived, a minute at most."""
    ends_s = time.monotonic() + 60
    while time.monotonic() < ends_s and not all("arrived" in seen[name] for name in began):
        time.sleep(0.05)


def tell(kind: str, began: dict[str, float]) -> None:
    """Print the quantiles of the whole way and of each stage."""
    arrived = {name: start_s for name, start_s in began.items() if len(seen[name]) == len(STAGES)}
    print(f"{kind}: {len(arrived)} of {len(began)} arrived")
    row("in all", [seen[name]["arrived"] - start_s for name, start_s in arrived.items()])
    before = arrived
    for stage in STAGES:
        row(stage, [seen[name][stage] - before[name] for name in arrived])
        before = {name: seen[name][stage] for name in arrived}


def row(name: str, times: list[float]) -> None:
    """One line of quantiles."""
    ordered = sorted(times)
    places = [(label, min(len(ordered) - 1, int(len(ordered) * share))) for label, share in SHARES]
    print(f"  {name:8}", "  ".join(f"{label} {ordered[place]:.3f} s" for label, place in places))


if __name__ == "__main__":
    main()
