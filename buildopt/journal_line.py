"""One event as one line of a journal file: the form, and the append.

    \\n LENGTH CRC32 JSON \\n        LENGTH and CRC32 (8 hex digits) are of the JSON's bytes

A record begins with a newline as well as ending with one, so that a line torn by a full disk
or a kill never takes the next writer's good one with it. A short write is never completed:
the event is sent again as a new record. Imported on an unchanged run: built-in modules only.
"""

import posix
import time
from binascii import crc32

_HOST_ALLOWED = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")

_TO_APPEND = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_CLOEXEC


def frame(payload: bytes) -> bytes:
    """The record whose JSON is `payload`, which holds no newline."""
    return b"\n%d %08x %s\n" % (len(payload), crc32(payload), payload)


def segment_path(state: bytes, now_ns: int, stem: bytes = b"events") -> bytes:
    """The file that events of this host and UTC day go to."""
    day = time.gmtime(now_ns // 1_000_000_000)
    host = bytes(
        c if c in _HOST_ALLOWED else 95
        for c in posix.uname().nodename.encode("utf-8", "surrogateescape")
    )
    return b"%s/journal/%s-%s-%04d%02d%02d.log" % (state, stem, host, day[0], day[1], day[2])


def append(path: bytes, payload: bytes) -> bool:
    """Append one record, sent again once after a short write; False where it was lost.

    Raises nothing for a full disk or a folder that cannot be written: a build never fails for it.
    """
    record = frame(payload)
    try:
        descriptor = _open(path)
    except OSError:
        return False
    try:
        length = len(record)
        return posix.write(descriptor, record) == length or (
            posix.write(descriptor, record) == length
        )
    except OSError:
        return False
    finally:
        posix.close(descriptor)


def uuid7(now_ns: int, random: bytes) -> str:
    """A UUID of version 7 (RFC 9562, 5.7) from a wall time and 10 random bytes."""
    value = (now_ns // 1_000_000) << 80 | int.from_bytes(random, "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _open(path: bytes) -> int:
    try:
        return posix.open(path, _TO_APPEND, 0o600)
    except FileNotFoundError:
        _make_folders(path.rpartition(b"/")[0])
        return posix.open(path, _TO_APPEND, 0o600)


def _make_folders(folder: bytes) -> None:
    try:
        _make_folder(folder)
    except FileNotFoundError:
        above = folder.rpartition(b"/")[0]
        if not above:
            raise
        _make_folders(above)
        _make_folder(folder)  # still refused in /proc, and behind a link to nothing


def _make_folder(folder: bytes) -> None:
    try:
        posix.mkdir(folder, 0o700)
    except FileExistsError:
        pass
