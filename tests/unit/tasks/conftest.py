"""A workspace in a folder, and the plan of a call in it."""

import json
from pathlib import Path

import pytest

from buildopt.errors import BuildoptError
from buildopt.tasks.graph import plan
from buildopt.tasks.workspaces import find_workspace, load_project


class Tree:
    """A git root in a temporary folder."""

    def __init__(self, place):
        self.root = Path(place) / "project"
        (self.root / ".git").mkdir(parents=True)

    def write(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    def npm_root(self, *workspaces, **more):
        self.write("package.json", {"name": "root", "workspaces": list(workspaces), **more})

    def package(self, folder, name="", needs=(), scripts=("build",), **more):
        """A member whose scripts print their name; `needs` are names, or a mapping to ranges."""
        wanted = needs if isinstance(needs, dict) else dict.fromkeys(needs, "*")
        manifest = {
            "name": name or folder.rpartition("/")[2],
            "version": "1.0.0",
            "scripts": {script: f"echo {script}" for script in scripts},
            "dependencies": wanted,
        }
        self.write(f"{folder}/package.json", manifest | more)

    def find(self, folder=".", root="."):
        return find_workspace(str(self.root / folder), str(self.root / root))

    def plan(self, *names, folder=".", filters=()):
        directory = str(self.root / folder)
        settings, workspace = load_project(directory, {"HOME": str(self.root.parent)})
        return plan(
            names, settings=settings, workspace=workspace, directory=directory, filters=filters
        )

    def ids(self, *names, **call):
        return [task.id for task in self.plan(*names, **call).tasks]

    def edges(self, *names, **call):
        return {task.id: list(task.depends_on) for task in self.plan(*names, **call).tasks}

    def asked(self, *names, **call):
        return list(self.plan(*names, **call).requested)

    def refused(self, *names, **call):
        with pytest.raises(BuildoptError) as caught:
            self.plan(*names, **call)
        return caught.value


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)
