"""What a package's own settings say: its tasks, and what holds for everything that runs in it."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from buildopt.settings import PROJECT_FILES, TaskSettings
from buildopt.settings.files import PREFIXES, PYPROJECT, Part, part_of
from buildopt.settings.project import part_in
from buildopt.tasks.manifest_files import Reader


class OwnSettings(NamedTuple):
    """Settings of one folder, paths as seen from it."""

    tasks: tuple[TaskSettings, ...] = ()
    settings: TaskSettings = TaskSettings()
    file: str = ""


NONE = OwnSettings()


def own_settings(folder: str, reader: Reader) -> OwnSettings:
    """The settings in `folder`; raises SettingsError for those that make no sense."""
    part = _part(folder, reader)
    if part is None:
        return NONE
    from buildopt.settings.loading import values_of

    values = values_of(part)
    told = part.table.get("tasks", {})
    return OwnSettings(
        tasks=tuple(_in_order(task, told[task.name]) for task in values.get("tasks", ())),
        settings=_for_all(values),
        file=part.path,
    )


def with_settings(task: TaskSettings, settings: TaskSettings) -> TaskSettings:
    """A task with what holds for all: lists are added to, the rest is the task's where it says."""
    return task._replace(
        inputs=settings.inputs + task.inputs,
        outputs=settings.outputs + task.outputs,
        env=settings.env + task.env,
        private=settings.private + task.private,
        state=settings.state + task.state,
        network=task.network or settings.network,
        cache=task.cache or settings.cache,
    )


def _part(folder: str, reader: Reader) -> Part | None:
    """The settings file of a folder: most packages have none, and are many."""
    ours, *others = (os.path.join(folder, name) for name in PROJECT_FILES)
    if reader.consult(ours):
        return part_in(folder, is_here=False)
    for path in others:
        content = reader.content(path) or b""
        if b"buildopt" not in content:
            continue
        table = reader.parsed(path) if path.endswith(PYPROJECT) else None
        if table is None:
            return part_in(folder, is_here=False)
        text = content.decode()
        part = part_of(table, Part(path, path, text, prefix=PREFIXES[PYPROJECT], table={}))
        if part:
            return part
    return None


def _in_order(task: TaskSettings, table: Any) -> TaskSettings:  # Any: as it stands in the file
    """A task of a package comes after those of its name in packages that it depends on."""
    if "depends_on" in table or task.persistent:
        return task
    return task._replace(depends_on=(f"^{task.name}",))


def _for_all(values: dict[str, Any]) -> TaskSettings:  # Any: of the type of the field
    return TaskSettings(
        inputs=values.get("input", ()),
        outputs=values.get("output", ()),
        env=values.get("env", ()),
        private=values.get("private", ()),
        state=values.get("state", ()),
        network=values.get("network", ""),
        cache=values.get("cache", ""),
    )
