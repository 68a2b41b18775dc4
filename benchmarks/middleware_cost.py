"""What the middleware costs: a request in process, and under `wrk` with and without it, in pairs.

    python benchmarks/middleware_cost.py [--pairs 9] [--seconds 5] [--connections 1]
                                         [--only process,wrk,broken]

`process` calls bare applications and Starlette directly. `wrk` (a Debian package) asks two servers
of uvicorn in turns and compares their p50; the requests that it saw answered have to be those that
the journal counts. `broken` does the same with a journal that is a full disk (where a small tmpfs
can be mounted) or a folder that may not be written: all requests have to be answered.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.request import urlopen

import psutil
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from buildopt import journal
from buildopt.integrations import asgi, wsgi
from buildopt.serving.served_event import SERVED
from buildopt.serving.telling import Teller

CALLS = 20_000
MEASURED = "BUILDOPT_MEASURED"
LUA = """
done = function(summary, latency)
  io.write(string.format("%d %d %f %f\\n", summary.requests, summary.errors.status
    + summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


async def hello(_: object) -> PlainTextResponse:
    """A page."""
    return PlainTextResponse("hello")


app = Starlette(routes=[Route("/items/{id:int}", hello)])
"""What uvicorn serves: `benchmarks.middleware_cost:app`."""
if os.environ.get(MEASURED):
    app.add_middleware(asgi.BuildoptMiddleware, service="bench")


class Served(NamedTuple):
    """A server that answers."""

    url: str
    process: psutil.Process


class Asked(NamedTuple):
    """What came of asking a server for some seconds."""

    requests: int
    errors: int
    p50_us: float
    p99_us: float
    cpu_us: float
    """Of the server, for each request."""


def main() -> None:
    """Measure what was asked for; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--only", default="process,wrk,broken")
    chosen = parser.parse_args()
    measures = {"process": in_process, "wrk": under_wrk, "broken": without_journal}
    for name in chosen.only.split(","):
        with tempfile.TemporaryDirectory(prefix="middleware-cost-") as folder:
            print(json.dumps({"what": name, **measures[name](folder, chosen), "load": load()}))


def in_process(folder: str, chosen: argparse.Namespace) -> dict[str, object]:
    """Microseconds that a call takes longer: medians of differences of pairs."""
    teller = Teller("bench", environ={"BUILDOPT_STATE_DIR": folder})
    plain = Starlette(routes=[Route("/items/{id:int}", hello)])
    cases = {
        "asgi": (bare_asgi, asgi.BuildoptMiddleware(bare_asgi, teller=teller), calls_of_asgi),
        "starlette": (plain, asgi.BuildoptMiddleware(plain, teller=teller), calls_of_asgi),
        "wsgi": (bare_wsgi, wsgi.BuildoptMiddleware(bare_wsgi, teller=teller), calls_of_wsgi),
    }
    found: dict[str, object] = {}
    for name, (without, with_it, calls) in cases.items():
        pairs = [(calls(without), calls(with_it)) for _ in range(chosen.pairs)]
        added = [(ours - base) / CALLS * 1e6 for base, ours in pairs]
        found[f"{name}_added_us"] = round(statistics.median(added), 2)
        found[f"{name}_added_most_us"] = round(max(added), 2)
    teller.stop()
    return found


def under_wrk(folder: str, chosen: argparse.Namespace) -> dict[str, object]:
    """p50 with and without the middleware, and whether each request was counted."""
    with served(folder, measured=False) as base, served(folder, measured=True) as ours:
        warm_up = [ask(each, folder, chosen) for each in (base, ours)]
        pairs = [
            (ask(base, folder, chosen), ask(ours, folder, chosen)) for _ in range(chosen.pairs)
        ]
    seen = warm_up[1].requests + sum(ours.requests for _, ours in pairs)
    added = [ours.p50_us - base.p50_us for base, ours in pairs]
    added_cpu = [ours.cpu_us - base.cpu_us for base, ours in pairs]
    return {
        "pairs": len(pairs),
        "connections": chosen.connections,
        "base_p50_us": round(statistics.median(base.p50_us for base, _ in pairs), 1),
        "ours_p50_us": round(statistics.median(ours.p50_us for _, ours in pairs), 1),
        "added_p50_us": round(statistics.median(added), 1),
        "added_p50_each_us": [round(each, 1) for each in added],
        "base_cpu_us": round(statistics.median(base.cpu_us for base, _ in pairs), 1),
        "added_cpu_us": round(statistics.median(added_cpu), 1),
        "base_p99_us": round(statistics.median(base.p99_us for base, _ in pairs), 1),
        "ours_p99_us": round(statistics.median(ours.p99_us for _, ours in pairs), 1),
        "throughput_ratio": round(statistics.median(o.requests / b.requests for b, o in pairs), 3),
        "errors": sum(ours.errors for _, ours in pairs),
        "answered": seen,
        "counted": counted(folder),
        "journal_bytes": journal_bytes(folder),
    }


def without_journal(folder: str, chosen: argparse.Namespace) -> dict[str, object]:
    """Errors and p50 while the journal cannot be written, for each way in which it cannot."""
    found: dict[str, object] = {}
    for way, make in (("full", full_disk), ("refused", refused)):
        place = os.path.join(folder, way)
        os.makedirs(place)
        with make(place) as state:
            if not state:
                found[way] = "no small disk can be mounted here"
                continue
            with served(state, measured=True) as server:
                found[way] = ask(server, folder, chosen)._asdict()
    return found


@contextmanager
def full_disk(place: str) -> Iterator[str]:
    """A state folder on a file system without a free byte."""
    mount = ("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", place)
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        yield ""
        return
    try:
        try:
            with open(os.path.join(place, "filler"), "wb", buffering=0) as file:
                while file.write(b"x" * 4096):
                    pass
        except OSError:
            pass
        yield place
    finally:
        subprocess.run(("umount", place), check=True)


@contextmanager
def refused(place: str) -> Iterator[str]:
    """A state folder that cannot be made, for root neither."""
    path = os.path.join(place, "file")
    with open(path, "w", encoding="ascii"):
        pass
    yield os.path.join(path, "state")


@contextmanager
def served(state: str, *, measured: bool) -> Iterator[Served]:
    """A server of one process."""
    port = free_port()
    environment = {**os.environ, "BUILDOPT_STATE_DIR": state, MEASURED: "1" if measured else ""}
    command = (
        sys.executable, "-m", "uvicorn", "benchmarks.middleware_cost:app", "--port", str(port),
        "--log-level", "critical",
    )  # fmt: skip
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    server = subprocess.Popen(command, env=environment, cwd=root)
    url = f"http://127.0.0.1:{port}/items/5"
    try:
        wait_for(url)
        yield Served(url, psutil.Process(server.pid))
    finally:
        server.terminate()
        server.wait(20)


def ask(server: Served, folder: str, chosen: argparse.Namespace) -> Asked:
    """What `wrk` sees, and the processor time of the server meanwhile."""
    script = os.path.join(folder, "wrk.lua")
    with open(script, "w", encoding="ascii") as file:
        file.write(LUA)
    wrk = ("wrk", "-t1", f"-c{chosen.connections}", f"-d{chosen.seconds}", "-s", script, server.url)
    before_s = cpu_s(server.process)
    said = subprocess.run(wrk, capture_output=True, text=True, check=True).stdout
    requests, errors, p50_us, p99_us = said.splitlines()[-1].split()
    each_us = (cpu_s(server.process) - before_s) / max(1, int(requests)) * 1e6
    return Asked(int(requests), int(errors), float(p50_us), float(p99_us), each_us)


def cpu_s(process: psutil.Process) -> float:
    """Processor time that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def counted(state: str) -> int:
    """How many requests the journal tells of, but for those that asked whether a server is up."""
    rows = [
        row
        for path in journal.segments(os.fsencode(state))
        for event in journal.read(path, kind=SERVED)
        for row in event.data["requests"]
    ]
    return sum(row[4] for row in rows) - 1


def journal_bytes(state: str) -> int:
    """How long the journal is."""
    return sum(os.path.getsize(path) for path in journal.segments(os.fsencode(state)))


async def bare_asgi(_scope: Any, _receive: Any, send: Any) -> None:  # Any: as ASGI has it
    """The least that an application can do."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


def bare_wsgi(_environ: Any, start_response: Any) -> list[bytes]:  # Any: as WSGI has it
    """The same."""
    start_response("200 OK", [])
    return [b"hello"]


def calls_of_asgi(app: Any) -> float:  # Any: as above
    """Seconds of many calls."""

    async def send(_: object) -> None:
        pass

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def calls() -> float:
        began_s = time.perf_counter()
        for _ in range(CALLS):
            scope = {
                "type": "http", "method": "GET", "path": "/items/5", "root_path": "",
                "query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http",
            }  # fmt: skip
            await app(scope, receive, send)
        return time.perf_counter() - began_s

    return asyncio.run(calls())


def calls_of_wsgi(app: Any) -> float:  # Any: as above
    """Seconds of many calls."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/items/5", "SCRIPT_NAME": ""}
    began_s = time.perf_counter()
    for _ in range(CALLS):
        for _ in app(dict(environ), lambda *_: None):
            pass
    return time.perf_counter() - began_s


def wait_for(url: str) -> None:
    """Return once the server answers."""
    for _ in range(400):
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"nobody answers at {url}")


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def load() -> str:
    """How busy the machine was."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        raise SystemExit("`wrk` is not installed: apt-get install wrk")
    main()
