"""Whether a process reads the user's terminal past us: what is typed there no record can know.

Where stdin is a terminal, the command has a pseudo-terminal of its own, and what is typed passes
through our hands. Elsewhere `/dev/tty` is still the terminal that buildopt itself belongs to.
"""

from __future__ import annotations

import os

from buildopt.observe.access import Access, Operation

CONTROLLING = "/dev/tty"


def reads_our_terminal(access: Access, path: str) -> bool:
    """Whether an access opens for reading the terminal that this process belongs to, too."""
    if access.operation is not Operation.OPEN or not path.startswith("/dev/"):
        return False
    if access.flags & os.O_ACCMODE == os.O_WRONLY:
        return False
    ours = _terminal_of("self")
    return ours != 0 and ours == _device_at(path, access.pid)


def _device_at(path: str, pid: int) -> int:
    if path == CONTROLLING:
        return _terminal_of(str(pid))
    try:
        return os.stat(path).st_rdev
    except OSError:
        return 0


def _terminal_of(process: str) -> int:
    """Device number of a process's controlling terminal, field `tty_nr` of proc(5)'s `stat`."""
    try:
        with open(f"/proc/{process}/stat", "rb") as status:
            fields = status.read().rpartition(b") ")[2].split()
        return int(fields[4])
    except (OSError, IndexError, ValueError):
        return 0
