"""docs/settings.md has every key, as the table of keys has it."""

import tomllib

from buildopt.settings import loading
from buildopt.settings.files import Part
from buildopt.settings.keys import SWITCHES
from docs.settings_table import PAGE, with_tables


def test_the_tables_of_the_page_are_those_of_the_code():
    page = PAGE.read_text()

    assert page == with_tables(page), "run `python docs/settings_table.py`"


def test_every_switch_is_told():
    page = PAGE.read_text()

    assert all(f"`{name}=0`" in page for name in SWITCHES)


def test_the_example_is_a_file_that_can_be_loaded():
    text = PAGE.read_text().partition("```toml\n")[2].partition("```")[0]
    part = Part(path="buildopt.toml", shown="", text=text, prefix=(), table=tomllib.loads(text))

    values = loading.values_of(part)

    assert [task.name for task in values["tasks"]] == ["docs"]
