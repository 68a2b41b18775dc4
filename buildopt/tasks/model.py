"""The words of the graph: packages of a workspace, tasks, and the plan of one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from buildopt.settings import TaskSettings

Manager = Literal["npm", "pnpm", "yarn", "bun", "uv"]
"""Who a workspace belongs to, and so how a script of it is run."""


class Package(NamedTuple):
    """A folder with a manifest: the only one of a project, or a member of a workspace."""

    name: str
    folder: str
    """Absolute, links resolved."""
    scripts: Mapping[str, str]
    """What `package.json` calls scripts, by name; empty for Python."""
    depends_on: tuple[str, ...]
    """Names of packages of the same workspace, in the manifest's order."""
    manager: Manager = "npm"
    """Who runs its scripts."""
    tasks: tuple[TaskSettings, ...] = ()
    """`[tasks]` of the package's own settings, paths as seen from its folder; a task goes before a
    script of its name. One that does not say what it depends on depends on `^NAME`."""
    settings: TaskSettings = TaskSettings()
    """What the package's own settings say of everything that runs in it."""
    settings_file: str = ""
    """Where these come from, or empty."""


class Workspace(NamedTuple):
    """Packages that know each other."""

    root: str
    manager: Manager
    root_package: Package | None
    packages: tuple[Package, ...]
    """The members, in order of their folders; the root's own package is none of them."""
    consulted: tuple[str, ...]
    """Every path whose appearance or change could change this."""


class GraphTask(NamedTuple):
    """One task of a plan."""

    id: str
    """`build` for a task of the project's settings, `PACKAGE#build` for a package's."""
    name: str
    package: str
    """Empty for a task of the project's settings."""
    settings: TaskSettings
    """Command and all; `directory` is absolute."""
    depends_on: tuple[str, ...] = ()
    """Ids of tasks of the same plan that have to end first."""

    @property
    def is_persistent(self) -> bool:
        """Whether it is started and left running; nothing waits for it."""
        return self.settings.persistent


class Plan(NamedTuple):
    """What one call runs: every task after those that it depends on."""

    root: str
    """The project's root, from which the paths of all records are seen."""
    tasks: tuple[GraphTask, ...]
    requested: tuple[str, ...]
    """Ids that were asked for; the others are there because these depend on them."""
