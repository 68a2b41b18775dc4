"""The dashboard in a real browser: live, by keyboard, on a phone, and asking nobody else."""

import json
import os
import shutil
import subprocess
from urllib.parse import urlsplit

import pytest

from monitor_plugins.dashboard.page import is_built
from tests.e2e.scenario_project import INSTALL_ENVIRON, NOT_HERE
from tests.e2e.test_dashboard import dashboard
from tests.rig import Rig

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.projects,
    pytest.mark.xdist_group("browser"),
    pytest.mark.timeout(240),
    pytest.mark.skipif(not BROWSER, reason="Chromium is not installed"),
    pytest.mark.skipif(not is_built(), reason="the scripts of pages are not built"),
]
AXE = "axe-core@4.14.1"
VIEWS = ("/", "/builds", "/cache", "/bundles", "/system", "/alerts", "/findings", "/plugins")


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=BROWSER)
        yield running
        running.close()


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    rig = Rig(tmp_path_factory.mktemp("dashboard"), observe="auto")
    rig.write("a.txt", "one")
    rig.run("--", "cat", "a.txt")
    return rig


@pytest.fixture(scope="module")
def running(rig):
    with dashboard(rig) as running:
        yield running


@pytest.fixture
def opened(browser, running):
    """Opens the dashboard as somebody who has the printed address; what it asks for and says."""
    contexts = []

    def open_(width=1440, theme="light", **more):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=theme, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda line: page.said.append(line.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(f"{running.url}/enter?token={running.token}")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_each_view_fits_says_nothing_wrong_and_asks_nobody_else(opened, running, width, theme):
    page = opened(width, theme)
    for path in VIEWS:
        page.goto(running.url + path)
        page.wait_for_selector("h1")
        page.wait_for_timeout(200)

        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path

    page.goto(running.url + "/builds")
    page.click("tbody a >> nth=-1")
    page.wait_for_selector(".fall")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), "a run"
    assert page.said == []
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(running.url).netloc}


def test_a_build_appears_without_a_reload(opened, running, rig):
    page = opened()
    page.wait_for_selector("#live:has-text('live')")
    page.evaluate("window.isSame = true")

    rig.run("--", "cat", "a.txt", "a.txt")

    page.wait_for_selector("#newest a:has-text('cat a.txt a.txt')", timeout=20_000)
    assert page.evaluate("window.isSame")


def test_a_page_goes_on_after_the_server_was_restarted(browser, tmp_path):
    rig = Rig(tmp_path, observe="auto")
    rig.write("a.txt", "one")
    with dashboard(rig) as first:
        page = browser.new_context().new_page()
        page.goto(f"{first.url}/enter?token={first.token}")
        page.wait_for_selector("#live:has-text('live')")
        port = str(urlsplit(first.url).port)
    rig.run("--", "cat", "a.txt")
    with dashboard(rig, "--port", port):
        page.wait_for_selector("#newest a:has-text('cat a.txt')", timeout=30_000)
        page.context.close()


def test_keys_lead_from_view_to_view_and_into_a_run(opened):
    page = opened()
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/builds")
    page.wait_for_selector(".scripted tbody tr")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")

    assert page.locator("h1").inner_text().startswith("cat a.txt")


def test_charts_are_drawn_on_one_time_axis_and_have_tables(opened, running):
    page = opened()
    page.goto(f"{running.url}/system?range=15m")
    page.wait_for_selector(".uplot canvas")
    page.keyboard.press("t")

    table = page.locator("#chart-system-cpu-utilization tbody tr")
    table.first.wait_for()
    assert page.locator(".plot > svg").count() == 0 or page.locator(".uplot").count() > 2


def test_without_scripts_the_page_is_whole(opened, running):
    page = opened(java_script_enabled=False)
    page.goto(running.url + "/builds")

    assert page.locator("tbody tr").count() > 0
    assert page.locator("button.apply").first.is_visible()


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    """The script of axe-core, or why it cannot be had here."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, AXE],
        env=os.environ | INSTALL_ENVIRON, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    if done.returncode and (said := NOT_HERE.search(done.stdout + done.stderr)):
        pytest.skip(f"npm says `{said[0]}`")
    assert done.returncode == 0, done.stderr
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, running, axe, theme):
    page = opened(theme=theme, reduced_motion="reduce")
    found = {}
    for path in VIEWS:
        page.goto(running.url + path)
        page.wait_for_selector(".scripted h1")
        page.wait_for_timeout(300)
        page.evaluate(axe)
        told = page.evaluate("axe.run().then((found) => JSON.stringify(found.violations))")
        serious = [v for v in json.loads(told) if v["impact"] in ("serious", "critical")]
        if serious:
            found[path] = [(v["id"], v["nodes"][0]["html"][:200]) for v in serious]

    assert found == {}
