"""The page: safe whatever things are called, and complete in itself."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from buildopt.report.gathered import gather
from buildopt.report.html import page_of
from buildopt.report.present import AddedSection, Present, SettingShown
from buildopt.report.view import view_from, view_of

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&amp;{{ 7*7 }}"
VOID = {"meta", "img", "link", "br"}
LOADERS = {
    "script",
    "img",
    "link",
    "iframe",
    "object",
    "embed",
    "base",
    "form",
    "image",
    "use",
}


class Page(HTMLParser):
    """Tags, attributes, text and whether every tag is closed in order."""

    def __init__(self, content):
        super().__init__()
        self.tags = []
        self.attributes = []
        self.words = []
        self._open = []
        self.feed(content.decode())
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def page(story, run_id="run"):
    return page_of(view_of(story.newest_first, run_id))


@pytest.fixture
def hostile(story):
    story.ran("before", task=HOSTILE, command=(HOSTILE,))
    story.missed(HOSTILE, "\udcff\u202e")
    story.stored((HOSTILE, "file", 1234))
    story.ran(
        task=HOSTILE,
        command=(HOSTILE, "\udcff"),
        directory=HOSTILE,
        project=HOSTILE,
        observer=HOSTILE,
        stored=True,
        record="record",
    )
    return page(story)


def test_hostile_names_stay_text(hostile):
    found = Page(hostile)

    assert not LOADERS & set(found.tags)
    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7*7 }}" in found.text


def test_nothing_refers_to_anything_outside(hostile):
    found = Page(hostile)

    assert not LOADERS & set(found.tags)
    links = {value for tag, name, value in found.attributes if (tag, name) == ("a", "href")}
    assert links
    assert all(re.fullmatch("#[a-z]+", link) for link in links)
    names = {name for tag, name, _ in found.attributes if (tag, name) != ("a", "href")}
    assert not names & {"src", "href", "xlink:href", "style", "srcset", "action", "data"}
    assert not [name for name in names if name.startswith("on")]
    style = hostile[hostile.index(b"<style>") : hostile.index(b"</style>")]
    assert b"url(" not in style
    assert b"@import" not in style


def test_the_policy_allows_this_style_sheet_and_nothing_else(story):
    story.ran()

    content = page(story).decode()

    (style,) = re.findall(r"<style>(.*?)</style>", content, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = next(
        v for t, n, v in Page(content.encode()).attributes if n == "content" and "src" in v
    )
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_policy_stands_before_the_style_sheet(story):
    story.ran()

    content = page(story)

    assert content.index(b"Content-Security-Policy") < content.index(b"<style>")


def test_verdict_and_reason_come_before_all_else(story):
    story.missed("src/App.tsx")
    story.ran()

    text = Page(page(story)).text

    assert re.search(r"▶ Executed in 2 s\s+src/App.tsx changed\. ", text)
    assert text.index("src/App.tsx changed") < text.index("Duration")


def test_each_run_of_the_history_has_a_bar_and_a_row(story):
    story.ran("one")
    story.ran("two", outcome="fresh", duration_s=0.001, time_saved_s=2.0)
    story.failed("run")

    found = Page(page(story))

    assert found.tags.count("rect") == 3
    assert "✕ failed" in found.text
    assert "33.3 % of the last 3 runs were answered from the cache; ≈ 2 s saved" in found.text


def test_a_first_run_has_no_section_about_its_history_but_a_reason(story):
    story.ran()

    found = Page(page(story))

    assert "svg" not in found.tags
    assert ("section", "id", "history") not in found.attributes
    assert "History: this is the first run of this task that the journal holds." in found.text


def test_what_was_asked_of_the_present_is_shown_as_text(story):
    story.ran()
    present = Present(
        settings=lambda: (SettingShown(name=HOSTILE, value=HOSTILE, origin=HOSTILE),),
        sections=lambda events: (
            AddedSection(title=HOSTILE, rows=((HOSTILE, f"{len(events)} events"),), by="mine"),
            AddedSection(title="broken", by="theirs", trouble=HOSTILE),
        ),
    )
    content = page_of(view_from(gather(story.newest_first, "run"), story.blob, present))

    found = Page(content)
    assert not LOADERS & set(found.tags)
    assert found.text.count("<script>alert(1)</script>") >= 6
    assert "1 events" in found.text
    assert ("section", "id", "added-1") in found.attributes
    assert re.search("broken: plugin +theirs *: ", found.text)


def test_exact_bytes_stand_in_the_title_of_a_rounded_size(story):
    story.stored(("out/app.js", "file", 184_212))
    story.ran(stored=True, record="record")

    content = page(story)

    assert 'title="184,212 bytes">184 kB<' in content.decode()


def test_the_same_events_make_the_same_page(story):
    story.missed("a")
    story.ran()

    first, second = page(story), page(story)

    assert first == second
