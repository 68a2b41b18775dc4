"""Whether a step's stdin could hold something that its record would have to know."""

from __future__ import annotations

import os
import select
import socket
import stat
import struct

from buildopt.cache import files
from buildopt.execute.streams import STDIN
from buildopt.steps.wiring import StepStreams

SILENT = frozenset({"pnpm"})
"""Package managers that give a script one end of a socket for its stdin, and write nothing to it
(pnpm 10 with `-r`)."""
_credentials = struct.Struct("3i")


def is_known_stdin(streams: StepStreams) -> bool:
    """Whether nothing can come from there but what somebody types."""
    descriptor = streams.descriptors.get(STDIN)
    if descriptor is None or os.isatty(descriptor):
        return True
    status, null = os.fstat(descriptor), os.stat(os.devnull)
    if status.st_rdev == null.st_rdev:
        return True
    poll = select.poll()
    poll.register(descriptor, select.POLLIN | select.POLLRDHUP)
    events = dict(poll.poll(0)).get(descriptor, 0)
    if events & select.POLLIN:
        return False
    is_at_end = events & (select.POLLHUP | select.POLLRDHUP)
    return bool(is_at_end) or (stat.S_ISSOCK(status.st_mode) and _is_silent(descriptor))


def _is_silent(descriptor: int) -> bool:
    """Whether the process that made this socket is known to write nothing to it."""
    with socket.socket(fileno=os.dup(descriptor)) as ours:
        if ours.family != socket.AF_UNIX:
            return False
        credentials = ours.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _credentials.size)
    pid = _credentials.unpack(credentials)[0]
    try:
        words = os.fsdecode(files.read(f"/proc/{pid}/cmdline")).split("\0")
    except OSError:
        return False
    return any(os.path.basename(word).partition(".")[0] in SILENT for word in words[:2])
