"""What stands in packed files: programs and their modules come in archives as well.

A zip archive is told by its end, since a program may stand before it (zipapp, pex); the other
kinds by their beginning.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any, NamedTuple

PIECE_BYTES = 1 << 20
MOST_BYTES = 1 << 28
"""So much is unpacked of one file; what holds more is not looked through."""
DEEPEST = 3
"""An archive in an archive in an archive."""
HEAD_BYTES = 8
TAIL_BYTES = 22 + (1 << 16)
"""A zip archive's end and the longest comment behind it (APPNOTE.TXT, 4.3.16)."""
_ZIP_END = b"PK\x05\x06"
_GZIP, _BZIP2, _BZIP2_BLOCK, _XZ, _ZSTD = (
    b"\x1f\x8b\x08", b"BZh", b"1AY&", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"
)  # fmt: skip
_FROZEN_PROGRAM = b"MEI\x0c\x0b\x0a\x0b\x0e"
"""The mark of PyInstaller (`PyInstaller/archive/readers.py`), whose form nobody else reads."""


class Sealed(OSError):
    """What stands in a packed file cannot be told."""


class _Limit(NamedTuple):
    """How many bytes were unpacked, in a list of one, and how much deeper archives may lie."""

    spent: list[int]
    depth: int


def is_packed(head: bytes, tail: bytes) -> bool:
    """Whether a file that begins and ends so may hold something packed."""
    if _ZIP_END in tail or _FROZEN_PROGRAM in tail:
        return True
    return head.startswith((_GZIP, _XZ, _ZSTD)) or _is_bzip2(head)


def contents(path: str) -> Iterator[bytes]:
    """All that a packed file holds, one by one, and what archives in it hold.

    Raises OSError where that cannot be told.
    """
    with open(path, "rb") as file:
        yield from _contents(file, _Limit([0], DEEPEST))


def _contents(file: IO[bytes], limit: _Limit) -> Iterator[bytes]:
    head, tail = _ends(file)
    if not is_packed(head, tail):
        return
    if not limit.depth:
        raise Sealed("archives in archives")
    deeper = limit._replace(depth=limit.depth - 1)
    for open_one in _members(file, head, tail):
        whole = _unpacked(open_one, limit)
        yield whole.getvalue()
        yield from _contents(whole, deeper)


def _ends(file: IO[bytes]) -> tuple[bytes, bytes]:
    head = file.read(HEAD_BYTES)
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(max(0, size_bytes - TAIL_BYTES))
    tail = file.read()
    file.seek(0)
    return head, tail


def _members(file: IO[bytes], head: bytes, tail: bytes) -> Iterator[Callable[[], IO[bytes]]]:
    """What opens each packed content."""
    if _ZIP_END in tail:
        import zipfile

        try:
            archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile:
            return  # the four bytes were somebody else's
        except (ValueError, NotImplementedError) as error:  # of names and versions
            raise Sealed(str(error)) from None
        for member in archive.infolist():
            yield partial(archive.open, member)
        return
    yield partial(_module_for(head, tail).open, file)


def _module_for(head: bytes, tail: bytes) -> Any:  # Any: one of three modules of one interface
    if _FROZEN_PROGRAM in tail or head.startswith(_ZSTD):
        raise Sealed("a form that is not known")
    if head.startswith(_GZIP):
        import gzip

        return gzip
    if _is_bzip2(head):
        import bz2

        return bz2
    import lzma

    return lzma


def _is_bzip2(head: bytes) -> bool:
    return head.startswith(_BZIP2) and head[4:].startswith(_BZIP2_BLOCK)


def _unpacked(open_one: Callable[[], IO[bytes]], limit: _Limit) -> io.BytesIO:
    whole = io.BytesIO()
    try:
        with open_one() as packed:
            while piece := packed.read(PIECE_BYTES):
                limit.spent[0] += len(piece)
                if limit.spent[0] > MOST_BYTES:
                    raise Sealed("more than is looked through")
                whole.write(piece)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001  # each form has errors of its own for damage
        raise Sealed(str(error)) from None
    whole.seek(0)
    return whole
