"""Contents by their SHA-256: put in once, verified each time they are taken out.

A file is kept as it is, or compressed with zstd where that pays. Existing is not intact: a
copy is verified by the XXH3-128 that its entry names, so what is damaged is never restored.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import xxhash

from buildopt.cache import files, unpacked
from buildopt.cache.layout import Layout
from buildopt.model import OutputState
from buildopt.progress import Advance, ignore

PIECE_BYTES = 1 << 20
COMPRESSED_SUFFIX = ".zst"
COMPRESS_FROM_BYTES = 1 << 12
"""Smaller files fill one block of the disk either way."""
COMPRESS_UP_TO_BYTES = 1 << 23
"""Larger files are restored faster by a plain copy than by unpacking; measured: 8 MB."""
COMPRESS_BELOW_RATIO = 0.75
"""Compressed where the first 64 KiB shrink to less than this."""
FICLONE = 0x40049409
"""ioctl_ficlone(2): share the blocks of another file."""


class Damaged(Exception):
    """A content is missing from the cache (it never `was_there`) or is not what its name says."""

    def __init__(self, digest: str, *, was_there: bool = True) -> None:
        super().__init__(digest)
        self.digest = digest
        self.was_there = was_there


class Artifacts(NamedTuple):
    """The contents in one cache; `advance` is told how much is stored or given back."""

    layout: Layout
    advance: Advance = ignore

    def put_file(
        self, path: str, status: os.stat_result, needles: tuple[bytes, ...]
    ) -> tuple[OutputState, int, set[bytes]]:
        """Store the content of a regular file.

        Its state, the bytes the cache grew by, and which of `needles` are in the content, or in
        what is packed in it: the first, where that cannot be told. Raises OSError, also for a file
        that changes while it is read.
        """
        found: set[bytes] = set()
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            if status.st_size <= PIECE_BYTES:
                data = _read_exactly(descriptor, status.st_size)
                digest, fast, grown = self._put_small(data)
                self.advance(len(data))
                found = _held(data, needles)
            else:
                digest, fast, grown, found = self._put_large(descriptor, status.st_size, needles)
            found |= _held_packed(path, descriptor, status.st_size, needles)
            after = os.fstat(descriptor)
            if (after.st_mtime_ns, after.st_size) != (status.st_mtime_ns, status.st_size):
                raise OSError(f"changed while it was stored: {path}")
        finally:
            os.close(descriptor)
        state = OutputState(
            kind="file",
            path=path,
            digest=digest,
            fast_digest=fast,
            size_bytes=status.st_size,
            mode=status.st_mode & 0o7777,
        )
        return state, grown, found

    def put_bytes(self, data: bytes) -> tuple[str, int]:
        """Store a content; its digest, and the bytes the cache grew by. Raises OSError."""
        digest, _, grown = self._put_small(data)
        return digest, grown

    def get_bytes(self, digest: str) -> bytes:
        """A content whole, verified by its SHA-256; raises Damaged."""
        try:
            data = b"".join(self._pieces(digest))
        except OSError as error:
            raise Damaged(digest, was_there=not isinstance(error, FileNotFoundError)) from None
        if hashlib.sha256(data).hexdigest() != digest:
            self.discard(digest)
            raise Damaged(digest)
        return data

    def copy_to(self, state: OutputState, descriptor: int) -> None:
        """Write the content of `state` to a new file.

        Raises Damaged when it is not that content, OSError when it cannot be written.
        """
        source = self._open(state.digest)
        if source is None:
            raise Damaged(state.digest)
        opened, compressed = source
        try:
            if not compressed and _cloned(opened, descriptor):
                seen = _verify(opened)
                self.advance(state.size_bytes)
            else:
                pieces = _unpacked(opened) if compressed else _read_pieces(opened)
                seen = _copy(pieces, descriptor, self.advance)
        finally:
            os.close(opened)
        if seen != state.fast_digest:
            self.discard(state.digest)
            raise Damaged(state.digest)

    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether a content seems to be there; only its size is looked at."""
        path = self.layout.artifact(digest)
        try:
            return os.stat(path).st_size == size_bytes
        except OSError:
            pass
        try:
            return os.stat(path + COMPRESSED_SUFFIX).st_size > 0
        except OSError:
            return False

    def discard(self, digest: str) -> None:
        """Remove a content, in whatever form it is kept."""
        for suffix in ("", COMPRESSED_SUFFIX):
            try:
                os.unlink(self.layout.artifact(digest) + suffix)
            except OSError:
                pass

    def _adopts(self, digest: str, size_bytes: int) -> bool:
        """Whether a content is there, made young: a sweep takes away what is old and unneeded."""
        path = self.layout.artifact(digest)
        for form in (path, path + COMPRESSED_SUFFIX):
            try:
                os.utime(form)
            except FileNotFoundError:
                continue
            except OSError:
                pass  # somebody else's cache: nobody sweeps it who may not write it either
        return self.has(digest, size_bytes)

    def _put_small(self, data: bytes) -> tuple[str, str, int]:
        digest = hashlib.sha256(data).hexdigest()
        fast = xxhash.xxh3_128_hexdigest(data)
        if self._adopts(digest, len(data)):
            return digest, fast, 0
        path = self.layout.artifact(digest)
        if _pays(data, len(data)):
            data = _zstd().compress(data, 1)
            path += COMPRESSED_SUFFIX
        files.publish(path, data)
        return digest, fast, len(data)

    def _put_large(
        self, descriptor: int, size_bytes: int, needles: tuple[bytes, ...]
    ) -> tuple[str, str, int, set[bytes]]:
        """One pass: digest and copy together, named when the digest is known."""
        first = os.pread(descriptor, 1 << 16, 0)
        compress = _pays(first, size_bytes)
        packer = _zstd().ZstdCompressor(1) if compress else None
        strong, fast = hashlib.sha256(), xxhash.xxh3_128()
        target, temporary = files.open_temporary(self.layout.artifact("00" + "large"))
        grown = length = 0
        found: set[bytes] = set()
        tail, longest = b"", max(map(len, needles))
        try:
            try:
                while piece := os.read(descriptor, PIECE_BYTES):
                    strong.update(piece)
                    fast.update(piece)
                    length += len(piece)
                    around = tail + piece[:longest]
                    found |= {n for n in needles if n in piece or n in around}
                    tail = piece[-longest:]
                    self.advance(len(piece))
                    packed = packer.compress(piece) if packer else piece
                    files.write_all(target, packed)
                    grown += len(packed)
                if packer:
                    rest = packer.flush()
                    files.write_all(target, rest)
                    grown += len(rest)
            finally:
                os.close(target)
            if length != size_bytes:
                raise OSError("changed while it was stored")
            digest = strong.hexdigest()
            if self._adopts(digest, size_bytes):
                os.unlink(temporary)
                return digest, fast.hexdigest(), 0, found
            path = self.layout.artifact(digest)
            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
            os.rename(temporary, path + (COMPRESSED_SUFFIX if packer else ""))
        except BaseException:
            _unlink_if_there(temporary)
            raise
        return digest, fast.hexdigest(), grown, found

    def _open(self, digest: str) -> tuple[int, bool] | None:
        path = self.layout.artifact(digest)
        for suffix, compressed in (("", False), (COMPRESSED_SUFFIX, True)):
            try:
                return os.open(path + suffix, os.O_RDONLY | os.O_CLOEXEC), compressed
            except FileNotFoundError:
                continue
            except OSError:
                return None
        return None

    def _pieces(self, digest: str) -> Iterator[bytes]:
        source = self._open(digest)
        if source is None:
            raise FileNotFoundError(digest)
        opened, compressed = source
        try:
            yield from _unpacked(opened) if compressed else _read_pieces(opened)
        finally:
            os.close(opened)


def _pays(first: bytes, size_bytes: int) -> bool:
    if not COMPRESS_FROM_BYTES <= size_bytes <= COMPRESS_UP_TO_BYTES:
        return False
    sample = first[: 1 << 16]
    return len(_zstd().compress(sample, 1)) < COMPRESS_BELOW_RATIO * len(sample)


def _zstd() -> Any:  # Any: one of two modules of the same interface
    """The zstd module: 4 ms, so only where something is compressed."""
    try:
        from compression import zstd  # type: ignore[import-not-found]  # Python 3.14
    except ImportError:
        from backports import zstd
    return zstd


def _unpacked(descriptor: int) -> Iterator[bytes]:
    unpacker = _zstd().ZstdDecompressor()
    try:
        for piece in _read_pieces(descriptor):
            yield unpacker.decompress(piece)
    except (_zstd().ZstdError, EOFError):
        yield b"damaged"  # never the right digest, so the caller finds out


def _read_pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, PIECE_BYTES):
        yield piece


def _held(data: bytes, needles: tuple[bytes, ...]) -> set[bytes]:
    return {needle for needle in needles if needle in data}


def _held_packed(
    path: str, descriptor: int, size_bytes: int, needles: tuple[bytes, ...]
) -> set[bytes]:
    head = os.pread(descriptor, unpacked.HEAD_BYTES, 0)
    tail = os.pread(descriptor, unpacked.TAIL_BYTES, max(0, size_bytes - unpacked.TAIL_BYTES))
    if not unpacked.is_packed(head, tail):
        return set()
    try:
        return {needle for content in unpacked.contents(path) for needle in _held(content, needles)}
    except OSError:
        return set(needles[:1])


def _read_exactly(descriptor: int, size_bytes: int) -> bytes:
    data = os.read(descriptor, size_bytes + 1)
    while piece := os.read(descriptor, PIECE_BYTES):
        data += piece
    if len(data) != size_bytes:
        raise OSError("changed while it was stored")
    return data


def _copy(pieces: Iterator[bytes], descriptor: int, advance: Advance) -> str:
    state = xxhash.xxh3_128()
    for piece in pieces:
        state.update(piece)
        files.write_all(descriptor, piece)
        advance(len(piece))
    return state.hexdigest()


def _verify(descriptor: int) -> str:
    state = xxhash.xxh3_128()
    for piece in _read_pieces(descriptor):
        state.update(piece)
    return state.hexdigest()


def _cloned(source: int, target: int) -> bool:
    try:
        fcntl.ioctl(target, FICLONE, source)
    except OSError:
        return False
    return True


def _unlink_if_there(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass
