"""A page built by Vite tells a real browser's vitals and chunks, beside the build that made it."""

import shutil
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from monitor_plugins.web.script import source
from tests.e2e import browser_rig, page_rig
from tests.e2e.test_monitor import monitor
from tests.rig import Rig

pytestmark = browser_rig.marks(is_built=source() is not None)


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    rig = Rig(tmp_path_factory.mktemp("page"), observe="auto")
    if missing := page_rig.install(rig):
        pytest.skip(f"npm cannot install here: {missing}")
    return rig


@pytest.fixture(scope="module")
def running(rig):
    with monitor(rig) as running:
        page_rig.put_tag(rig)
        yield running


@pytest.fixture(scope="module")
def run(rig, running):
    return page_rig.build(rig)


def test_vitals_and_chunks_arrive_with_their_build(rig, browser, run):
    with page_rig.served(rig.root / "dist") as url:
        said = page_rig.visit(browser, f"{url}/?from=mail", "list", "chart")

    vitals = page_rig.wait_for(rig, "buildopt.web_vital", 4)
    loaded = page_rig.rows(rig, "buildopt.chunk.loaded", "chunks", 3)
    rendered = page_rig.rows(rig, "buildopt.component.rendered", "components", 2)
    assert said == []
    names = {event["data"]["browser.web_vital.name"] for event in vitals}
    assert names >= {"lcp", "fcp", "ttfb", "cls"}
    assert {event["data"]["build"] for event in vitals} == {run}
    assert {event["data"]["joined_by"] for event in vitals} == {"chunks"}
    assert {event["data"]["route"] for event in vitals} == {"/"}
    chunks = {row["chunk"]: row for row in loaded}
    assert chunks.keys() == {"index.js", "list.js", "chart.js"}
    assert all(row["is_of_build"] and row["size_bytes"] > 50 for row in chunks.values())
    assert {name for name, row in chunks.items() if row["is_lazy"]} == {"list.js", "chart.js"}
    assert all(0 < row["buildopt.chunk.load.duration"] < 60 for row in chunks.values())
    assert {row["component"] for row in rendered} == {"List", "Chart"}


def test_a_chunk_that_is_gone_is_told(rig, browser, run, tmp_path):
    dist = tmp_path / "dist"
    shutil.copytree(rig.root / "dist", dist)
    for path in dist.glob("assets/list-*.js"):
        path.unlink()

    with page_rig.served(dist) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        with page.expect_event("pageerror"):
            page.click("#list")
        page.goto("about:blank")
        page.wait_for_timeout(100)
        context.close()

    (failed,) = page_rig.wait_for(rig, "buildopt.chunk.load_failed")
    assert [row["chunk"] for row in failed["data"]["chunks"]] == ["list.js"]
    assert (failed["data"]["build"], failed["severity"]) == (run, "warning")


def test_the_dashboard_shows_vitals_and_chunks(rig, browser, run, running):
    with page_rig.served(rig.root / "dist") as url:
        page_rig.visit(browser, url, "chart")
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    page.goto(f"{running.url}/enter?token={running.token}")
    page.goto(f"{running.url}/panels/front-end")
    page.wait_for_selector("td:has-text('LCP')")
    text = page.inner_text("main")
    context.close()

    assert "chart.js" in text
    assert "a smoke signal" in text
    assert "npm run build, " in text


def test_the_token_of_a_page_opens_nothing_else(rig, running):
    tag = rig.call("vitals", "tag").stdout.decode()
    token = tag.split('data-token="')[1].split('"')[0]

    with closing(HTTPConnection(urlsplit(running.url).netloc, timeout=10)) as connection:
        connection.request("GET", "/api/v1/runs", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 401
    assert running.token not in tag
