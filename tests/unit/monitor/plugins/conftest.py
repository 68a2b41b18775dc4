import pytest

from tests.unit.monitor.plugins.plugin_rig import Builds, PluginFolder


@pytest.fixture
def state(tmp_path):
    return str(tmp_path / "state")


@pytest.fixture
def builds(state):
    return Builds(state)


@pytest.fixture
def plugin_folder(tmp_path, monkeypatch):
    return PluginFolder(tmp_path / "plugins", monkeypatch)
