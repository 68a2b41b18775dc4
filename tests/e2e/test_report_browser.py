"""Reports in a real browser: hostile names, both themes, a phone, paper, held to axe-core."""

import os

import pytest

from buildopt.report.html import page_of
from buildopt.report.period_report import ListedReport, page_of_reports
from buildopt.report.present import Present
from buildopt.report.write import read_view
from tests.e2e import browser_rig
from tests.rig import Rig

pytestmark = browser_rig.marks(is_built=True)
HOSTILE = "<img src=x onerror=alert(1)>\x1b[31m\u202e"
BUILD = 'mkdir -p out; cat a "$1" > "out/$1"; sleep 0.3; exit "$(cat status)"'
PAGES = ("run.html", "measured.html", "answer.html", "compared.html", "time.html", "reports.html")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pages of runs: answered, after an edit, failed, measured; a comparison, a time, a list."""
    rig = Rig(tmp_path_factory.mktemp("reports"), observe="auto")
    rig.write("a", "1\n")
    rig.write(HOSTILE, "2\n")
    for status in ("0", "0", "3"):
        rig.write("status", status)
        rig.call("run", "--", "sh", "-c", BUILD, HOSTILE, HOSTILE)
    runs = [event.run for event in rig.events("buildopt.run.finished")]
    for name, arguments in (
        ("run.html", ()),
        ("answer.html", (runs[1],)),
        ("compared.html", ("--compare", runs[0])),
        ("time.html", ("--since", "1h")),
    ):
        assert rig.call("report", *arguments, "--html", name).returncode == 0
    measured = read_view(os.fsencode(rig.state), runs[0], Present(samples=half_of_all))
    (rig.root / "measured.html").write_bytes(page_of(measured))
    row = ListedReport("run.html", HOSTILE, HOSTILE, runs=3, failed=1, hit_ratio=0.5)
    (rig.root / "reports.html").write_bytes(page_of_reports("Hourly reports", [row]))
    return rig.root


def half_of_all(span, names):
    """What a monitor would have measured."""
    return {name: [(span.start_ms + 10 * n, 0.5) for n in range(5)] for name in names}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_each_page_fits_is_accessible_and_asks_for_nothing(browser, axe, folder, theme, width):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
    )
    page = browser_rig.watched_page(context)
    for name in PAGES:
        page.goto((folder / name).as_uri())
        for summary in page.locator("summary").all():
            summary.click()

        assert not browser_rig.is_too_wide(page), name
        assert browser_rig.serious(page, axe) == [], name
        assert page.locator("img").count() == 0
    assert page.said == []
    assert {url.rsplit("/", 1)[1] for url in page.asked} == set(PAGES)
    context.close()


def test_all_sections_can_be_reached_by_keys(browser, folder):
    page = browser.new_page()
    page.goto((folder / "run.html").as_uri())
    links = page.locator("nav a").all()
    assert len(links) > 5
    for link in links:
        link.focus()
        page.keyboard.press("Enter")

        target = page.evaluate("document.querySelector(location.hash).id")
        assert target == link.get_attribute("href")[1:]
    page.close()


def test_paper_has_the_tables_and_no_links_to_sections(browser, folder):
    page = browser.new_page(color_scheme="dark")
    page.goto((folder / "run.html").as_uri())
    page.emulate_media(media="print")

    assert not page.locator("nav").is_visible()
    assert page.locator(".fall").is_visible()
    page.close()
