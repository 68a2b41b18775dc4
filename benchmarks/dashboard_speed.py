"""How soon the dashboard is there and how long it keeps the browser busy, in Chromium on loopback.

python -m benchmarks.dashboard_speed [--rounds 7] [--tabs 50]

A monitor on a fresh folder with a made-up history: 29 days of hourly samples, 1,000 runs, 100
alerts. Each figure is the median of all rounds, with the least and the most. Needs Chromium.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks import dashboard_history

Place = dict[str, str]
VIEWS = ("/?range=30d", "/builds?range=30d", "/system?range=30d", "/alerts?range=30d")
TASKS = """
window.longTasks = [];
const keep = (list) => window.longTasks.push(...list.getEntries().map((one) => one.duration));
new PerformanceObserver(keep).observe({ type: "longtask", buffered: true });
"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN"
REDRAW = """
async () => {
  const theme = [...document.querySelectorAll("#tools select")].at(-1);
  const start = performance.now();
  theme.dispatchEvent(new Event("change"));
  await new Promise((done) => setTimeout(done));
  return performance.now() - start;
}
"""
"""The switch of the theme draws all charts anew."""
SETTLED_MS = 1_500
SLOW_READERS = 20


def main() -> None:
    """Measure all of it, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--tabs", type=int, default=50)
    parser.add_argument("--browser", default=shutil.which("chromium"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environ = _environ(folder)
        dashboard_history.write(environ["BUILDOPT_STATE_DIR"], now_s=time.time())
        started = [_start_and_end(folder, environ) for _ in range(chosen.rounds)]
        _say("ready, s", [wall_s for wall_s, _ in started])
        _say("ready, s of processor time", [cpu_s for _, cpu_s in started])
        with running(folder, environ) as place, sync_playwright() as driver:
            time.sleep(20)  # the history is taken in
            browser = driver.chromium.launch(executable_path=chosen.browser)
            views(browser, place, chosen.rounds)
            slow_readers(place, chosen.rounds)
            tabs(browser, place, chosen.tabs, environ)
            browser.close()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


def views(browser: Browser, place: Place, rounds: int) -> None:
    """First paint, long tasks and drawing of each view, and what all of it weighs."""
    for view in VIEWS:
        paints, tasks, draws, charts = [], [], [], 0
        for _ in range(rounds):
            context = _entered(browser, place)
            page = context.new_page()
            page.add_init_script(TASKS)
            page.goto(place["url"] + view)
            page.wait_for_timeout(SETTLED_MS)
            paints.append(page.evaluate(PAINT))
            tasks.append(max(page.evaluate("longTasks"), default=0.0))
            charts = page.locator(".uplot").count()
            draws.append(page.evaluate(REDRAW))
            context.close()
        _say(f"{view}: first paint, ms", paints)
        _say(f"{view}: longest task over 50 ms, ms", tasks)
        _say(f"{view}: all {charts} charts drawn, ms", draws)
    print(f"the page, its scripts and styles: {_weight(browser, place) / 1_000:.1f} kB gzip")


def slow_readers(place: Place, rounds: int) -> None:
    """What others wait for an answer while some take in nothing of a stream of all events."""
    alone, beside = [], []
    for _ in range(rounds):
        alone.append(_answer_ms(place))
        sockets = [_read_nothing(place) for _ in range(SLOW_READERS)]
        beside.append(_answer_ms(place))
        for each in sockets:
            each.close()
    _say("an answer of the API, ms", alone)
    _say(f"the same beside {SLOW_READERS} readers that read nothing, ms", beside)


def tabs(browser: Browser, place: Place, count: int, environ: dict[str, str]) -> None:
    """How long until a run is in all of many open tabs."""
    context = _entered(browser, place)
    pages = [context.new_page() for _ in range(count)]
    for page in pages:
        page.goto(f"{place['url']}/builds")
    pages[-1].wait_for_selector("#live:has-text('live')")
    began_s = time.monotonic()
    command = [sys.executable, "-m", "buildopt", "run", "--", "echo", "in", "all", "tabs"]
    subprocess.run(command, env=environ, check=True, capture_output=True, cwd="/tmp")
    ran_s = time.monotonic() - began_s
    for page in pages:
        page.bring_to_front()
        page.wait_for_selector("#list a:has-text('echo in all tabs')", timeout=60_000)
    all_s = time.monotonic() - began_s - ran_s
    print(f"{count} tabs, each looked at in turn, had a run {all_s:.1f} s after it ended")
    print(f"an answer of the API beside {count} tabs: {_answer_ms(place):.1f} ms")
    context.close()


def _answer_ms(place: Place) -> float:
    """The median of ten requests for the newest runs."""
    took = []
    url = urlsplit(place["url"])
    for _ in range(10):
        connection = HTTPConnection(url.hostname or "", url.port, timeout=30)
        began_s = time.monotonic()
        headers = {"authorization": f"Bearer {place['token']}"}
        connection.request("GET", "/api/v1/runs?limit=20", headers=headers)
        connection.getresponse().read()
        took.append(1_000 * (time.monotonic() - began_s))
        connection.close()
    return statistics.median(took)


def _read_nothing(place: Place) -> socket.socket:
    url = urlsplit(place["url"])
    made = socket.create_connection((url.hostname, url.port))
    request = (
        f"GET /api/v1/stream?after=/ HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Authorization: Bearer {place['token']}\r\n\r\n"
    )
    made.sendall(request.encode())
    return made


def _weight(browser: Browser, place: Place) -> int:
    context = _entered(browser, place)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(place["url"])
    page.wait_for_timeout(SETTLED_MS)
    wanted = [url for url in asked if "/stream" not in url]
    bodies = [context.request.get(url).body() for url in wanted]
    context.close()
    return sum(len(gzip.compress(body)) for body in bodies)


def _entered(browser: Browser, place: Place) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1_440, "height": 900})
    page: Page = context.new_page()
    page.goto(f"{place['url']}/enter?token={place['token']}")
    page.close()
    return context


def _environ(folder: str) -> dict[str, str]:
    return os.environ | {f"BUILDOPT_{name}_DIR": f"{folder}/{name}" for name in ("STATE", "CACHE")}


@contextmanager
def running(folder: str, environ: dict[str, str]) -> Iterator[Place]:
    """A dashboard that answers."""
    ready = Path(folder) / "ready.json"
    command = [sys.executable, "-m", "buildopt", "dashboard", "--port", "0"]
    monitor = subprocess.Popen(
        [*command, "--ready-file", str(ready)], env=environ, stderr=subprocess.DEVNULL
    )
    try:
        while not ready.exists():
            time.sleep(0.005)
        yield json.loads(ready.read_text())
    finally:
        monitor.terminate()
        monitor.wait()


def _start_and_end(folder: str, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds until it answered, by the clock and of processor time."""
    began_s = time.monotonic()
    with running(folder, environ) as place:
        wall_s = time.monotonic() - began_s
        told = Path(f"/proc/{place['pid']}/stat").read_text().rpartition(")")[2].split()
        return wall_s, (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _say(what: str, values: Sequence[float]) -> None:
    middle = statistics.median(values)
    print(f"{what}: {middle:.3g} ({min(values):.3g} to {max(values):.3g})", flush=True)


if __name__ == "__main__":
    main()
