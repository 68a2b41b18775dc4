"""Which tasks there are: those of the project's settings, and those and the scripts of packages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from buildopt.settings import Settings, TaskSettings
from buildopt.tasks.model import Package, Workspace
from buildopt.tasks.own_settings import with_settings

NOTHING = TaskSettings()
_MAGIC = re.compile(r"[*?\[]")


class Offer(NamedTuple):
    """A task that a plan could hold."""

    id: str
    name: str
    package: Package | None
    """None for a task of the project's settings."""
    settings: TaskSettings
    """Patterns as seen from the project's root, `directory` absolute."""
    file: str = ""
    """The settings file that it stands in; empty for a script."""
    key: str = ""
    """What it is called there."""


class Catalogue:
    """All tasks of a project, by the place that they stand in."""

    def __init__(self, settings: Settings, workspace: Workspace | None) -> None:
        self._settings = settings
        self._root = os.path.realpath(settings.root)
        self._project = {task.name: task for task in settings.tasks}
        self.members = workspace.packages if workspace else ()
        self.root_package = workspace.root_package if workspace else None
        self._offers: dict[str, Offer | None] = {}
        roots = (self.root_package,) if self.root_package else ()
        self.packages = {package.name: package for package in (*self.members, *roots)}
        self._short: dict[str, list[Package]] = {}
        """Packages by their names without a scope."""
        for name, package in self.packages.items():
            self._short.setdefault(name.rpartition("/")[2], []).append(package)

    def of_project(self, name: str) -> Offer | None:
        """The task of that name in the project's settings."""
        task = self._project.get(name)
        if task is None:
            return None
        directory = os.path.normpath(os.path.join(self._settings.root, task.directory))
        settings = task._replace(directory=directory)
        return Offer(name, name, None, settings, self._settings.file, name)

    def in_package(self, package: Package, name: str) -> Offer | None:
        """The task or script of that name in a package.

        A task `PACKAGE#NAME` of the project's settings stands for it.
        """
        task_id = f"{package.name}#{name}"
        if task_id not in self._offers:
            instead = self.of_project(task_id)
            self._offers[task_id] = (
                instead._replace(name=name, package=package)
                if instead
                else self._in_package(package, name)
            )
        return self._offers[task_id]

    def own_task(self, package: Package, name: str) -> Offer | None:
        """The task of that name in a package's own settings: no script."""
        offer = self.in_package(package, name)
        return offer if offer and offer.file else None

    def in_members(self, name: str) -> tuple[Offer, ...]:
        """That task of each member that has it, in the order of their folders."""
        found = (self.in_package(package, name) for package in self.members)
        return tuple(offer for offer in found if offer)

    def by_id(self, task_id: str) -> Offer | None:
        """The task that `PACKAGE#NAME` means; `ui` also means `@shop/ui` where only that one is
        so called.
        """
        package, mark, name = task_id.rpartition("#")
        if mark and package in self.packages:
            return self.in_package(self.packages[package], name)
        short = self._short.get(package, []) if mark else []
        if len(short) == 1 and task_id not in self._project:
            return self.in_package(short[0], name)
        return self.of_project(task_id)

    def anywhere(self, name: str) -> tuple[Offer, ...]:
        """What a bare name means: a task of the project, else of the members, else of the root."""
        own = self.of_project(name)
        if own:
            return (own,)
        found = self.in_members(name)
        if found or not self.root_package:
            return found
        offer = self.in_package(self.root_package, name)
        return (offer,) if offer else ()

    def names(self) -> tuple[str, ...]:
        """All bare names, each once."""
        return tuple(dict.fromkeys((*self._project, *self._names_in_packages())))

    def ids(self) -> tuple[str, ...]:
        """All names that a task can be asked for by."""
        packages = self.packages.values()
        return (*self.names(), *(f"{p.name}#{name}" for p in packages for name in _names(p)))

    def _names_in_packages(self) -> Iterator[str]:
        for package in self.packages.values():
            yield from _names(package)

    def _in_package(self, package: Package, name: str) -> Offer | None:
        for task in self._tasks_of(package):
            if task.name == name:
                return self._offer(package, task, package.settings_file)
        if name not in package.scripts:
            return None
        script = TaskSettings(
            name=name, command=(package.manager, "run", name), depends_on=(f"^{name}",)
        )
        return self._offer(package, script, "")

    def _tasks_of(self, package: Package) -> tuple[TaskSettings, ...]:
        """Those of the project's own folder are the project's."""
        return () if package.folder == self._root else package.tasks

    def _offer(self, package: Package, task: TaskSettings, file: str) -> Offer:
        if package.folder != self._root and package.settings != NOTHING:
            task = with_settings(task, package.settings)
        prefix = _escaped(os.path.relpath(package.folder, self._root))
        settings = task._replace(
            inputs=_below(prefix, task.inputs),
            outputs=_below(prefix, task.outputs),
            directory=os.path.normpath(os.path.join(package.folder, task.directory)),
        )
        return Offer(f"{package.name}#{task.name}", task.name, package, settings, file, task.name)


def _names(package: Package) -> Iterator[str]:
    yield from (task.name for task in package.tasks)
    yield from package.scripts


def _below(prefix: str, patterns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(
        pattern if prefix == "." or pattern.startswith("/") else f"{prefix}/{pattern}"
        for pattern in patterns
    )


def _escaped(path: str) -> str:
    return _MAGIC.sub(r"[\g<0>]", path)
