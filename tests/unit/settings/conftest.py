"""A project in a folder, the user's home beside it, and settings in either."""

from pathlib import Path

import pytest

from buildopt import settings
from buildopt.errors import SettingsError


class Project:
    """A git root `project`, and `home`; both in a temporary folder."""

    def __init__(self, place):
        self.root = Path(place) / "project"
        self.home = Path(place) / "home"
        (self.root / ".git").mkdir(parents=True)
        self.home.mkdir()

    def write(self, name, content, below="project"):
        path = self.root.parent / below / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def write_users(self, content):
        return self.write(".config/buildopt/buildopt.toml", content, below="home")

    def environ(self, **variables):
        return {"HOME": str(self.home), **variables}

    def load(self, folder=".", **variables):
        directory = self.root / folder
        directory.mkdir(exist_ok=True)
        return settings.load(str(directory), self.environ(**variables))


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def refused(project):
    """Loads settings that must be refused; what is said about them."""

    def load(folder=".", **variables):
        with pytest.raises(SettingsError) as caught:
            project.load(folder, **variables)
        return caught.value

    return load
