"""What is wrong with a package's archive, and how to mend it."""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Protocol

from buildopt.bundle.elf import Elf
from buildopt.bundle.model import ArchiveFile, Finding, Sizes
from buildopt.quantities import counted, size

ZIP_LEVEL = 6
"""What wheel builders compress with."""
LEAST_IDENTICAL_BYTES = 1024
"""Empty and tiny files are equal by nature."""

_NOT_NEEDED = re.compile(r"(?:^|/)(tests?|docs?|examples?|benchmarks?|__pycache__|\.git)/")


class Content(Protocol):
    """What a member of an archive has."""

    @property
    def file(self) -> ArchiveFile:
        """Path and sizes."""

    @property
    def content(self) -> bytes | None:
        """The bytes, where they were kept."""


Members = Mapping[str, Content]


def archive_findings(
    members: Members, natives: Mapping[str, tuple[bytes, Elf]], *, is_wheel: bool
) -> tuple[Finding, ...]:
    """All findings, the largest first."""
    found = [*_outside(members)]
    if is_wheel:
        found += [*_unstripped(natives), *_not_needed(members)]
        found += [*_identical(members), *_record(members)]
    return tuple(sorted(found, key=lambda finding: (-finding.bytes, finding.kind, finding.subject)))


def _unstripped(natives: Mapping[str, tuple[bytes, Elf]]) -> Iterator[Finding]:
    """Libraries with symbols; the saving is that of the file less these sections."""
    for path, (content, found) in natives.items():
        if found.is_stripped:
            continue
        kept = _stripped(content, found)
        raw = len(content) - len(kept)
        saved = _deflated(content) - _deflated(kept)
        yield Finding(
            kind="unstripped",
            subject=path,
            message=f"symbols and debug sections of {size(raw)} are shipped",
            fix="strip the library when it is built: `-Wl,-s`, or `strip --strip-unneeded`",
            bytes=raw,
            saving=Sizes(raw=raw, gzip=saved),
        )


def _stripped(content: bytes, found: Elf) -> bytes:
    """The file without the sections that `strip` removes."""
    kept = []
    reached = 0
    for section in sorted(found.sections, key=lambda section: section.offset):
        if section.goes_with_strip:
            kept.append(content[reached : section.offset])
            reached = max(reached, section.offset + section.bytes_in_file)
    return b"".join([*kept, content[reached:]])


def _deflated(content: bytes) -> int:
    return len(zlib.compress(content, ZIP_LEVEL))


def _not_needed(members: Members) -> Iterator[Finding]:
    """Tests, documents and caches that an installed package does not need."""
    folders: dict[str, list[ArchiveFile]] = defaultdict(list)
    for path, member in members.items():
        found = _NOT_NEEDED.search(path)
        if found:
            folders[path[: found.end()]].append(member.file)
    for folder, files in folders.items():
        raw = sum(file.raw for file in files)
        yield Finding(
            kind="not-needed",
            subject=folder,
            message=f"{counted(len(files), 'file')}, {size(raw)}, that no user of it imports",
            fix=f"exclude `{folder}**` from the wheel",
            bytes=raw,
            saving=Sizes(raw=raw, gzip=sum(file.compressed or 0 for file in files)),
        )


def _identical(members: Members) -> Iterator[Finding]:
    """Files of equal length and checksum."""
    groups: dict[object, list[ArchiveFile]] = defaultdict(list)
    for member in members.values():
        if member.file.raw >= LEAST_IDENTICAL_BYTES:
            groups[member.file.raw, member.file.crc32].append(member.file)
    for files in groups.values():
        first, *others = sorted(files, key=lambda file: file.path)
        if not others:
            continue
        raw = sum(file.raw for file in others)
        yield Finding(
            kind="identical-files",
            subject=first.path,
            message=f"the same content as {', '.join(f'`{file.path}`' for file in others[:5])}",
            fix="ship it once and refer to it",
            bytes=raw,
            saving=Sizes(raw=raw, gzip=sum(file.compressed or 0 for file in others)),
        )


def _record(members: Members) -> Iterator[Finding]:
    """A wheel's RECORD that does not tell what is in it."""
    for path, member in members.items():
        if not path.endswith(".dist-info/RECORD") or member.content is None:
            continue
        rows = csv.reader(io.StringIO(member.content.decode("utf-8", "replace")))
        told = {row[0]: row[2] if len(row) > 2 else "" for row in rows if row}
        own = {path, path + ".jws", path + ".p7s"}
        lies = sorted(
            [f"`{name}` is not there" for name in set(told) - set(members)]
            + [f"`{name}` is not listed" for name in set(members) - set(told) - own]
            + [
                f"`{name}` has {members[name].file.raw} bytes, not {length}"
                for name, length in told.items()
                if name in members and length and length != str(members[name].file.raw)
            ]
        )
        if lies:
            yield Finding(
                kind="record",
                subject=path,
                message=f"{counted(len(lies), 'line')} wrong: {'; '.join(lies[:3])}",
                fix="build the wheel anew; installers refuse a wheel whose RECORD is wrong",
                bytes=0,
            )


def _outside(members: Members) -> Iterator[Finding]:
    """Names that would be unpacked elsewhere than below the archive's folder."""
    for path in members:
        parts = path.replace("\\", "/").split("/")
        if path.startswith(("/", "\\")) or ".." in parts or re.match(r"^[A-Za-z]:", path):
            yield Finding(
                kind="path-outside",
                subject=path,
                message="the name leads out of the folder where it is unpacked",
                fix="do not unpack it; build it anew with relative names",
                bytes=0,
            )
