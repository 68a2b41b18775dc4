"""A Vite page with two lazy chunks: built through the cache, served elsewhere, and visited."""

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE
from tests.e2e.test_monitor import wait_until

SAMPLE = Path(__file__).parents[2] / "fixtures" / "lazy-page"
MARK = "<!-- vitals -->"


def install(rig):
    """Copy and install the sample; why that cannot be had here, else nothing."""
    shutil.copytree(SAMPLE, rig.root, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=rig.root,
        env=os.environ | INSTALL_ENVIRON, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = NOT_HERE.search(done.stdout + done.stderr) if done.returncode else None
    assert done.returncode == 0 or found, done.stderr
    return found[0] if found else ""


def put_tag(rig):
    """Put the line that `buildopt vitals tag` prints where the page has a mark."""
    tag = rig.call("vitals", "tag").stdout.decode().strip()
    page = rig.root / "index.html"
    page.write_text(page.read_text().replace(MARK, tag))
    return tag


def build(rig):
    """Build it; the id of the run."""
    done = rig.run("--", "npm", "run", "build")
    assert done.status == 0, done.err
    return done.result["run_id"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """The address of a server on the files of a folder."""
    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def visit(browser, url, *buttons):
    """Open the page, press buttons, and leave; what the browser said on its console."""
    context = browser.new_context()
    page = context.new_page()
    said = []
    page.on("console", lambda line: said.append(line.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    for button in buttons:
        page.evaluate("document.querySelector('#place').textContent = ''")
        page.click(f"#{button}")
        page.wait_for_function("document.querySelector('#place').textContent")
    page.wait_for_timeout(100)
    page.goto("about:blank")
    page.wait_for_timeout(100)
    context.close()
    return said


def told(rig, kind):
    """Events of a type."""
    lines = rig.call("events", "list", "--json", "--type", kind).stdout.splitlines()
    return [json.loads(line) for line in lines]


def wait_for(rig, kind, count=1):
    """The same, once there are so many."""
    return wait_until(lambda: found if len(found := told(rig, kind)) >= count else None)


def rows(rig, kind, name, count):
    """The rows in all events of a type, once there are so many: a page may send twice."""

    def found():
        return [row for event in told(rig, kind) for row in event["data"][name]]

    return wait_until(lambda: seen if len(seen := found()) >= count else None)
