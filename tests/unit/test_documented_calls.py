"""Commands and options that README and docs show exist."""

import re
from pathlib import Path

import pytest

from tests.calls import COMMENT, unknown_words

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(sh|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"\bbuildopt ([^|>)&;#]*)")
KNOWN = {"dist", "records"}
"""A path that `bundle` takes without a command; the command of the plugin that one writes."""


def calls(page):
    for language, text in BLOCK.findall(page.read_text()):
        for line in text.splitlines():
            if language == "sh" or line.startswith("$ "):
                yield from CALL.findall(line.removeprefix("$ "))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_call_that_a_page_shows_exists(page):
    unknown = [(call, *unknown_words(COMMENT.sub("", call))) for call in calls(page)]

    assert not [found for found in unknown if set(found[1:]) - KNOWN]
