"""Which variables a run may have looked at: those whose name stands in what it read, as bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from buildopt.cache import files
from buildopt.model import PRESENT, Observation

FAMILY = b"npm_"
"""A package manager sets some fifty variables of this prefix: looked for at once, whatever case."""
FILES_KNOWN = 50_000
"""Of so many files it is known what they name; the steps of one run mostly read the same ones."""
OWN_LIST = os.path.join(os.path.dirname(os.path.realpath(__file__)), "variables.py")
"""Has all these names, and is read by each `buildopt run` inside a watched command."""
_MEMBER = re.compile(rb"npm_[A-Za-z0-9_]*", re.IGNORECASE)


class Named(NamedTuple):
    """What a content names: of those that were sought the single ones, and all of the family."""

    single: frozenset[bytes]
    members: frozenset[bytes]


def occurring(
    names: Iterable[str], words: Iterable[str], observations: Iterable[Observation]
) -> set[str]:
    """Those of `names` that stand in one of the `words`, or in a file that was read.

    A file that cannot be read is taken to hold them all. So is the beginning of a name up to an
    underscore (`"npm_config_" + key`) for all that begin so.
    """
    left = {name: os.fsencode(name) for name in names}
    single = frozenset(sought for sought in left.values() if not _is_of_family(sought))
    found = _met(left, _named_in(b"\0".join(map(os.fsencode, words)), single))
    for observation in observations:
        if len(found) == len(left):
            break
        if observation.kind not in ("file", "tool") or observation.value.startswith(PRESENT):
            continue
        if observation.subject == OWN_LIST:
            continue
        try:
            found |= _met(left, _named_by(observation.subject, observation.value, single))
        except OSError:
            return set(left)
    return found


@lru_cache(maxsize=FILES_KNOWN)
def _named_by(path: str, _value: str, single: frozenset[bytes]) -> Named:
    """What a file names that was observed with this value."""
    return _named_in(files.read(path), single)


def _named_in(content: bytes, single: frozenset[bytes]) -> Named:
    found = frozenset(sought for sought in single if sought in content)
    if FAMILY not in content and FAMILY.upper() not in content:
        return Named(found, frozenset())
    return Named(found, frozenset(_MEMBER.findall(content)))


def _met(names: dict[str, bytes], named: Named) -> set[str]:
    found = {name for name, sought in names.items() if sought in named.single}
    if not named.members:
        return found
    beginnings = tuple(member for member in named.members if member.endswith(b"_"))
    return found | {
        name
        for name, sought in names.items()
        if _is_of_family(sought)
        and (
            sought.startswith(beginnings)
            or any(member.startswith(sought) for member in named.members)
        )
    }


def _is_of_family(name: bytes) -> bool:
    return name[: len(FAMILY)].lower() == FAMILY
