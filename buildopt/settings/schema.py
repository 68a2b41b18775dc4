"""The JSON Schema of a settings file, made from the table of keys: for editors and checkers.

It is held against the checks of `values.py` by a test. What a pattern cannot say (that quotes in
a command are closed, that a size is not rounded to nothing) is left to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from buildopt.quantities import UNIT_BYTES
from buildopt.settings.keys import FILE_KEYS, NAMESPACES, TASK_KEYS, Key
from buildopt.settings.records import Settings, TaskSettings

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "Settings of buildopt: buildopt.toml, [tool.buildopt], or `buildopt` in package.json"
NO_ZERO = r"^[^\u0000]*$"
"""No text of ours may hold the character that ends a text of the system."""
TASK_NAME = r"^[^-^\s]"

Node = dict[str, Any]  # Any: JSON


def schema() -> Node:
    """The schema of a whole file."""
    tasks = {
        "type": "object",
        "description": "Commands with a name: [tasks.NAME]",
        "propertyNames": {"pattern": TASK_NAME},
        "additionalProperties": _table(
            TASK_KEYS, TaskSettings._field_defaults, required=["command"]
        ),
    }
    namespaces = {
        name: {"type": "object", "description": told} for name, told in NAMESPACES.items()
    }
    defaults = {name: getattr(Settings(), name) for name in FILE_KEYS}
    top = _table(FILE_KEYS.values(), defaults)
    return {
        "$schema": DIALECT,
        "title": TITLE,
        **top,
        "properties": {**top["properties"], "tasks": tasks, **namespaces},
    }


def _table(
    keys: Iterable[Key], defaults: Mapping[str, Any], required: Iterable[str] = ()
) -> Node:  # Any: of the types of the fields
    properties = {key.name: _property(key, defaults[key.name]) for key in keys}
    node: Node = {"type": "object", "properties": properties, "additionalProperties": False}
    return node | ({"required": list(required)} if required else {})


def _property(key: Key, default: object) -> Node:
    node = {"description": key.meaning + (_PLANNED if key.is_planned else ""), **_form(key)}
    if default == "" or key.kind == "words":  # none that a file could write
        return node
    return node | {"default": list(default) if isinstance(default, tuple) else default}


_PLANNED = " (kept; nothing reads it yet)"


def _form(key: Key) -> Node:
    """What a value of this kind looks like."""
    text: Node = {"type": "string", "minLength": 1, "pattern": NO_ZERO}
    match key.kind:
        case "flag":
            return {"type": "boolean"}
        case "number":
            return {"type": "integer", "minimum": key.least, "maximum": key.most}
        case "choice":
            return {"enum": list(key.choices)}
        case "size":
            return {"type": "string", "pattern": _size_pattern()}
        case "text":
            return text
        case "file":
            return {"anyOf": [{"type": "boolean"}, text]}
        case "list":
            return {"type": "array", "items": text}
        case "words":
            word = {"type": "string", "pattern": NO_ZERO}
            words = {"type": "array", "minItems": 1, "prefixItems": [text], "items": word}
            return {"anyOf": [text | {"pattern": r"^[^\u0000]*[^\u0000\s][^\u0000]*$"}, words]}


def _size_pattern() -> str:
    """A number above zero and a unit in letters of any case."""
    units = sorted((unit for unit in UNIT_BYTES if unit), key=len, reverse=True)
    either_case = ("".join(f"[{c}{c.upper()}]" for c in unit) for unit in units)
    return rf"^\s*(?=[0-9.]*[1-9])([0-9]+\.?[0-9]*|\.[0-9]+)\s*({'|'.join(either_case)})?\s*$"
