"""Receives the calls that a filter stopped, and lets them go on."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable
from fcntl import ioctl
from mmap import mmap

# Source of all: linux/seccomp.h.
RECEIVE, SEND, IS_VALID, SET_FLAGS = 0xC0502100, 0xC0182101, 0x40082102, 0x40082104
CONTINUE = 1
SYNC_WAKE_UP = 1
"""Makes the kernel (6.6) switch between the two sides on one processor: 11–55 µs become 5–7."""

NOTHING_YET = bytes(80)
"""A `struct seccomp_notif`; the kernel insists on zeros."""

SHARED_PLACE_BYTES = 4096
"""More than 1024, up to which Python's `ioctl` has the kernel fill a copy first."""

Place = bytearray | mmap
"""Where the kernel puts a call that was received."""

_read_notification: Callable[[Place], tuple[int, ...]] = struct.Struct("QI4xiI8x6Q").unpack_from
_read_identity: Callable[[Place], tuple[int, ...]] = struct.Struct("Q").unpack_from
_answer = struct.Struct("QqiI").pack

StoppedCall = tuple[int, int, int, int, tuple[int, ...]]
"""What matters of a `struct seccomp_notif`: an identity, a thread id, the call's number, the
kind of processor it is meant for, and six unsigned words of arguments."""


def prefer_sync_wake_up(listener: int) -> None:
    """Make notifications cheap where the kernel can."""
    try:
        ioctl(listener, SET_FLAGS, SYNC_WAKE_UP)
    except OSError:
        return  # before Linux 6.6


def shared_place() -> mmap:
    """A place that outlives whoever receives into it, for those who fork from here.

    The kernel itself puts the call there, so there is no moment at which one is in hand that
    `let_go_on_for` would not find.
    """
    return mmap(-1, SHARED_PLACE_BYTES)


def own_place() -> bytearray:
    """A place for one who receives alone."""
    return bytearray(NOTHING_YET)


def receive(listener: int, place: Place) -> StoppedCall:
    """The next stopped call; OSError ENOENT: its process was killed meanwhile."""
    place[: len(NOTHING_YET)] = NOTHING_YET
    ioctl(listener, RECEIVE, place)
    fields = _read_notification(place)
    return fields[0], fields[1], fields[2], fields[3], fields[4:]


def let_go_on_for(listener: int, place: Place) -> None:
    """Answer the call that one who has died had received, unless it was answered already.

    Nobody else can: the kernel shows a call only once.
    """
    with contextlib.suppress(OSError):
        let_go_on(listener, _read_identity(place)[0])


def let_go_on(listener: int, identity: int) -> bool:
    """Let the kernel execute the call; False: it was cancelled, and its process is gone."""
    try:
        ioctl(listener, SEND, bytearray(_answer(identity, 0, 0, CONTINUE)))
    except FileNotFoundError:
        return False
    return True


def refuse(listener: int, identity: int, number: int) -> None:
    """Have the call fail with the error `number` without being executed."""
    with contextlib.suppress(FileNotFoundError):  # it was cancelled
        ioctl(listener, SEND, bytearray(_answer(identity, 0, -number, 0)))


def is_waiting(listener: int, identity: int) -> bool:
    """Whether the process still waits, so that what was read of it was really its own."""
    try:
        ioctl(listener, IS_VALID, struct.pack("Q", identity))
    except OSError:
        return False
    return True
