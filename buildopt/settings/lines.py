"""On which line a key of a settings file stands. Imported for messages and `buildopt config`."""

from __future__ import annotations

from buildopt.settings.files import Part
from buildopt.settings.json_lines import json_keys
from buildopt.settings.toml_lines import toml_keys

Found = tuple[tuple[str, ...], int]
"""The path of a key from the top of its file, and its line, from 1 on."""


def line_of(part: Part, path: tuple[str, ...]) -> int:
    """Line of the first thing that sets `path` or something in it; 0 where nothing does."""
    wanted = part.prefix + path
    for found, line in _keys(part):
        if found[: len(wanted)] == wanted:
            return line
    return 0


def repeated_key(part: Part) -> Found | None:
    """The first key of our part that stands where it stood before, below the part's own key."""
    seen: set[tuple[str, ...]] = set()
    size = len(part.prefix)
    for found, line in _keys(part):
        if found[:size] == part.prefix and found in seen:
            return found[size:], line
        seen.add(found)
    return None


def _keys(part: Part) -> tuple[Found, ...]:
    """All keys of the file; none of one that is nested too deeply to be told."""
    scan = json_keys if part.path.endswith(".json") else toml_keys
    try:
        found = tuple(scan(part.text))
    except RecursionError:
        return ()
    return tuple((path, part.text.count("\n", 0, start) + 1) for path, start in found)
