"""Each value that holds, and where it was set: what `buildopt config` tells."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from buildopt.errors import SettingsError
from buildopt.settings.files import Part
from buildopt.settings.folders import cache_folder, state_folder
from buildopt.settings.keys import KEYS, TASK_KEYS
from buildopt.settings.lines import line_of
from buildopt.settings.loading import Layer, Origin, layers
from buildopt.settings.project import find_place, user_file
from buildopt.settings.records import Settings, TaskSettings

PREFIX = "BUILDOPT_"
NEARLY = 0.75
"""Likeness of two names from which one is taken for a slip: two letters changed places in five."""


class Value(NamedTuple):
    """One key with what holds for it, and who says so."""

    key: str
    value: Any  # Any: of the type of its field
    origin: Origin = "default"
    file: str = ""
    line: int = 0
    variable: str = ""


def values_for(directory: str, environ: Mapping[str, str]) -> tuple[Value, ...]:
    """Every value for a call from `directory`, in the order of the table; raises SettingsError."""
    found = tuple(layers(find_place(directory), user_file(environ), environ))
    plain = (_value(key.name, found, environ) for key in KEYS)
    return (*plain, *_values_of_tasks(found))


def misspelled_variables(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Variables that set nothing and are nearly one that does, each with that one."""
    ours = {key.variable.removeprefix(PREFIX) for key in KEYS}
    for name in sorted(names):
        word = name.removeprefix(PREFIX)
        if word != name and word not in ours:
            for near in difflib.get_close_matches(word, ours, n=1, cutoff=NEARLY):
                yield name, PREFIX + near


def _value(name: str, found: tuple[Layer, ...], environ: Mapping[str, str]) -> Value:
    for layer in reversed(found):
        if name in layer.values:
            value = Value(name, layer.values[name], layer.origin)
            if layer.part is None:
                return value._replace(variable=PREFIX + name.rstrip("_").upper())
            return _placed(value, layer.part, (name,))
    return Value(name, _default(name, environ))


def _default(name: str, environ: Mapping[str, str]) -> Any:  # Any: of the type of its field
    folder = {"cache_dir": cache_folder, "state_dir": state_folder}.get(name)
    if folder is None:
        return getattr(Settings(), name)
    try:
        return folder(environ)
    except SettingsError:  # a user without a home
        return ""


def _values_of_tasks(found: tuple[Layer, ...]) -> Iterator[Value]:
    """What is set in the tasks that hold: what a task does not say is no value of its own."""
    for layer in reversed(found):
        if layer.part and "tasks" in layer.values:
            for task in layer.values["tasks"]:
                yield from _values_of_task(task, layer, layer.part)
            return


def _values_of_task(task: TaskSettings, layer: Layer, part: Part) -> Iterator[Value]:
    said = part.table["tasks"][task.name]
    for key in TASK_KEYS:
        if key.name in said:
            path = ("tasks", task.name, key.name)
            value = Value(".".join(path), getattr(task, key.name), layer.origin)
            yield _placed(value, part, path)


def _placed(value: Value, part: Part, path: tuple[str, ...]) -> Value:
    return value._replace(file=part.path, line=line_of(part, path))
