"""Where two contents differ, and what kind of thing stands there: for `buildopt verify`.

    time stamp   a date, a time of day, or seconds since 1970, in either
    path         a path of the file system
    order        the same pieces in another order
    random       an identifier: hexadecimal digits, a UUID, a long mixed token
    other        whatever else

Archives are compared by what is in them, so that the name of the member can be told.
"""

from __future__ import annotations

import gzip
import io
import itertools
import os
import re
import tarfile
import time
import zipfile
from collections.abc import Iterator
from typing import Literal, NamedTuple

Cause = Literal["time stamp", "path", "order", "random", "other"]

AROUND_BYTES = 48
"""Looked at on either side of the first difference."""
SHOWN_BYTES = 60
LONGEST_TO_SORT_BYTES = 4_000_000
"""Longer contents are not searched for another order: it would take seconds."""
_DAY_S = 86_400
_YEAR_S = 366 * _DAY_S
_BYTE_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_TOKEN = re.compile(rb"[\w:+.,/@%~ -]+")
_DATE = re.compile(
    rb"\d{4}-\d\d-\d\d|\d\d:\d\d(:\d\d([.,]\d+)?)?|\d{8}T\d{4,6}|\b\d{1,2} "
    rb"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b"
)
_NUMBER = re.compile(rb"\d{10,19}([.,]\d+)?")
_PATH = re.compile(rb"/[\w.~+@-]+/[\w./~+@-]*")
_RANDOM = re.compile(rb"[0-9a-f-]{8,}|[0-9A-F-]{8,}|(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{8,}")
_PIECE = re.compile(rb"\w+")
_ZIP_MAGIC, _GZIP_MAGIC = b"PK\x03\x04", b"\x1f\x8b"


class Difference(NamedTuple):
    """The first difference of two contents.

    `offset` counts bytes from 0 within `member`, which is the name inside an archive; `before`
    and `after` are what stands there, for people.
    """

    offset: int
    cause: Cause
    before: str
    after: str
    member: str = ""


def difference_of(before: bytes, after: bytes, now_s: float | None = None) -> Difference | None:
    """The first difference, or None; `now_s` tells which numbers may be times."""
    if before == after:
        return None
    now_s = time.time() if now_s is None else now_s
    return _inside_archive(before, after, now_s) or _of_bytes(before, after, now_s)


def _of_bytes(before: bytes, after: bytes, now_s: float) -> Difference:
    offset = _first_difference(before, after)
    return Difference(
        offset=offset,
        cause=_cause(before, after, offset, now_s),
        before=_shown(_at(_TOKEN, before, offset) or before[offset : offset + 8]),
        after=_shown(_at(_TOKEN, after, offset) or after[offset : offset + 8]),
    )


def _first_difference(before: bytes, after: bytes) -> int:
    """By halves: slices are compared in C."""
    low, high = 0, min(len(before), len(after))
    if before[:high] == after[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if before[low:middle] == after[low:middle] else (low, middle)
    return low


def _at(pattern: re.Pattern[bytes], content: bytes, offset: int) -> bytes:
    """What a pattern finds around an offset; empty where it finds nothing just there."""
    start = max(0, offset - AROUND_BYTES)
    for found in pattern.finditer(content[start : offset + AROUND_BYTES]):
        if found.start() <= offset - start < found.end():
            return found.group().strip()
    return b""


def _cause(before: bytes, after: bytes, offset: int, now_s: float) -> Cause:
    def both(pattern: re.Pattern[bytes]) -> bool:
        return all(_at(pattern, content, offset) for content in (before, after))

    if _has_same_pieces(before, after):
        return "order"
    numbers = [_at(_NUMBER, content, offset) for content in (before, after)]
    if both(_DATE) or all(_is_moment(number, now_s) for number in numbers):
        return "time stamp"
    if _are_binary_moments(before, after, offset, now_s):
        return "time stamp"
    if both(_PATH):
        return "path"
    return "random" if both(_RANDOM) else "other"


def _has_same_pieces(before: bytes, after: bytes) -> bool:
    """Whether one is the other with its lines or words in another order, and nothing else."""
    if len(before) != len(after) or len(before) > LONGEST_TO_SORT_BYTES:
        return False
    return sorted(before) == sorted(after) and sorted(_pieces(before)) == sorted(_pieces(after))


def _pieces(content: bytes) -> list[bytes]:
    """Lines, or words where there is but one line."""
    lines = content.splitlines()
    return lines if len(lines) > 1 else _PIECE.findall(content)


def _is_moment(number: bytes, now_s: float) -> bool:
    """Whether it is seconds since 1970, or thousandths and so on of them, within a year of now."""
    digits = re.split(rb"[.,]", number)[0]
    return bool(digits) and abs(int(digits) / 10 ** (len(digits) - 10) - now_s) < _YEAR_S


def _are_binary_moments(before: bytes, after: bytes, offset: int, now_s: float) -> bool:
    """Whether four bytes around the offset are seconds since 1970 in both, within a day of now."""
    for start in range(max(0, offset - 3), offset + 1):
        words = before[start : start + 4], after[start : start + 4]
        for order in _BYTE_ORDERS:
            if all(abs(int.from_bytes(word, order) - now_s) < _DAY_S for word in words):
                return True
    return False


def _shown(token: bytes) -> str:
    text = token.decode("utf-8", "backslashreplace")
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return text if len(text) <= SHOWN_BYTES else text[:SHOWN_BYTES] + "…"


def _inside_archive(before: bytes, after: bytes, now_s: float) -> Difference | None:
    """The difference of two archives of one kind; None where they are none, or broken."""
    for magic, members_of in ((_ZIP_MAGIC, _zip_members), (_GZIP_MAGIC, _gzip_members)):
        if before.startswith(magic) and after.startswith(magic):
            try:
                return _of_members(list(members_of(before)), list(members_of(after)), now_s)
            except Exception:  # noqa: BLE001  # others' bytes: as plain bytes they compare too
                return None
    return None


class _Member(NamedTuple):
    name: str
    moment: str
    content: bytes


def _of_members(before: list[_Member], after: list[_Member], now_s: float) -> Difference | None:
    names, others = [m.name for m in before], [m.name for m in after]
    if names != others:
        cause: Cause = "order" if sorted(names) == sorted(others) else "other"
        pairs = itertools.zip_longest(names, others, fillvalue="nothing more")
        first, second = next(pair for pair in pairs if pair[0] != pair[1])
        return Difference(0, cause, _shown(os.fsencode(first)), _shown(os.fsencode(second)))
    for member, other in zip(before, after, strict=True):
        if member.content != other.content:
            return _of_bytes(member.content, other.content, now_s)._replace(member=member.name)
    for member, other in zip(before, after, strict=True):
        if member.moment != other.moment:
            return Difference(0, "time stamp", member.moment, other.moment, member.name)
    return None


def _zip_members(content: bytes) -> Iterator[_Member]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            moment = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*info.date_time)
            yield _Member(info.filename, moment, archive.read(info))


def _gzip_members(content: bytes) -> Iterator[_Member]:
    """Those of a tar in it, else the one content; the header's own time comes last."""
    moment = str(int.from_bytes(content[4:8], "little"))
    plain = gzip.decompress(content)
    try:
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            for info in archive.getmembers():
                file = archive.extractfile(info) if info.isfile() else None
                content = file.read() if file else os.fsencode(info.linkname)
                yield _Member(info.name, str(info.mtime), content)
    except tarfile.ReadError:
        yield _Member("", moment, plain)
        return
    yield _Member("gzip header", moment, b"")
