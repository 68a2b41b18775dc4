"""Our part of one settings file: TOML, or JSON in `package.json`.

`pyproject.toml` and `package.json` belong to others. One that is broken, or cannot be read, is
our affair only where it has a part of ours: then the user's settings must not be dropped
silently; else its own tools say it better.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Any, NamedTuple

from buildopt.errors import SettingsError

PYPROJECT = "pyproject.toml"
PACKAGE_JSON = "package.json"
PREFIXES: Mapping[str, tuple[str, ...]] = {
    PYPROJECT: ("tool", "buildopt"),
    PACKAGE_JSON: ("buildopt",),
}
"""Where our part stands in files that are not ours alone."""
MOST_LEVELS = 9
"""How deep tables of ours may stand in one another: none does by half."""
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0)
"""Without blocking: a pipe of that name would never answer."""


class Part(NamedTuple):
    """What one file sets, with all that a message about it needs."""

    path: str
    shown: str
    """The file as messages call it."""
    text: str
    prefix: tuple[str, ...]
    table: Mapping[str, Any]  # Any: TOML or JSON


class Repeated(dict[str, Any]):  # Any: JSON
    """A JSON object in which a name stands twice."""


def read_part(path: str, *, shown: str) -> Part | None:
    """Our part of the file at `path`, None where there is none; raises SettingsError."""
    name = os.path.basename(path)
    prefix = PREFIXES.get(name, ())
    content = _read(path, shown, is_ours=not prefix)
    if content is None or (prefix and b"buildopt" not in content):
        return None  # spares every other project the parse
    try:
        text = content.decode("utf-8-sig")
        root = _parse_json(text) if name == PACKAGE_JSON else _parse_toml(text)
    except (ValueError, RecursionError) as error:
        if prefix and not _mentions_us(name, content):
            return None
        raise _broken(shown, content, error) from error
    return part_of(root, Part(path=path, shown=shown, text=text, prefix=prefix, table={}))


def _read(path: str, shown: str, *, is_ours: bool) -> bytes | None:
    """All bytes of a regular file; None where nothing is there, or nothing of ours can be."""
    try:
        return content_of(path)
    except (FileNotFoundError, NotADirectoryError):
        why = "it is a link to nothing" if os.path.islink(path) else ""
    except IsADirectoryError:
        why = "it is no regular file"
    except OSError as error:
        why = error.strerror or "it cannot be read"
        is_ours = True  # who knows what is in it
    if not (is_ours and why):
        return None
    raise SettingsError(
        f"cannot read settings `{shown}`: {why}",
        hint="make it a file that can be read, or move it away",
        slug="unreadable-settings",
    )


def content_of(path: str) -> bytes:
    """All bytes of a regular file; raises OSError, IsADirectoryError for anything else."""
    descriptor = os.open(path, _READ_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IsADirectoryError
        with open(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)


def _parse_toml(text: str) -> Any:  # Any: TOML
    import tomllib

    return tomllib.loads(text)


def _parse_json(text: str) -> Any:  # Any: JSON
    import json

    return json.loads(text, object_pairs_hook=_object)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON
    table = dict(pairs)
    return table if len(table) == len(pairs) else Repeated(table)


def part_of(root: Any, part: Part) -> Part | None:  # Any: TOML or JSON
    """The part with its table, None where the file has none."""
    table = root
    for name in part.prefix:
        if not isinstance(table, dict) or name not in table:
            return None
        table = table[name]
    part = part._replace(table=table)
    if not isinstance(table, dict):
        from buildopt.settings import mistakes

        raise mistakes.impossible(part, (), table, "a table of settings")
    if isinstance(root, Repeated) or _has_repeated(table, MOST_LEVELS):
        from buildopt.settings import mistakes

        mistakes.require_single_keys(part)
    return part


def _has_repeated(value: object, levels: int) -> bool:
    if isinstance(value, Repeated):
        return True
    if not isinstance(value, dict) or not levels:
        return False
    return any(_has_repeated(member, levels - 1) for member in value.values())


def _mentions_us(name: str, content: bytes) -> bool:
    """Whether a file that cannot be parsed seems to have a part of ours."""
    if name == PACKAGE_JSON:
        return b'"buildopt":{' in b"".join(content.split())
    lines = (line.translate(None, b" \t\"'") for line in content.splitlines())
    return any(
        line.startswith((b"[tool.buildopt", b"tool.buildopt", b"buildopt.")) for line in lines
    )


def _broken(shown: str, content: bytes, error: Exception) -> SettingsError:
    from buildopt.settings import mistakes

    return mistakes.broken(shown, content, error)
