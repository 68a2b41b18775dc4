"""Runs made by hand, as a journal would tell them."""

import pytest

from buildopt.report.view import view_of
from tests.unit.report.conftest import Story


@pytest.fixture
def story():
    return Story()


@pytest.fixture
def seen(story):
    """The view of a run that the story told."""
    return lambda run_id="run": view_of(story.newest_first, run_id)
