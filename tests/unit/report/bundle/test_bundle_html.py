"""The page of a bundle: whole, offline, and safe whatever things are called."""

import base64
import gzip
import hashlib
import json
import zipfile

import pytest

from buildopt.bundle.compare import compare
from buildopt.report.bundle import html
from tests.unit.bundle.bundle_writing import analysed, write_chunk, write_lock, write_metafile
from tests.unit.report.bundle.page_reading import Page, numbers

HOSTILE = "</script><img src=x onerror=alert(1)>`{{ 7*7 }}\u202e\u2028\x1b[31m"
A, B = "node_modules/a/index.js", "node_modules/b/node_modules/a/index.js"
SCRIPT = "void 'the script';"


@pytest.fixture(autouse=True)
def script(monkeypatch):
    """The page has a script, whether Node is here or not."""
    monkeypatch.setattr(html, "asset", lambda name: SCRIPT)


@pytest.fixture
def build(tmp_path):
    """Writes a build of the given chunks and gives its analysis."""

    def make(chunks, versions=None, name="project"):
        project = tmp_path / name
        for path, parts in chunks.items():
            write_chunk(project / "dist", path, parts)
        write_lock(project, versions or {})
        return analysed(project)

    return make


@pytest.fixture
def twice(build):
    """A package in two copies."""
    versions = {"node_modules/a": "1.0.0", "node_modules/b/node_modules/a": "2.0.0"}
    return build({"main.js": [("src/i.js", "i();"), (A, "a" * 300), (B, "b" * 200)]}, versions)


def data_of(page):
    """What the script would read."""
    text = page.scripts[0]
    if "application/json" in page.values("type"):
        return json.loads(text)
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_hostile_names_stay_text(build, tmp_path):
    (tmp_path / "project").mkdir()
    write_metafile(tmp_path / "project", {}, {"dist/main.js": []}, ("dist/main.js", HOSTILE))
    (tmp_path / "project/dist").mkdir()
    (tmp_path / "project/dist" / f"{HOSTILE.replace('/', '')}\udcff.svg").write_text("x")
    name = f"node_modules/{HOSTILE}/x.js"
    analysis = build({"main.js": [(f"src/{HOSTILE}", "i();"), (name, "a" * 99)]})

    content = html.page_of_analysis(analysis)

    page = Page(content)
    assert "img" not in page.tags
    assert len(page.scripts) == 2
    assert page.scripts[1] == SCRIPT
    assert "</script><img src=x onerror=alert(1)>" in page.text
    for character in "\u202e\u2028\x1b":
        assert character not in content.decode()
    assert any("onerror=alert(1)" in name for name in data_of(page)["names"].split("\n"))


def test_nothing_refers_to_anything_outside(twice):
    page = Page(html.page_of_analysis(twice))

    names = {name for _, name, _ in page.attributes}
    assert not names & {"src", "href", "xlink:href", "style", "srcset", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    assert not [style for style in page.styles if "url(" in style or "@import" in style]


def test_the_policy_allows_this_style_sheet_and_this_script_and_nothing_else(twice):
    page = Page(html.page_of_analysis(twice))

    def digest(text):
        return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

    (policy,) = [value for value in page.values("content") if "default-src" in value]
    assert policy.split("; ") == [
        "default-src 'none'",
        f"script-src 'sha256-{digest(SCRIPT)}'",
        f"style-src 'sha256-{digest(page.styles[0])}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_without_script_totals_findings_packages_and_a_picture_are_there(twice):
    page = Page(html.page_of_analysis(twice))

    total = twice.totals.raw
    assert f"{total} B" in page.text
    assert "▲ duplicate a , 200 B : 2 copies: 1.0.0, 2.0.0 by b" in page.text
    assert "a 1.0.0 300 B" in page.text
    assert page.tags.count("rect") > 4
    assert "url(#hatch)" in page.values("fill")


def test_where_node_was_missing_the_page_says_what_it_lacks(twice, monkeypatch):
    monkeypatch.setattr(html, "asset", lambda name: "")

    page = Page(html.page_of_analysis(twice))

    assert "script" not in page.tags
    assert "script-src" not in " ".join(page.values("content"))
    assert "Node was missing" in page.text
    assert "a 1.0.0 300 B" in page.text


def test_the_script_is_told_every_byte(twice):
    data = data_of(Page(html.page_of_analysis(twice)))

    assert sum(numbers(data, "raw")) == twice.totals.raw
    assert len(numbers(data, "raw")) == data["counts"].count(0)
    assert len(data["names"].split("\n")) == len(data["counts"])


def test_a_comparison_says_what_grew_and_why(build):
    one, two = [(A, "a" * 300)], [(A, "a" * 500)]
    before = build({"main.js": one}, {"node_modules/a": "1.0.0"}, "before")
    after = build({"main.js": two}, {"node_modules/a": "2.0.0"}, "after")

    page = Page(html.page_of_comparison(before, after, compare(before, after)))

    assert "Grew by 200 B" in page.text
    assert "The largest change is a , +200 B, +66.7 %: version 1.0.0 → 2.0.0." in page.text
    data = data_of(page)
    assert sum(numbers(data, "raw")) == after.totals.raw
    assert sum(numbers(data, "before")) == before.totals.raw


def test_a_wheel_has_a_page_too(tmp_path):
    path = tmp_path / "app-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("app/__init__.py", "x = 1\n" * 500)
        wheel.writestr("app/tests/test_app.py", "x = 1\n" * 100)
        wheel.writestr("app-1.0.dist-info/RECORD", "")

    page = Page(html.page_of_analysis(analysed(path)))

    assert "not-needed app/tests/" in page.text
    assert "*.py 3 kB" in page.text
    assert sum(numbers(data_of(page), "raw")) == 3600


def test_an_empty_output_says_that_there_is_nothing_to_draw(tmp_path):
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/empty.js").write_text("")

    page = Page(html.page_of_analysis(analysed(tmp_path)))

    assert "there is not one byte to draw" in page.text


def test_the_same_build_makes_the_same_page(twice):
    assert html.page_of_analysis(twice) == html.page_of_analysis(twice)
