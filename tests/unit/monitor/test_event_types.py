"""docs/events.md names every type that buildopt tells."""

from pathlib import Path

from buildopt.events import TYPES
from buildopt.monitor.bookkeeping import LINES_SKIPPED
from buildopt.monitor.importer import INDEX_REBUILT
from buildopt.monitor.rows import RUN_LOST
from buildopt.monitor.samples import TYPE

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


def test_the_page_about_events_has_each_type():
    words = PAGE.read_text()

    for kind in (*TYPES, INDEX_REBUILT, LINES_SKIPPED, RUN_LOST, TYPE):
        assert f"`{kind}`" in words
