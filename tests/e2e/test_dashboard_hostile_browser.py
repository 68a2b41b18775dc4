"""Whatever was told is shown harmlessly in a real browser; axe-core looks at each view."""

import json
from urllib.parse import quote, urlsplit

import pytest

from buildopt import blobs
from buildopt.monitor.hookspecs import Panel, Response, Route
from buildopt.monitor.http import Server, Shown
from monitor_plugins.dashboard import plugin
from monitor_plugins.dashboard.page import is_built
from tests.e2e import browser_rig
from tests.e2e.browser_rig import is_too_wide, serious, watched_page
from tests.unit.dashboard.conftest import HOSTILE, TOKEN, full

pytestmark = browser_rig.marks(is_built=is_built())
fixtures = (full,)
VIEWS = (
    "/", "/builds", "/builds?task=web", "/cache", "/bundles", "/bundles?run=run-long&against=run-3",
    "/system", "/alerts", "/findings", "/findings/ab12", "/plugins", "/runs/run-3",
    "/runs/run-hostile", "/compare?a=run-2&b=run-hostile", "/panels/of-others", "/runs/none",
)  # fmt: skip
IMAGE = "<img src=x onerror=alert(2)>"
LONG = f"{IMAGE}\x1b]8;;http://evil.example\x07\u202e" + "x" * 1_000_000
ROWS = {
    "columns": ["Name", {"name": "p95", "unit": "s"}, LONG],
    "rows": [
        [HOSTILE, 0.25, {"value": 0.5, "unit": "1", "state": "bad"}],
        [LONG, None, {"value": IMAGE, "href": "javascript:alert(3)"}],
        [{"value": "inside", "href": "/builds"}, 1, {"value": "out", "href": "//evil.example/"}],
    ],
}
LINES = {
    "text": IMAGE, "unit": "s", "marks": [{"time_s": 1_500, "text": IMAGE}],
    "series": [
        {"name": IMAGE, "times_s": [1_000, 2_000], "values": [0.5, 1.0]},
        {"name": "other", "times_s": [1_500], "values": [0.7]},
    ],
}  # fmt: skip
PANELS = (
    Panel("rows", f"Rows {IMAGE}", "table", path="/api/v1/rows", view="Of others"),
    Panel("lines", "Lines", "line", path="/api/v1/lines", view="Of others"),
    Panel("number", "Number", "number", path="/api/v1/number", view="Of others"),
    Panel("broken", "Broken", "table", path="/api/v1/broken", view="Of others"),
)


@pytest.fixture(scope="module")
def server(full):
    document = {
        "kind": "bundle", "files": [{"path": f"{IMAGE}.js", "raw": 5_000}],
        "modules": [{"file": f"{IMAGE}.js", "name": LONG, "kind": "package", "instance": "a",
                     "bytes": 4_000}],
        "packages": [{"name": LONG, "version": IMAGE, "instance": "a", "bytes": 4_000}],
    }  # fmt: skip
    digest = blobs.put(full.folder.encode(), json.dumps(document).encode(), 1e9)
    full.tell("buildopt.bundle.analyzed", {
        "kind": "bundle", "output": "dist", "totals": {"raw": 5_000, "gzip": 300},
        "packages": [{"name": IMAGE, "versions": [IMAGE], "bytes": 500}], "document": digest,
    }, run="run-long")  # fmt: skip
    full.project("y" * 80).emit("buildopt.bundle.analyzed", {"kind": "bundle", "output": "dist"})
    full.build("run-wide", task="z" * 80)
    full.tell("buildopt.alert.silenced", {"id": IMAGE, "match": {IMAGE: LONG[:90]}, "until": 9e15})
    full.catch_up()
    answers = {"rows": ROWS, "lines": LINES, "number": {"value": 0.5, "unit": "1", "state": "warn"}}
    routes = [
        *plugin.http_routes(PANELS, full.known),
        *(Route("GET", f"/api/v1/{name}", answering(body)) for name, body in answers.items()),
        Route("GET", "/api/v1/broken", lambda _: Response(200, b"<html>")),
    ]
    server = Server("127.0.0.1", 0, TOKEN, Shown(full.known.health, lambda: "", routes))
    server.start()
    yield server
    server.stop()


def answering(body):
    return lambda _: Response(200, json.dumps(body).encode())


@pytest.fixture
def opened(browser, server):
    contexts = []

    def open_(path="/", width=1440, **more):
        viewport = {"width": width, "height": 800}
        contexts.append(browser.new_context(viewport=viewport, reduced_motion="reduce", **more))
        page = watched_page(contexts[-1])
        page.goto(f"{server.url}/enter?token={TOKEN}")
        page.goto(server.url + path)
        page.wait_for_selector(".scripted h1")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_that_was_told_runs_hides_or_leads_away(opened, server, width):
    page = opened(width=width)
    for path in VIEWS:
        page.goto(server.url + path)
        page.wait_for_selector("h1")
        page.wait_for_timeout(250)
        text = page.evaluate("document.body.innerText")

        assert page.locator("main img, main script, main iframe").count() == 0, path
        assert not [c for c in text if ord(c) < 32 and c not in "\n\t"], path
        assert not [c for c in text if 0x202A <= ord(c) <= 0x202E], path
        assert not is_too_wide(page), path
        links = page.eval_on_selector_all("a[href]", "links => links.map((link) => link.href)")
        assert {urlsplit(link).netloc for link in links} == {urlsplit(server.url).netloc}, path

    said = [line for line in page.said if "404 (Not Found)" not in line]
    assert said == []
    assert {urlsplit(url).netloc for url in page.asked} == {urlsplit(server.url).netloc}


@pytest.mark.parametrize(("theme", "width"), [("light", 360), ("dark", 1440)])
def test_axe_finds_nothing_serious(opened, server, axe, theme, width):
    page = opened(color_scheme=theme, width=width)
    found = {}
    for path in VIEWS:
        page.goto(server.url + path)
        page.wait_for_selector(".scripted h1")
        page.wait_for_timeout(250)
        found[path] = serious(page, axe)

    assert {path: rows for path, rows in found.items() if rows} == {}


def test_panels_of_a_plugin_are_drawn_with_units_states_and_links(opened):
    page = opened("/panels/of-others")
    page.wait_for_selector("#panel-lines .uplot canvas")

    assert page.locator("nav a[aria-current=page]").inner_text() == "Of others"
    assert page.locator("#panel-rows tbody tr").count() == 3
    assert page.locator("#panel-rows tbody tr >> nth=0").inner_text().endswith("250 ms\t✕ 50 %")
    assert page.locator("#panel-rows a").all_inner_texts() == ["inside"]
    assert page.locator("#panel-number .figure").inner_text() == "▲ 50 %"
    assert page.locator("#panel-lines .legend").inner_text().split("\n")[0].startswith(IMAGE)
    assert page.locator("#panel-lines .marks li").inner_text().endswith(IMAGE)
    assert page.locator("#panel-broken h2").inner_text() == "Broken"


def test_a_treemap_is_searched_and_two_builds_of_it_are_compared(opened):
    page = opened(f"/bundles?run=run-long&against=run-3&output={quote('dist')}")
    page.wait_for_selector("#map canvas")
    page.fill("#map input[type=search]", "no such part")
    nothing = page.locator("#map [role=status]").inner_text()
    page.fill("#map input[type=search]", "onerror")
    some = page.locator("#map [role=status]").inner_text()
    page.focus("#map .canvas")
    page.keyboard.press("ArrowDown")

    assert (nothing, some) == ("0 parts found", "1 part found")  # run-3 tells of files only
    assert "new" in page.locator("#map .chosen").inner_text()


def test_a_phone_can_put_it_on_its_home_screen(opened):
    page = opened()
    session = page.context.new_cdp_session(page)
    manifest = session.send("Page.getAppManifest")
    told = json.loads(manifest["data"])

    assert manifest["errors"] == []
    assert (told["display"], told["start_url"]) == ("standalone", "/")
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {error["errorId"] for error in errors} <= {"in-incognito"}  # as contexts of tests are


def test_keys_alone_lead_through_a_page_and_focus_is_seen(opened):
    page = opened("/alerts")
    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.className")
    seen = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "const at = document.activeElement; at === document.body ? 'end'"
            " : getComputedStyle(at).outlineStyle"
        )
        seen.add(outline)
        if page.evaluate("document.activeElement.textContent") == "Take care of it":
            break

    assert first == "skip"
    assert page.evaluate("document.activeElement.textContent") == "Take care of it"
    assert "none" not in seen
