"""The signature memo: what content was found under which stat signature.

A file whose signature is the remembered one need not be read again, unless it is *racy*: last
changed so close to the moment of reading that a later change could carry the same times
(git's "racily clean" rule), or on a file system whose times prove nothing. One memo serves all
tasks of a checkout:

    buildopt-memo 1 CHECKSUM BOOT COUNT PATHS_LENGTH\\n
      paths, NUL between them, then COUNT rows of 7 numbers and a digest (`_ROW`)

The checksum is XXH3-128 of what follows the line. A memo that is absent, old, foreign or
damaged is an empty one: only time is lost. BOOT is a hash of the boot's id: of rows taken at
most a minute after
their file's last change, another boot believes none, since a power cut may have lost what was
written while keeping the times.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import xxhash

from buildopt import hit
from buildopt.cache import files
from buildopt.cache.file_times import granularity_ns
from buildopt.model import StatSignature, signature_of
from buildopt.progress import Advance, ignore

_MAGIC = b"buildopt-memo 1"
_ROW = struct.Struct("<QqqQQIB16s")
RACY = 1
YOUNG = 2
YOUNG_NS = 60_000_000_000
"""A row taken this soon after its file's last change is bound to this boot: a minute covers
the write-back delay of Linux (`dirty_expire_centisecs`, 30 s) twice."""
News = tuple[str, tuple[int, ...], int, bytes]
"""A row on its way between processes: path, signature, flags, digest."""
MEMO_ROWS = 400_000
"""Rows kept; the oldest insertions go first."""


@dataclass(frozen=True, slots=True)
class _Row:
    signature: StatSignature
    flags: int
    digest: bytes


@dataclass(slots=True)
class Memo:
    """Remembered digests of regular files by path; `save` writes it where something is new."""

    path: str
    enabled: bool = True
    advance: Advance = ignore
    _rows: dict[str, _Row] = field(default_factory=dict)
    _new: set[str] = field(default_factory=set)
    """Paths of the rows that the file does not have yet."""

    def digest(self, path: str, signature: StatSignature) -> bytes:
        """XXH3-128 of the regular file at `path`, whose `lstat` just gave `signature`.

        Raises OSError where it cannot be read, `ChangedMeanwhile` where it is no longer that file.
        """
        row = self._rows.get(path)
        if row and row.signature == signature and not row.flags & RACY and self.enabled:
            return row.digest
        now_ns = time.time_ns()
        digest = _digest_file(path, signature, self.advance)
        self._rows.pop(path, None)
        self._rows[path] = _Row(signature, flags_for(path, signature, now_ns), digest)
        self._new.add(path)
        return digest

    def remember(self, path: str, signature: StatSignature, digest: bytes) -> None:
        """Take note of a file that was just written or digested elsewhere."""
        self._rows.pop(path, None)
        self._rows[path] = _Row(signature, flags_for(path, signature, time.time_ns()), digest)
        self._new.add(path)

    def size_bytes(self, path: str) -> int | None:
        """The size of a file whose content was read, if it was."""
        row = self._rows.get(path)
        return row.signature.size_bytes if row else None

    def forget_news(self) -> None:
        """Begin to count anew what is new."""
        self._new.clear()

    def news(self) -> list[News]:
        """What is new, for another process that has the same memo."""
        rows = ((path, self._rows[path]) for path in self._new)
        return [(path, tuple(row.signature), row.flags, row.digest) for path, row in rows]

    def learn(self, news: Iterable[News]) -> None:
        """Take over what another process has found out."""
        for path, signature, flags, digest in news:
            self._rows.pop(path, None)
            self._rows[path] = _Row(StatSignature(*signature), flags, digest)
            self._new.add(path)

    def save(self) -> None:
        """Write the memo where it changed; what cannot be written is merely not remembered."""
        if not self._new or not self.enabled:
            return
        rows = list(self._rows.items())[-MEMO_ROWS:]
        paths = b"\0".join(os.fsencode(path) for path, _ in rows)
        body = paths + b"".join(_ROW.pack(*row.signature, row.flags, row.digest) for _, row in rows)
        checksum = xxhash.xxh3_128_hexdigest(body).encode()
        numbers = (_MAGIC, checksum, hit.boot_hash(), len(rows), len(paths))
        header = b"%s %s %s %d %d\n" % numbers
        try:
            files.publish_pieces(self.path, (header, body))
        except OSError:
            return
        self.forget_news()


class ChangedMeanwhile(Exception):
    """The file is no longer the one whose signature was taken."""


def load(path: str, *, enabled: bool = True, advance: Advance = ignore) -> Memo:
    """The memo kept at `path`, or an empty one; not enabled it remembers nothing across runs.

    `advance` is told how much is read.
    """
    memo = Memo(path, enabled, advance)
    if not enabled:
        return memo
    try:
        memo._rows = _parse(files.read(path))
    except (OSError, ValueError, IndexError, struct.error):
        pass
    return memo


def flags_for(path: str, signature: StatSignature, taken_ns: int) -> int:
    """How far a signature taken at `taken_ns` (wall time) can be trusted later."""
    changed_ns = max(signature.mtime_ns, signature.ctime_ns)
    flags = 0
    if changed_ns >= taken_ns - granularity_ns(signature.device, path):
        flags |= RACY
    if changed_ns >= taken_ns - YOUNG_NS:
        flags |= YOUNG
    return flags


def _parse(data: bytes) -> dict[str, _Row]:
    head, _, body = data.partition(b"\n")
    fields = head.removeprefix(_MAGIC + b" ").split(b" ")
    if not head.startswith(_MAGIC) or xxhash.xxh3_128_hexdigest(body).encode() != fields[0]:
        raise ValueError("not a memo")
    count, length = int(fields[2]), int(fields[3])
    distrust = 0 if fields[1] == hit.boot_hash() else YOUNG
    paths = body[:length].split(b"\0") if length else []
    if len(paths) != count:
        raise ValueError("not a memo")
    rows = {}
    for path, (*signature, flags, digest) in zip(
        paths, _ROW.iter_unpack(body[length:]), strict=True
    ):
        if flags & distrust:
            flags |= RACY
        rows[os.fsdecode(path)] = _Row(StatSignature(*signature), flags, digest)
    return rows


def _digest_file(path: str, signature: StatSignature, advance: Advance) -> bytes:
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags)
    try:
        state = xxhash.xxh3_128()
        while piece := os.read(descriptor, 1 << 20):
            state.update(piece)
            advance(len(piece))
        if signature_of(os.fstat(descriptor)) != signature:
            raise ChangedMeanwhile(path)
        return state.digest()
    finally:
        os.close(descriptor)
