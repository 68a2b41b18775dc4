"""Compressed sizes of files: how they are made, and remembered by content."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import brotli  # type: ignore[import-untyped]  # has no types
import msgspec

from buildopt.bundle.memo import Memo
from buildopt.bundle.model import Compressor, Sizes

GZIP_LEVEL = 9
BROTLI_QUALITY = 11
BROTLI_WINDOW_BITS = 22
ZSTD_LEVEL = 3
"""The levels that servers use for files made ahead; 3 is zstd's own default."""
QUICK_BROTLI_QUALITY = 5
"""For watching: 44 times as fast as 11, and 9.7 % larger (60 files of six bundlers)."""
MOST_PENDING_BYTES = 128_000_000
"""How much content may wait to be compressed."""


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """A compressor and the function that gives the compressed size."""

    compressor: Compressor
    measure: Callable[[bytes], int]

    def key(self, sha256: str) -> bytes:
        """Under which a size is remembered."""
        made = self.compressor
        return f"{sha256} {made.encoding} {made.level} {made.library}".encode()


def methods(encodings: Iterable[str], *, is_quick: bool = False) -> tuple[Method, ...]:
    """The methods for these encodings (`raw` needs none)."""
    makers = {"gzip": gzip_method, "brotli": brotli_method, "zstd": zstd_method}
    quick = {"brotli": lambda: brotli_method(QUICK_BROTLI_QUALITY)} if is_quick else {}
    return tuple((makers | quick)[encoding]() for encoding in encodings if encoding != "raw")


def gzip_method(level: int = GZIP_LEVEL) -> Method:
    """gzip as zlib makes it."""

    def measure(content: bytes) -> int:
        stream = zlib.compressobj(level, zlib.DEFLATED, 31)  # 31: window 15 and a gzip header
        return len(stream.compress(content)) + len(stream.flush())

    library = f"zlib {zlib.ZLIB_RUNTIME_VERSION}"
    is_estimate = level != GZIP_LEVEL
    return _method("gzip", library, level, measure, is_estimate=is_estimate)


def brotli_method(quality: int = BROTLI_QUALITY) -> Method:
    """Brotli in its generic mode."""

    def measure(content: bytes) -> int:
        return len(brotli.compress(content, quality=quality, lgwin=BROTLI_WINDOW_BITS))

    library = f"brotli {brotli.version}"
    is_estimate = quality != BROTLI_QUALITY
    return _method("brotli", library, quality, measure, is_estimate=is_estimate)


def zstd_method(level: int = ZSTD_LEVEL) -> Method:
    """zstd: of the interpreter, or of its backport."""
    try:
        from compression import zstd  # type: ignore[import-not-found,unused-ignore]  # 3.14
    except ImportError:
        from backports import zstd

    def measure(content: bytes) -> int:
        return len(zstd.compress(content, level))

    library = f"zstd {zstd.zstd_version}"
    return _method("zstd", library, level, measure, is_estimate=False)


def _method(
    encoding: str, library: str, level: int, measure: Callable[[bytes], int], *, is_estimate: bool
) -> Method:
    compressor = Compressor(
        encoding=encoding, library=library, level=level, is_estimate=is_estimate
    )
    return Method(compressor=compressor, measure=measure)


def digest(content: bytes) -> str:
    """What a content is remembered by."""
    return hashlib.sha256(content).hexdigest()


def measure(content: bytes, chosen: Iterable[Method]) -> Sizes:
    """The sizes of one text, not remembered."""
    found = {method.compressor.encoding: method.measure(content) for method in chosen}
    return Sizes(raw=len(content), **found)


class Measuring:
    """Sizes of many contents: those not remembered are compressed side by side.

    zlib, brotli and zstd let other threads run meanwhile.
    """

    def __init__(self, chosen: tuple[Method, ...], memo: Memo) -> None:
        self._methods = chosen
        self._memo = memo
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count() or 1)
        self._begun: set[tuple[str, str]] = set()
        self._found: dict[tuple[str, str], int] = {}
        self._pending: list[tuple[Method, str, Future[int]]] = []
        self._pending_bytes = 0

    def add(self, content: bytes, sha256: str) -> None:
        """Look the content up, or begin to compress it."""
        for method in self._methods:
            place = (sha256, method.compressor.encoding)
            if place in self._begun:
                continue
            self._begun.add(place)
            known = self._memo.get(method.key(sha256))
            if known is not None and known.isdigit() and len(known) < 16:
                self._found[place] = int(known)
                continue
            self._pending.append((method, sha256, self._pool.submit(method.measure, content)))
            self._pending_bytes += len(content)
        if self._pending_bytes > MOST_PENDING_BYTES:
            self._drain()

    def sizes(self, sha256: str, raw: int) -> Sizes:
        """The sizes of a content that was added."""
        self._drain()
        return Sizes(raw=raw, **dict(self._columns(sha256)))

    def close(self) -> None:
        """Give the threads back."""
        self._pool.shutdown(cancel_futures=True)

    def _columns(self, sha256: str) -> Iterator[tuple[str, int]]:
        for method in self._methods:
            encoding = method.compressor.encoding
            yield encoding, self._found[sha256, encoding]

    def _drain(self) -> None:
        for method, sha256, future in self._pending:
            size_bytes = future.result()
            self._found[sha256, method.compressor.encoding] = size_bytes
            self._memo.put(method.key(sha256), str(size_bytes).encode())
        self._pending.clear()
        self._pending_bytes = 0
