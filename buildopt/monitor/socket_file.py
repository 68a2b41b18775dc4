"""A server on a socket in the file system: who may open the file may ask, and no port is open.

`unix:/run/user/1000/buildopt.sock` as host. Only the user can open it (mode 0600); a page in a
browser never can, so whatever name it was asked by is right.
"""

from __future__ import annotations

import http.client
import os
import socket
import stat
from contextlib import suppress

PREFIX = "unix:"


def is_socket(host: str) -> bool:
    """Whether a host is the name of a file."""
    return host.startswith(PREFIX)


def listening_at(host: str) -> socket.socket:
    """A socket at that path; what a killed server left there is taken away.

    Raises OSError where the path is too long, taken, or no place for a socket.
    """
    path = host.removeprefix(PREFIX)
    remove_dead(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        made.bind(path)
        made.listen(128)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return made


def remove_dead(path: str) -> None:
    """Take a socket away on which nobody answers; any other file stays."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return
    except OSError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        try:
            knocking.connect(path)
        except ConnectionRefusedError:
            with suppress(OSError):
                os.unlink(path)
        except OSError:
            return


class SocketConnection(http.client.HTTPConnection):
    """A client's connection to such a server."""

    def __init__(self, host: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = host.removeprefix(PREFIX)

    def connect(self) -> None:
        """Open the file instead of a port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
