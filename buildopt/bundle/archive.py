"""Wheels, source distributions and other archives: what is in them, without unpacking one."""

from __future__ import annotations

import io
import os
import posixpath
import stat
import tarfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from buildopt.bundle import elf
from buildopt.bundle.archive_findings import archive_findings
from buildopt.bundle.model import (
    ArchiveAnalysis,
    ArchiveFile,
    ArchiveSize,
    NativeLibrary,
    Problem,
)
from buildopt.bundle.reading import shown
from buildopt.errors import UsageError

LARGEST_MEMBER_BYTES = 1_000_000_000
BOMB_BYTES = 64_000_000
BOMB_RATIO = 100
"""Code is compressed to a third, not to a hundredth: what is, and this large, is made to harm."""
LARGEST_RECORD_BYTES = 64_000_000
LARGEST_ARCHIVE_BYTES = 4_000_000_000
"""Bytes that may come out of an archive; what claims more is a bomb, or no package."""
MOST_MEMBERS = 500_000
LONGEST_TARGET_BYTES = 4_096
PIECE_BYTES = 1 << 20
"""How much of a file is read at once for its checksum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of an archive."""

    file: ArchiveFile
    content: bytes | None
    """Of an ELF file or a `RECORD`; None for everything else."""


def analyse_archive(path: str) -> ArchiveAnalysis:
    """The files of an archive, its native libraries and what is wrong with it.

    Raises UsageError where it cannot be opened at all.
    """
    problems: list[Problem] = []
    is_zip = not path.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"))
    read = _zip_members if is_zip else _tar_members
    try:
        members = list(read(path, problems))
        size_bytes = os.path.getsize(path)
    except (zipfile.BadZipFile, tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise UsageError(
            f"cannot read the archive `{path}`: {error}",
            hint="build it again; it is cut off or no archive",
            slug="broken-archive",
        ) from error
    natives, contents = _natives(members, problems)
    files = tuple(sorted((member.file for member in members), key=lambda file: file.path))
    return ArchiveAnalysis(
        archive=ArchiveSize(
            path=shown(path),
            format=_format_of(path),
            bytes=size_bytes,
            uncompressed=sum(file.raw for file in files),
            entries=len(files),
        ),
        files=files,
        native=natives,
        folders=_folders(files),
        findings=archive_findings(members_by_path(members), contents, is_wheel=is_zip),
        problems=tuple(problems),
    )


def members_by_path(members: list[Member]) -> dict[str, Member]:
    """Each path once; the last of several that an archive may hold."""
    return {member.file.path: member for member in members}


def _zip_members(path: str, problems: list[Problem]) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir()]
        if len(infos) > MOST_MEMBERS:
            raise zipfile.BadZipFile(f"it has {len(infos):,} files")
        for info in infos:
            row = ArchiveFile(
                path=info.filename,
                raw=info.file_size,
                compressed=info.compress_size,
                crc32=info.CRC,
            )
            if stat.S_ISLNK(info.external_attr >> 16):
                with archive.open(info) as stream:
                    target = stream.read(LONGEST_TARGET_BYTES)
                _tell_link(info.filename, target.decode("utf-8", "backslashreplace"), problems)
            if info.file_size > max(BOMB_BYTES, BOMB_RATIO * info.compress_size):
                message = f"{info.file_size:,} bytes out of {info.compress_size:,}; not looked into"
                problems.append(Problem(path=info.filename, message=message))
                content = None
            else:
                content = _zip_content(archive, info, problems)
            yield Member(file=row, content=content)


def _tar_members(path: str, problems: list[Problem]) -> Iterator[Member]:
    seen_bytes = 0
    with tarfile.open(path, "r:*", encoding="utf-8") as archive:
        for count, info in enumerate(archive):
            seen_bytes += max(info.size, 0)
            if count > MOST_MEMBERS or seen_bytes > LARGEST_ARCHIVE_BYTES:
                problems.append(
                    Problem(
                        path=shown(path), message=f"more than {count:,} files; the rest is not read"
                    )
                )
                return
            if info.issym() or info.islnk():
                _tell_link(info.name, info.linkname, problems)
            if not info.isfile():
                continue
            name = info.name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            content, checksum = _tar_content(archive, info, name, problems)
            row = ArchiveFile(path=name, raw=info.size, compressed=None, crc32=checksum)
            yield Member(file=row, content=content)


def _tell_link(name: str, target: str, problems: list[Problem]) -> None:
    """Name a link that leads out of the archive."""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    if target.startswith("/") or place == ".." or place.startswith("../"):
        message = f"is a link to `{target}`, out of the archive; not followed"
        problems.append(Problem(path=name, message=message))


def _tar_content(
    archive: tarfile.TarFile, info: tarfile.TarInfo, name: str, problems: list[Problem]
) -> tuple[bytes | None, int]:
    """The content, if it is one that is looked into, and its checksum; read once, as going back
    would unpack all of the archive anew.
    """
    kept: list[bytes] = []
    checksum = 0
    with closing(archive.extractfile(info) or io.BytesIO()) as stream:
        first = stream.read(PIECE_BYTES)
        is_wanted = _is_wanted(name, info.size, first, problems)
        piece = first
        while piece:
            checksum = zlib.crc32(piece, checksum)
            if is_wanted:
                kept.append(piece)
            piece = stream.read(PIECE_BYTES)
    return b"".join(kept) if is_wanted else None, checksum


def _zip_content(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, problems: list[Problem]
) -> bytes | None:
    """The content, if it is one that is looked into."""
    name = info.filename
    try:
        with archive.open(info) as stream:
            head = stream.read(len(elf.MAGIC))
            is_wanted = _is_wanted(name, info.file_size, head, problems)
            return head + stream.read(info.file_size) if is_wanted else None
    except (zipfile.BadZipFile, OSError, EOFError, zlib.error) as error:
        problems.append(Problem(path=name, message=f"cannot be read: {error}"))
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or an unknown method
        problems.append(Problem(path=name, message=f"cannot be read: {error}"))
    return None


def _is_wanted(name: str, size_bytes: int, head: bytes, problems: list[Problem]) -> bool:
    """Whether a file is a `RECORD` or a library, and not too large to be looked into."""
    is_record = name.endswith(".dist-info/RECORD")
    if not is_record and not head.startswith(elf.MAGIC):
        return False
    if size_bytes > (LARGEST_RECORD_BYTES if is_record else LARGEST_MEMBER_BYTES):
        problems.append(Problem(path=name, message=f"{size_bytes:,} bytes; not looked into"))
        return False
    return True


def _natives(
    members: list[Member], problems: list[Problem]
) -> tuple[tuple[NativeLibrary, ...], dict[str, tuple[bytes, elf.Elf]]]:
    """The ELF files, and their contents by path."""
    natives = []
    contents = {}
    for member in members:
        if member.content is None or not member.content.startswith(elf.MAGIC):
            continue
        path = member.file.path
        try:
            found = elf.read_elf(member.content)
        except elf.MalformedElf as error:
            problems.append(Problem(path=path, message=str(error)))
            continue
        contents[path] = (member.content, found)
        natives.append(_native(path, found))
    return tuple(natives), contents


def _native(path: str, found: elf.Elf) -> NativeLibrary:
    sections: Counter[str] = Counter()
    for section in found.sections:
        sections[section.name] += section.size
    return NativeLibrary(
        path=path, sections=dict(sections), needed=found.needed, stripped=found.is_stripped
    )


def _folders(files: tuple[ArchiveFile, ...]) -> dict[str, int]:
    """Bytes by the first part of the path, the largest first."""
    counts: Counter[str] = Counter()
    for file in files:
        top, slash, _ = file.path.partition("/")
        counts[top + slash] += file.raw if file.compressed is None else file.compressed
    return dict(counts.most_common())


def _format_of(path: str) -> str:
    if path.endswith(".whl"):
        return "wheel"
    return "zip" if path.endswith((".zip", ".egg")) else "tar"
