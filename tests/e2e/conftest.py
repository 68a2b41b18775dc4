"""Fixtures for runs of the installed command."""

import pytest

from tests.rig import Rig

pytest.register_assert_rewrite("tests.e2e.tracing_rig")


@pytest.fixture
def rig(request, tmp_path):
    """A project of its own; how its commands are observed says `OBSERVE` of the test's module."""
    return Rig(tmp_path, observe=getattr(request.module, "OBSERVE", "declared"))
