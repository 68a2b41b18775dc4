"""A whole analysis, given back while nothing that it looked at has changed.

    CACHE/bundle/unchanged/KEY    checksum of the rest, newline, length of the list, newline, then
                                  a JSON list of [path, signature or null], then the document

KEY tells what was asked. The list has every file that was read or measured, every folder that was
listed, every path that was not there, and the program's own files. A signature is believed as in
`cache/memo.py`: one that is racy is never written down, and one that is young is bound to the boot.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Iterable, Mapping

import xxhash

from buildopt import hit
from buildopt.bundle import formats
from buildopt.bundle.reading import Looked, Signature, look_at

MOST_FILES = 64
"""Analyses that are kept: as many outputs as anybody works on at once."""
LARGEST_BYTES = 64_000_000
LIBRARIES = ("_brotli", "backports.zstd", "compression.zstd")


def key_of(path: str, asked: Iterable[str]) -> str:
    """The name under which an analysis of a path is kept."""
    words = (os.path.abspath(path), *asked, hit.boot_hash().decode(), zlib.ZLIB_RUNTIME_VERSION)
    return xxhash.xxh3_128_hexdigest("\0".join(words).encode("utf-8", "surrogateescape"))


def recall(folder: str, key: str) -> bytes | None:
    """The document of an analysis of which everything is as it was; None where it is not."""
    try:
        with open(os.path.join(folder, key), "rb") as file:
            checksum, length, rest = file.read(LARGEST_BYTES).split(b"\n", 2)
        if xxhash.xxh3_128_hexdigest(rest).encode() != checksum:
            return None
        looked = json.loads(rest[: int(length)])
        if any(look_at(path) != signature for path, signature in looked):
            return None
        return rest[int(length) :]
    except (OSError, ValueError, TypeError):
        return None


def keep(folder: str, key: str, looked: Looked, document: bytes) -> None:
    """Write an analysis down, unless something of it could change without showing."""
    from buildopt.cache import files
    from buildopt.cache.memo import RACY, flags_for
    from buildopt.model import StatSignature

    everything = {**looked.signatures, **_own_files()}
    for path, found in everything.items():
        if found and flags_for(path, StatSignature(*found), looked.began_ns) & RACY:
            return
    listed = json.dumps(list(everything.items())).encode()
    rest = listed + document
    checksum = xxhash.xxh3_128_hexdigest(rest).encode()
    if len(rest) > LARGEST_BYTES // 2:
        return
    try:
        _make_room(folder)
        files.publish_pieces(os.path.join(folder, key), (checksum, b"\n%d\n" % len(listed), rest))
    except OSError:
        pass  # it is analysed anew


def _own_files() -> Mapping[str, Signature]:
    """Of the program that analyses, and of the libraries it compresses with: another version may
    find something else.
    """
    own = Looked()
    for folder in (os.path.dirname(__file__), os.path.dirname(formats.__file__)):
        for item in os.scandir(folder):
            if item.name.endswith(".py"):
                own.add(item.path)
    for name in LIBRARIES:
        if name in sys.modules:
            own.add(str(sys.modules[name].__file__))
    return own.signatures


def _make_room(folder: str) -> None:
    """Drop the oldest where there are too many."""
    os.makedirs(folder, 0o700, exist_ok=True)
    items = [item for item in os.scandir(folder) if item.is_file(follow_symlinks=False)]
    items.sort(key=lambda item: item.stat(follow_symlinks=False).st_mtime)
    for item in items[: max(0, len(items) - MOST_FILES + 1)]:
        os.unlink(item.path)
