"""What tests in a real browser share: Debian's Chromium driven by Playwright, and axe-core.

A module has `pytestmark = browser_rig.marks(...)` and takes the fixtures `browser` and `axe` of
`conftest.py`; it is skipped where there is no Chromium.
"""

import json
import os
import shutil
import subprocess

import pytest

from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE

AXE = "axe-core@4.14.1"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
SERIOUS = ("serious", "critical")


def marks(*, is_built, timeout_s=240):
    """Of a module; the scripts of its pages have to be built."""
    pytest.importorskip("playwright.sync_api")
    return [
        pytest.mark.projects,
        pytest.mark.xdist_group("browser"),
        pytest.mark.timeout(timeout_s),
        pytest.mark.skipif(not BROWSER, reason="Chromium is not installed"),
        pytest.mark.skipif(not is_built, reason="the scripts of pages are not built"),
    ]


def install_axe(folder):
    """The script of axe-core; skips where npm cannot have it here."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, AXE],
        env=os.environ | INSTALL_ENVIRON, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


def serious(page, axe):
    """What axe-core finds serious on a page: rule and element."""
    page.evaluate(axe)
    told = page.evaluate("axe.run().then((found) => JSON.stringify(found.violations))")
    found = [one for one in json.loads(told) if one["impact"] in SERIOUS]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


def is_too_wide(page):
    """Whether it scrolls sidewards."""
    return page.evaluate("document.documentElement.scrollWidth > innerWidth")


def wait_for(page, expression, for_ms=30_000):
    """Wait until an expression is true; a page of ours lets no other wait evaluate it."""
    for _ in range(for_ms // 100):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"it never came to `{expression}`")


def watched_page(context):
    """A page that remembers what it asked for, what it said, and what it opened."""
    page = context.new_page()
    page.asked, page.said = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda line: page.said.append(line.text))
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
    return page
