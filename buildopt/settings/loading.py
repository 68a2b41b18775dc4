"""Settings from all their places, the weakest first; each later one replaces what it sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from buildopt.errors import SettingsError
from buildopt.settings.files import Part, read_part
from buildopt.settings.keys import FILE_KEYS, KEYS, NAMESPACES
from buildopt.settings.npmrc import npm_caches
from buildopt.settings.project import Place, find_place, user_file
from buildopt.settings.records import Settings
from buildopt.settings.values import Impossible, checked, checked_text

Origin = Literal["default", "user file", "project file", "variable"]


class Layer(NamedTuple):
    """What one place sets, by name of the field of Settings."""

    origin: Origin
    values: Mapping[str, Any]  # Any: of the type of the field
    part: Part | None = None


def load(directory: str, environ: Mapping[str, str]) -> Settings:
    """Settings for a call from `directory`; raises SettingsError for what makes no sense."""
    place = find_place(directory)
    user = user_file(environ)
    values: dict[str, Any] = {}  # Any: of the type of the field
    overrides: frozenset[str] = frozenset()
    for layer in layers(place, user, environ):
        values |= layer.values
        if layer.part is None:
            overrides |= layer.values.keys()
    caches = npm_caches(directory, place.root, environ)
    return Settings(
        overrides=overrides,
        root=place.root,
        file=place.part.path if place.part else "",
        npm_caches=tuple(caches.values()),
        consulted=(*place.consulted, *([user] if user else []), *caches),
        **values,
    )


def layers(place: Place, user: str, environ: Mapping[str, str]) -> Iterator[Layer]:
    """What each place sets, the weakest first; raises SettingsError."""
    users_part = read_part(user, shown=user) if user else None
    if users_part:
        yield Layer("user file", values_of(users_part), users_part)
    if place.trouble:
        raise place.trouble
    if place.part:
        yield Layer("project file", values_of(place.part), place.part)
    yield Layer("variable", _of_variables(environ))


def values_of(part: Part) -> dict[str, Any]:  # Any: of the type of the field
    """What one file sets; raises SettingsError."""
    values: dict[str, Any] = {}  # Any: as above
    for name, value in part.table.items():
        if name == "tasks":
            from buildopt.settings.tasks import tasks_of

            values[name] = tasks_of(part, value)
        elif name in NAMESPACES:
            values.setdefault("namespaces", {})[name] = _table(part, name, value)
        else:
            values[name] = _of_key(part, name, value)
    return values


def _of_key(part: Part, name: str, value: object) -> Any:  # Any: of the type of the field
    if name not in FILE_KEYS:
        raise _unknown(part, name)
    try:
        return checked(FILE_KEYS[name], value)
    except Impossible as error:
        from buildopt.settings import mistakes

        raise mistakes.impossible(part, (name,), value, str(error)) from None


def _table(part: Part, name: str, value: object) -> Mapping[str, Any]:  # Any: its owner checks it
    if isinstance(value, dict):
        return value
    from buildopt.settings import mistakes

    raise mistakes.impossible(part, (name,), value, f"a table `[{name}]`")


def _unknown(part: Part, name: str) -> SettingsError:
    from buildopt.settings import mistakes

    for key in KEYS:
        if key.name == name:
            return mistakes.not_for_files(part, key)
    return mistakes.unknown_key(part, (name,), (*FILE_KEYS, "tasks", *NAMESPACES))


def _of_variables(environ: Mapping[str, str]) -> dict[str, Any]:  # Any: of the type of the field
    """What the variables set; an empty one is as none."""
    values: dict[str, Any] = {}  # Any: as above
    for key in KEYS:
        text = environ.get(key.variable)
        if not text:
            continue
        try:
            values[key.name] = checked_text(key, text)
        except Impossible as error:
            from buildopt.settings import mistakes

            raise mistakes.impossible_variable(key.variable, text, str(error)) from None
    return values
