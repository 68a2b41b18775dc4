"""Which variables a run may have looked at: those whose name stands in what it read, as bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

from buildopt.cache import files

FAMILY = b"npm_"
"""A package manager sets some fifty variables of this prefix: looked for at once, whatever case."""
_MEMBER = re.compile(rb"npm_[A-Za-z0-9_]*", re.IGNORECASE)


def occurring(names: Iterable[str], words: Iterable[str], paths: Iterable[str]) -> set[str]:
    """Those of `names` that stand in one of the `words`, or in a file of `paths`.

    A file that cannot be read is taken to hold them all. So is the beginning of a name up to an
    underscore (`"npm_config_" + key`) for all that begin so.
    """
    left = {name: os.fsencode(name) for name in names}
    found = _in(b"\0".join(map(os.fsencode, words)), left)
    for path in paths:
        missing = {name: sought for name, sought in left.items() if name not in found}
        if not missing:
            break
        try:
            content = files.read(path)
        except OSError:
            return set(left)
        found |= _in(content, missing)
    return found


def _in(content: bytes, names: dict[str, bytes]) -> set[str]:
    single = {name for name, sought in names.items() if not _is_of_family(sought)}
    found = {name for name in single if names[name] in content}
    if len(single) == len(names) or not (FAMILY in content or FAMILY.upper() in content):
        return found
    members = {*_MEMBER.findall(content)}
    beginnings = tuple(member for member in members if member.endswith(b"_"))
    return found | {
        name
        for name in names.keys() - single
        if names[name].startswith(beginnings)
        or any(member.startswith(names[name]) for member in members)
    }


def _is_of_family(name: bytes) -> bool:
    return name[: len(FAMILY)].lower() == FAMILY
