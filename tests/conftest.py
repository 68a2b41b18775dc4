"""Fixtures for all tests."""

import os

import pytest
from hypothesis import settings

from tests.rig import Rig

# The same examples each time, so that a change is judged by itself; others with
# HYPOTHESIS_PROFILE=search. No time limit: a busy machine is no fault.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture
def rig(tmp_path):
    """A project of its own, with its own cache, and the installed command."""
    return Rig(tmp_path)
