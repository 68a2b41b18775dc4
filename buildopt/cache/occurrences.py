"""Which variables a run may have looked at: those whose name stands in what it read, as bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from buildopt.cache import files, unpacked
from buildopt.model import PRESENT, Observation

FAMILY = b"npm_"
"""A package manager sets some fifty variables of this prefix: looked for at once, whatever case."""
FILES_KNOWN = 50_000
"""Of so many files it is known what they name; the steps of one run mostly read the same ones."""
CHUNK_BYTES = 1 << 20
"""Programs have a hundred times as many: read piece by piece they stay in the processor's cache."""
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

    What is packed in a file counts too. One that cannot be read, or unpacked, is taken to hold
    them all. So is the beginning of a name up to an underscore (`"npm_config_" + key`) for all that
    begin so.
    """
    left = {name: os.fsencode(name) for name in names}
    single = frozenset(sought for sought in left.values() if not _is_of_family(sought))
    has_family = len(single) < len(left)
    found = _met(
        left, _named_in(b"\0".join(map(os.fsencode, words)), single, has_family=has_family)
    )
    for observation in observations:
        if len(found) == len(left):
            break
        if observation.kind not in ("file", "tool") or observation.value.startswith(PRESENT):
            continue
        if observation.subject == OWN_LIST:
            continue
        try:
            found |= _met(
                left,
                _named_by(observation.subject, observation.value, single, has_family=has_family),
            )
        except OSError:
            return set(left)
    return found


@lru_cache(maxsize=FILES_KNOWN)
def _named_by(path: str, _value: str, single: frozenset[bytes], *, has_family: bool) -> Named:
    """What a file names that was observed with this value, and what is packed in it."""
    head = tail = b""
    found = Named(frozenset(), frozenset())
    for piece in _pieces(path, single, has_family=has_family):
        head = head or bytes(piece[: unpacked.HEAD_BYTES])
        tail = bytes(piece[-unpacked.TAIL_BYTES :])
        found = _both(found, _named_in(piece, single, has_family=has_family))
    if unpacked.is_packed(head, tail):
        for content in unpacked.contents(path):
            found = _both(found, _named_in(content, single, has_family=has_family))
    return found


def _both(one: Named, other: Named) -> Named:
    return Named(one.single | other.single, one.members | other.members)


def _pieces(
    path: str, single: frozenset[bytes], *, has_family: bool
) -> Iterator[bytes | bytearray]:
    """The content: whole where the family is sought, whose members may be of any length."""
    if has_family:
        yield files.read(path)
    else:
        yield from _overlapping(path, overlap_bytes=max(map(len, single)) - 1)


def _overlapping(path: str, *, overlap_bytes: int) -> Iterator[bytearray]:
    """The content in pieces of which each begins with the end of the one before."""
    with open(path, "rb", buffering=0) as file:
        kept = b""
        window = bytearray(overlap_bytes + CHUNK_BYTES)
        while count := file.readinto(memoryview(window)[len(kept) :]):
            piece = window if len(kept) + count == len(window) else window[: len(kept) + count]
            yield piece
            kept = bytes(piece[-overlap_bytes:]) if overlap_bytes else b""
            window[: len(kept)] = kept


def _named_in(content: bytes | bytearray, single: frozenset[bytes], *, has_family: bool) -> Named:
    found = _singles_in(content, single)
    if not has_family or (FAMILY not in content and FAMILY.upper() not in content):
        return Named(found, frozenset())
    return Named(found, frozenset(_MEMBER.findall(content)))


def _singles_in(content: bytes | bytearray, single: frozenset[bytes]) -> frozenset[bytes]:
    return frozenset(
        sought
        for beginning, names in _by_beginning(single).items()
        if beginning in content
        for sought in names
        if sought in content
    )


@lru_cache(maxsize=8)
def _by_beginning(names: frozenset[bytes]) -> Mapping[bytes, tuple[bytes, ...]]:
    """Names by their first two words, so that most files are searched once for many names.

    `PRE_COMMIT_FROM_REF` and seven more begin with `PRE_COMMIT`.
    """
    found: dict[bytes, tuple[bytes, ...]] = {}
    for name in names:
        beginning = b"_".join(name.split(b"_")[:2])
        found[beginning] = (*found.get(beginning, ()), name)
    return found


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
