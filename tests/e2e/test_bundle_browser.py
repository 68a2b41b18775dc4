"""The page of a bundle in a real browser: looked at, searched, zoomed, and held to axe-core."""

import pytest

from buildopt.report.page import asset
from tests.e2e import browser_rig
from tests.rig import Rig
from tests.unit.bundle.bundle_writing import write_chunk, write_lock

pytestmark = browser_rig.marks(is_built=bool(asset("bundle.js")), timeout_s=180)
HOSTILE = "</script><img src=x onerror=alert(1)>"
A, B = "node_modules/a/index.js", "node_modules/b/node_modules/a/index.js"
PARTS = [
    ("src/i.js", "i" * 400),
    (f"src/{HOSTILE}.js", "h" * 300),
    (A, "a" * 3000),
    ("node_modules/a/lib/part.js", "p" * 900),
    (B, "b" * 2000),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A page of one build, and one of two."""
    rig = Rig(tmp_path_factory.mktemp("pages"))
    write_lock(rig.root, {"node_modules/a": "1.0.0", "node_modules/b/node_modules/a": "2.0.0"})
    write_chunk(rig.root / "before", "main.js", PARTS[:4])
    write_chunk(rig.root / "dist", "main.js", PARTS)
    for arguments in (
        ("dist", "--html", "one.html"),
        ("diff", "before", "dist", "--html", "two.html"),
    ):
        assert rig.call("bundle", *arguments).returncode == 0
    return rig.root


@pytest.fixture
def opened(browser, pages):
    """Opens a page; nothing may go wrong in it and nothing be asked for."""
    contexts, trouble = [], []

    def open_page(name="one.html", **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("console", lambda message: trouble.append(message.text))
        page.on("dialog", lambda dialog: trouble.append(dialog.message))
        page.on("request", lambda request: trouble.append(request.url))
        page.on("requestfailed", lambda request: trouble.append(request.url))
        page.goto((pages / name).as_uri())
        page.wait_for_selector("#parts tbody tr")
        return page

    yield open_page
    assert {line for line in trouble if not line.endswith((".html",))} == set()
    for context in contexts:
        context.close()


def names(page):
    return page.locator("#parts tbody th").all_inner_texts()


def test_a_search_shortens_the_table_and_says_how_much_it_found(opened):
    page = opened()

    page.get_by_label("Search").fill("lib/part")

    assert names(page) == ["a 1.0.0"]
    assert page.locator("#parts tbody td").first.inner_text() == "900 B"
    assert page.get_by_role("status").inner_text() == "1 part, 900 B"


def test_keys_alone_lead_into_a_package_and_out_again(opened):
    page = opened()
    page.get_by_role("group", name="Treemap").focus()

    for key in ("ArrowRight", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    inside = page.locator(".crumbs").inner_text()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")

    assert inside == "all files / main.js / a 1.0.0, 3.9 kB"
    assert page.locator(".crumbs").inner_text() == "all files, 6.63 kB"


def test_a_double_click_zooms_into_what_is_there(opened):
    page = opened(viewport={"width": 1400, "height": 900})

    page.locator("canvas").dblclick(position={"x": 60, "y": 27})

    assert page.locator(".crumbs").inner_text() == "all files / main.js / a 1.0.0, 3.9 kB"


def test_every_byte_is_in_the_table_of_modules(opened):
    page = opened()

    page.get_by_label("Rows are").select_option("leaves")

    titles = page.locator("#parts td[title]").evaluate_all("cells => cells.map(c => c.title)")
    counted = sum(int(title.partition(" ")[0].replace(",", "")) for title in titles)
    assert counted == 6600 + len("\n//# sourceMappingURL=main.js.map\n")


def test_hostile_names_are_words_in_the_map_and_in_the_table(opened):
    page = opened()

    page.get_by_label("Rows are").select_option("leaves")
    page.get_by_label("Search").fill("onerror")

    (name,) = names(page)
    assert name == f"main.js/own code/src/{HOSTILE}.js"
    assert page.locator("img").count() == 0


def test_packages_of_two_files_are_one_in_the_map_by_package(opened):
    page = opened("two.html")

    page.get_by_label("Group by").select_option("owner")
    page.get_by_label("Area").select_option("change")

    assert page.locator(".crumbs").inner_text() == "all files, 2 kB changed"
    assert names(page)[0] == "a 2.0.0 in b"


def test_the_theme_is_remembered(opened):
    page = opened(color_scheme="light")
    page.get_by_label("Theme").select_option("dark")
    page.reload()
    page.wait_for_selector("#parts tbody tr")

    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")

    assert ground == "rgb(15, 18, 22)"


@pytest.mark.parametrize("name", ["one.html", "two.html"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_and_a_phone_scrolls_downwards_only(opened, axe, name, theme):
    page = opened(name, color_scheme=theme, bypass_csp=True, viewport={"width": 360, "height": 740})
    page.evaluate(axe)

    found = page.evaluate("axe.run()")["violations"]

    assert [(rule["id"], rule["nodes"][0]["target"]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
