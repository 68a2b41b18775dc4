"""Ends a server whose session was killed: a shell that waits for the end of a pipe.

It stands in a session of its own, so that nothing that ends the session ends it too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from buildopt.execute.signals import ENDING

SHELL = "/bin/sh"
WAIT_AND_END = """\
read -r _ && exit
kill -TERM "-$1"
looks=0
while kill -0 "-$1" && [ $looks -lt 100 ]; do
  sleep 0.1
  looks=$((looks + 1))
done
kill -KILL "-$1"
"""
"""Like `Servers.stop`, in a shell: ten seconds to end, then it is killed."""


class Guard:
    """One server's: from its start until `let_go`."""

    def __init__(self, group: int, environ: dict[str, str], mask: Iterable[int]) -> None:
        """`group` is that of its processes; raises OSError."""
        reader, self._writer = os.pipe2(os.O_CLOEXEC)
        silent = [(os.POSIX_SPAWN_OPEN, n, os.devnull, os.O_WRONLY, 0) for n in (1, 2)]
        try:
            self._pid = os.posix_spawn(
                SHELL, ("sh", "-c", WAIT_AND_END, "sh", str(group)), environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, reader, 0), *silent],
                setsid=True, setsigmask=mask, setsigdef=ENDING,
            )  # fmt: skip
        finally:
            os.close(reader)

    def let_go(self) -> None:
        """The server has been ended: there is nothing to guard any more."""
        os.write(self._writer, b"\n")
        os.close(self._writer)
        os.waitpid(self._pid, 0)
