"""Fixtures for all tests."""

import pytest

from tests.rig import Rig


@pytest.fixture
def rig(tmp_path):
    """A project of its own, with its own cache, and the installed command."""
    return Rig(tmp_path)
