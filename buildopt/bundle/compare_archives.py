"""What changed between two archives: of two versions, or of two platforms.

Names are compared without what differs by nature: the version in the folder of an sdist or of a
wheel's metadata, the tag of an extension module, the hash of a vendored library.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from buildopt.bundle.model import (
    SCHEMA,
    ArchiveAnalysis,
    ArchiveFile,
    ArchiveSize,
    NativeLibrary,
)

Status = Literal["same", "changed", "new", "gone"]

_VERSION = re.compile(r"^([^/]+?)-\d[^/]*?(\.dist-info|\.data)?(?=/)")
_TAG = re.compile(r"\.(?:cpython-|cp\d|abi3|pypy)[^/]*(?=\.(?:so|pyd)$)")
_HASH = re.compile(r"(?<=\.libs/)([^/]+?)-[0-9a-f]{8}(?=[.-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """A file in both archives; a side where it is not is None."""

    status: Status
    before: ArchiveFile | None
    after: ArchiveFile | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryChange:
    """A native library that needs others than before, or whose symbols came or went."""

    path: str
    new_needed: tuple[str, ...]
    no_longer_needed: tuple[str, ...]
    before_stripped: bool
    after_stripped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveComparison:
    """Two archives side by side; `files` has the largest changes first, equal files last."""

    schema: int = SCHEMA
    kind: Literal["archive-diff"] = "archive-diff"
    before: ArchiveSize
    after: ArchiveSize
    files: tuple[MemberChange, ...]
    native: tuple[LibraryChange, ...]


def compare_archives(before: ArchiveAnalysis, after: ArchiveAnalysis) -> ArchiveComparison:
    """All differences between two archives."""
    return ArchiveComparison(
        before=before.archive,
        after=after.archive,
        files=tuple(sorted(_member_changes(before, after), key=_rank)),
        native=tuple(_library_changes(before, after)),
    )


def stable_name(path: str) -> str:
    """A file's name without version, tag and hash."""
    return _HASH.sub(r"\1", _TAG.sub("", _VERSION.sub(r"\1\2", path)))


def delta_bytes(change: MemberChange) -> int:
    """By how much the file grew, uncompressed."""
    return (change.after.raw if change.after else 0) - (change.before.raw if change.before else 0)


def _member_changes(before: ArchiveAnalysis, after: ArchiveAnalysis) -> Iterator[MemberChange]:
    old, new = _by_stable_name(before), _by_stable_name(after)
    for name in old.keys() | new.keys():
        left, right = old.get(name), new.get(name)
        yield MemberChange(status=_status(left, right), before=left, after=right)


def _by_stable_name(archive: ArchiveAnalysis) -> dict[str, ArchiveFile]:
    """The files; where several share a stable name, each bears its own."""
    counts = Counter(stable_name(file.path) for file in archive.files)
    return {
        file.path if counts[stable := stable_name(file.path)] > 1 else stable: file
        for file in archive.files
    }


def _status(before: ArchiveFile | None, after: ArchiveFile | None) -> Status:
    if before is None:
        return "new"
    if after is None:
        return "gone"
    is_same = (before.raw, before.crc32) == (after.raw, after.crc32)
    return "same" if is_same else "changed"


def _rank(change: MemberChange) -> tuple[bool, int, str]:
    file = change.after or change.before
    return change.status == "same", -abs(delta_bytes(change)), file.path if file else ""


def _library_changes(before: ArchiveAnalysis, after: ArchiveAnalysis) -> Iterator[LibraryChange]:
    old = {stable_name(library.path): library for library in before.native}
    for library in after.native:
        known = old.get(stable_name(library.path))
        if known and _is_other(known, library):
            yield LibraryChange(
                path=library.path,
                new_needed=tuple(sorted(set(library.needed) - set(known.needed))),
                no_longer_needed=tuple(sorted(set(known.needed) - set(library.needed))),
                before_stripped=known.stripped,
                after_stripped=library.stripped,
            )


def _is_other(before: NativeLibrary, after: NativeLibrary) -> bool:
    return set(before.needed) != set(after.needed) or before.stripped != after.stripped
