"""Our own three standard streams: what they are, and whether two of them are one."""

from __future__ import annotations

import os
import select
import stat
import sys
from dataclasses import dataclass
from typing import Literal

from buildopt import hit

StreamKind = Literal["terminal", "pipe", "file", "null", "closed"]
"""`pipe` is also a socket and every device that is neither a terminal nor `/dev/null`."""

STDIN, STDOUT, STDERR = 0, 1, 2
AT_START = (sys.__stdin__, sys.__stdout__, sys.__stderr__)
"""None for each stream that was closed when the interpreter started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """The kinds of our streams; `is_joined`: stdout and stderr are one object (`2>&1`)."""

    stdin: StreamKind
    stdout: StreamKind
    stderr: StreamKind
    is_joined: bool


def describe_streams() -> Streams:
    """What our streams are."""
    return Streams(
        stdin=stream_kind(STDIN),
        stdout=stream_kind(STDOUT),
        stderr=stream_kind(STDERR),
        is_joined=_is_joined(),
    )


def stdin_kind() -> StreamKind:
    """What our stdin is."""
    return stream_kind(STDIN)


def stdin_offset_bytes() -> int:
    """From where the command will read a stdin that is a regular file."""
    return os.lseek(STDIN, 0, os.SEEK_CUR)


def stdin_is_at_end() -> bool:
    """Whether a stdin that is a pipe or socket has nothing to say, now or ever.

    A named pipe never counts: another writer may come.
    """
    import fcntl
    import termios

    try:
        if not os.readlink(f"/proc/self/fd/{STDIN}").startswith(("pipe:", "socket:")):
            return False
        poll = select.poll()
        poll.register(STDIN, select.POLLIN | select.POLLRDHUP)
        events = dict(poll.poll(0)).get(STDIN, 0)
        waiting = fcntl.ioctl(STDIN, termios.FIONREAD, bytes(4))
    except (OSError, AttributeError):  # AttributeError: POLLRDHUP is Linux's
        return False
    return bool(events & (select.POLLHUP | select.POLLRDHUP)) and not any(waiting)


def stream_kind(descriptor: int) -> StreamKind:
    """What the standard stream `descriptor` is."""
    if AT_START[descriptor] is None:
        return "closed"
    try:
        status = os.fstat(descriptor)
    except OSError:
        return "closed"
    if stat.S_ISREG(status.st_mode):
        return "file"
    if stat.S_ISCHR(status.st_mode) and os.isatty(descriptor):
        return "terminal"
    if stat.S_ISCHR(status.st_mode) and status.st_rdev == os.stat(os.devnull).st_rdev:
        return "null"
    return "pipe"


def closed_outputs(streams: Streams) -> dict[str, str]:
    """Those of stdout and stderr that are closed, like variables: a command that writes fails."""
    kinds = {"state of stdout": streams.stdout, "state of stderr": streams.stderr}
    return {name: kind for name, kind in kinds.items() if kind == "closed"}


def plug_closed_streams() -> None:
    """Keep files that are opened later from becoming stdin, stdout or stderr.

    To be called before any is opened. The plugs are close-on-exec, so that a stream that was
    closed for us is closed for the command.
    """
    for descriptor in (STDIN, STDOUT, STDERR):
        if stream_kind(descriptor) != "closed":
            continue
        opened = os.open(os.devnull, os.O_RDWR)
        if opened > STDERR:
            os.close(opened)


def above_standard(descriptor: int) -> int:
    """The same open file under a number that is no standard stream's."""
    if descriptor > STDERR:
        return descriptor
    import fcntl

    moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, STDERR + 1)
    os.close(descriptor)
    return moved


def _is_joined() -> bool:
    return "closed" not in (stream_kind(STDOUT), stream_kind(STDERR)) and hit.are_joined()
