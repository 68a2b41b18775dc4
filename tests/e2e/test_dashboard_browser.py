"""The dashboard in a real browser: live, by keyboard, on a phone, and asking nobody else."""

import time
from urllib.parse import urlsplit

import pytest

from monitor_plugins.dashboard.page import is_built
from tests.e2e import browser_rig
from tests.e2e.browser_rig import is_too_wide, wait_for, watched_page
from tests.e2e.test_dashboard import dashboard
from tests.rig import Rig

pytestmark = browser_rig.marks(is_built=is_built())
VIEWS = ("/", "/builds", "/cache", "/bundles", "/system", "/alerts", "/findings", "/plugins")
LISTENING = """
window.heard = [];
const Native = EventSource;
window.EventSource = class extends Native {
  constructor(address) {
    super(address);
    this.addEventListener("message", (message) => {
      const event = JSON.parse(message.data);
      if (event.type === "buildopt.run.finished") window.heard.push(event.run);
    });
  }
};
"""


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
        page = watched_page(context)
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

        assert not is_too_wide(page), path

    page.goto(running.url + "/builds")
    page.click("#list tbody a >> nth=-1")
    page.wait_for_selector(".fall")
    assert not is_too_wide(page), "a run"
    assert page.said == []
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(running.url).netloc}


def test_a_build_appears_without_a_reload(opened, running, rig):
    page = opened()
    page.wait_for_selector("#live:has-text('live')")
    page.evaluate("window.isSame = true")

    rig.run("--", "cat", "a.txt", "a.txt")

    page.wait_for_selector("#newest a:has-text('cat a.txt a.txt')", timeout=20_000)
    assert page.evaluate("window.isSame")


def test_a_page_goes_on_after_the_server_was_restarted_and_misses_nothing(browser, tmp_path):
    rig = Rig(tmp_path, observe="auto")
    rig.write("a.txt", "one")
    runs = []
    with dashboard(rig) as first:
        page = browser.new_context().new_page()
        page.add_init_script(LISTENING)
        page.goto(f"{first.url}/enter?token={first.token}")
        page.wait_for_selector("#live:has-text('live')")
        runs.append(rig.run("--", "cat", "a.txt").result["run_id"])
        wait_for(page, "heard.length === 1")
        port = str(urlsplit(first.url).port)
    runs += [rig.run("--", "cat", "a.txt", *["a.txt"] * n).result["run_id"] for n in (1, 2, 3)]
    with dashboard(rig, "--port", port):
        page.wait_for_selector("#newest a:has-text('cat a.txt a.txt a.txt')", timeout=30_000)
        wait_for(page, "heard.length >= 4")
        heard = page.evaluate("heard")
        page.context.close()

    assert heard == runs


def test_a_page_says_how_its_updates_are_and_when_it_is_not_let_in_any_more(opened, running):
    page = opened()
    page.wait_for_selector("#live:text('live')")
    page.select_option("#tools select >> nth=0", "never")
    page.wait_for_selector("#live:empty", state="attached")
    page.select_option("#tools select >> nth=0", "live")
    page.wait_for_selector("#live:text('live')")

    page.route("**/api/v1/**", lambda route: route.fulfill(status=401))
    page.goto(f"{running.url}/builds")
    page.wait_for_selector("#live:text('reload the page')")


def test_a_link_on_another_site_leads_in_by_one_click_and_a_stranger_by_the_token(opened, running):
    page = opened()
    page.route("http://elsewhere.example/", lambda route: route.fulfill(
        body=f'<a href="{running.url}/builds?range=1h">builds</a>', content_type="text/html",
    ))  # fmt: skip
    page.goto("http://elsewhere.example/")
    page.click("a")
    page.click("text=Open this page")
    page.wait_for_selector("h1:text('Builds')")
    assert page.url == f"{running.url}/builds?range=1h"

    page.context.clear_cookies()
    page.goto(f"{running.url}/builds")
    page.fill("input[name=token]", running.token)
    page.keyboard.press("Enter")
    page.wait_for_selector("nav[aria-label=Views]")


def test_keys_lead_from_view_to_view_and_into_a_run(opened):
    page = opened()
    page.keyboard.press("?")
    assert page.locator("dialog[open]").is_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("b")
    page.wait_for_url("**/builds")
    page.wait_for_selector(".scripted #list tbody tr")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")

    assert page.locator("h1").inner_text().startswith("cat a.txt")


def test_slash_leads_to_the_filter_of_the_view_and_escape_back_to_its_time(opened, running):
    page = opened()
    page.goto(f"{running.url}/builds?range=7d")
    page.wait_for_selector("#chart-durations .uplot canvas")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "task"

    page.evaluate("document.activeElement.blur()")
    place = page.locator("#chart-durations .u-over").bounding_box()
    page.mouse.move(place["x"] + 100, place["y"] + 30)
    page.mouse.down()
    page.mouse.move(place["x"] + 260, place["y"] + 30)
    page.mouse.up()
    page.wait_for_url("**from=*")
    page.wait_for_selector(".scripted")
    page.keyboard.press("Escape")
    page.wait_for_url(f"{running.url}/builds?range=7d")


def test_who_stands_in_a_table_stands_there_still_when_a_build_joins_it(opened, running, rig):
    page = opened()
    page.goto(f"{running.url}/builds")
    page.wait_for_selector(".scripted #list tbody tr")
    page.keyboard.press("j")
    page.locator("#list tbody tr a").first.focus()
    run = page.locator("#list tbody tr").first.get_attribute("data-run")

    rig.run("--", "cat", "a.txt", "./a.txt")
    page.wait_for_selector("#list a:has-text('./a.txt')")

    assert page.locator(".chosen-row").get_attribute("data-run") == run
    assert page.evaluate("document.activeElement.closest('tr')?.dataset.run") == run


def test_axes_have_the_time_that_tables_have_wherever_one_is(opened, running):
    told, now_s = [], int(time.time()) + 60
    for zone in ("UTC", "Asia/Kolkata"):
        page = opened(timezone_id=zone)
        page.add_init_script(
            "window.drawn = []; const fill = CanvasRenderingContext2D.prototype.fillText;"
            "CanvasRenderingContext2D.prototype.fillText = function (text, ...more) {"
            " drawn.push(text); return fill.call(this, text, ...more); };"
        )
        page.goto(f"{running.url}/cache?from={now_s - 6 * 3_600}&to={now_s}")
        page.wait_for_selector("#chart-hourly-hits .uplot canvas")
        told.append(set(page.evaluate("drawn.filter((text) => /^\\d\\d:\\d\\d$/.test(text))")))

    assert told[0]
    assert told[0] == told[1]


def test_charts_are_drawn_on_one_time_axis_and_have_tables(opened, running):
    page = opened()
    page.goto(f"{running.url}/system?range=15m")
    page.wait_for_selector("#chart-system-memory-utilization .uplot canvas")
    page.locator("#chart-system-cpu-utilization summary").click()
    page.locator("#chart-system-cpu-utilization tbody tr").first.wait_for()
    page.hover("#chart-system-cpu-utilization .u-over", position={"x": 60, "y": 20})

    lines = page.locator(".u-cursor-x:not(.u-off)")
    places = lines.evaluate_all("lines => lines.map((line) => line.style.transform)")
    assert len(places) > 2
    assert len(set(places)) == 1


def test_what_is_measured_for_the_first_time_joins_the_page(opened, running):
    page = opened()
    page.goto(f"{running.url}/system?range=15m")
    page.wait_for_selector("#chart-system-cpu-utilization .uplot canvas")
    page.wait_for_timeout(1_000)
    page.evaluate(
        "document.querySelector('#charts').outerHTML = '<p id=nothing class=live-part>Nothing</p>'"
    )

    page.wait_for_selector("#chart-system-cpu-utilization .uplot canvas", timeout=20_000)

    assert page.locator("#nothing").count() == 0


def test_tables_that_were_opened_stay_open_when_another_chart_joins_them(opened, running):
    page = opened()
    page.goto(f"{running.url}/system?range=15m")
    page.wait_for_selector("#chart-system-memory-utilization .uplot canvas")
    page.evaluate("document.querySelector('#chart-system-cpu-utilization').remove()")
    page.locator("#chart-system-memory-utilization summary").click()

    page.locator("#chart-system-cpu-utilization").wait_for()

    page.locator("#chart-system-memory-utilization tbody tr").first.wait_for()


@pytest.mark.parametrize(("motion", "count"), [("no-preference", 1), ("reduce", 0)])
def test_a_new_row_moves_only_where_motion_is_wanted(opened, running, motion, count):
    page = opened(reduced_motion=motion)
    page.goto(running.url + "/builds")
    page.wait_for_selector("#list tbody tr")
    page.evaluate("document.querySelector('#list tbody tr').classList.add('new-row')")

    assert page.evaluate("document.getAnimations().length") == count


def test_without_scripts_the_page_is_whole(opened, running):
    page = opened(java_script_enabled=False)
    page.goto(running.url + "/builds")

    assert page.locator("tbody tr").count() > 0
    assert page.locator("button.apply").first.is_visible()
