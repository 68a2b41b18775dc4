"""`[tasks.NAME]` of a settings file. Imported where a file has one."""

from __future__ import annotations

from typing import Any

from buildopt.settings import mistakes
from buildopt.settings.files import Part
from buildopt.settings.keys import TASK_KEYS
from buildopt.settings.records import TaskSettings
from buildopt.settings.values import Impossible, checked

_KEYS = {key.name: key for key in TASK_KEYS}
_NO_NAME_BEGINS = ("-", "^")
"""An option begins with the one, the same task of other packages with the other."""


def tasks_of(part: Part, table: object) -> tuple[TaskSettings, ...]:
    """The tasks of a file; raises SettingsError."""
    if not isinstance(table, dict):
        raise mistakes.impossible(part, ("tasks",), table, "tables `[tasks.NAME]`")
    return tuple(_task(part, name, content) for name, content in table.items())


def _task(part: Part, name: str, table: object) -> TaskSettings:
    path = ("tasks", name)
    if not name.strip() or name.startswith(_NO_NAME_BEGINS) or not name.isprintable():
        form = "names that are not empty and do not begin with `-` or `^`"
        raise mistakes.impossible_name(part, path, form)
    if not isinstance(table, dict):
        raise mistakes.impossible(part, path, table, f"a table `[tasks.{name}]` with a `command`")
    values: dict[str, Any] = {}  # Any: of the type of the field
    for key, value in table.items():
        if key not in _KEYS:
            raise mistakes.unknown_key(part, (*path, key), _KEYS)
        try:
            values[key] = checked(_KEYS[key], value)
        except Impossible as error:
            raise mistakes.impossible(part, (*path, key), value, str(error)) from None
    if "command" not in values:
        raise mistakes.missing_key(part, (*path, "command"))
    return TaskSettings(name=name, **values)
