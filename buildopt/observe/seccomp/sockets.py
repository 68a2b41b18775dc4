"""Socket addresses as the calls pass them, and whether the run itself listens at one."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterable
from typing import NamedTuple

LONGEST_ADDRESS_BYTES = 128
"""`struct sockaddr_storage`."""

LISTENING = "0A"
"""TCP_LISTEN in the tables of `/proc/net`; sockets of UDP have no such state."""


class Address(NamedTuple):
    """A socket's address: `text` as `Recorder.connects` has it.

    `path`: the name of a Unix socket as it was passed, which may be relative. `port` is -1
    where there is none.
    """

    text: str
    path: str = ""
    port: int = -1


def parse(data: bytes) -> Address | None:
    """The address in a `struct sockaddr`; None where it leads to the kernel or nowhere."""
    if len(data) < 2:
        return None
    family = int.from_bytes(data[:2], "little")
    if family in (socket.AF_UNSPEC, socket.AF_NETLINK):
        return None
    if family == socket.AF_UNIX:
        return _unix(data[2:])
    if family == socket.AF_INET and len(data) >= 8:
        (port,) = struct.unpack_from(">H", data, 2)
        return Address(f"{socket.inet_ntop(socket.AF_INET, data[4:8])}:{port}", port=port)
    if family == socket.AF_INET6 and len(data) >= 24:
        (port,) = struct.unpack_from(">H", data, 2)
        return Address(f"[{socket.inet_ntop(socket.AF_INET6, data[8:24])}]:{port}", port=port)
    return Address(f"family:{family}")


def is_local(address: Address) -> bool:
    """Whether an address of the internet is one of this machine's own."""
    host = address.text.rpartition(":")[0].strip("[]")
    host = host.removeprefix("::ffff:")
    return host in ("0.0.0.0", "::", "::1") or host.startswith("127.")


def is_listened_at(port: int, task: int, processes: Iterable[int]) -> bool:
    """Whether one of the `processes` holds a socket at a local port, in the network of `task`."""
    sockets = {
        f"socket:[{inode}]"
        for table in ("tcp", "tcp6", "udp", "udp6")
        for inode in _sockets_at(f"/proc/{task}/net/{table}", port)
    }
    return bool(sockets) and any(_holds(pid, sockets) for pid in processes)


def _unix(name: bytes) -> Address | None:
    if not name or name == b"\0":
        return None
    if name[0] == 0:
        return Address("unix:@" + os.fsdecode(name[1:]))
    path = os.fsdecode(name.split(b"\0", 1)[0])
    return Address("unix:" + path, path=path)


def _sockets_at(table: str, port: int) -> Iterable[str]:
    """Inodes of the sockets that wait at a port; see proc(5) for the columns."""
    ending = f":{port:04X}"
    is_tcp = "/tcp" in table
    try:
        with open(table, encoding="ascii") as lines:
            next(lines, None)
            rows = [line.split() for line in lines]
    except OSError:
        return []
    return [
        row[9] for row in rows if row[1].endswith(ending) and (not is_tcp or row[3] == LISTENING)
    ]


def _holds(pid: int, sockets: set[str]) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") in sockets:
                return True
        except OSError:
            continue
    return False
