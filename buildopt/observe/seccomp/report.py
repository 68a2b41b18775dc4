"""What the supervisor sends to the main process at the end, and how it travels."""

from __future__ import annotations

import socket
import struct
from typing import NamedTuple

_header = struct.Struct("<?QQ")
"""Whether processes survive, and the lengths of the two that follow: trouble and result."""


class Report(NamedTuple):
    """The recorder's `result`; `trouble` says in words what went wrong in the supervisor."""

    trouble: str
    has_survivors: bool
    result: bytes


def send_report(channel: socket.socket, report: Report) -> None:
    """Send a report; raises OSError if nobody wants it."""
    trouble = report.trouble.encode(errors="replace")
    header = _header.pack(report.has_survivors, len(trouble), len(report.result))
    channel.sendall(header + trouble + report.result)


def receive_report(channel: socket.socket) -> Report | None:
    """Wait for the report; None: the supervisor ended without one."""
    header = _receive(channel, _header.size)
    if header is None:
        return None
    has_survivors, trouble_bytes, result_bytes = _header.unpack(header)
    trouble = _receive(channel, trouble_bytes)
    result = _receive(channel, result_bytes)
    if trouble is None or result is None:
        return None
    return Report(trouble.decode(errors="replace"), has_survivors, result)


def _receive(channel: socket.socket, size_bytes: int) -> bytes | None:
    data = bytearray()
    while len(data) < size_bytes:
        try:
            piece = channel.recv(min(size_bytes - len(data), 1 << 20))
        except ConnectionError:
            return None
        if not piece:
            return None
        data += piece
    return bytes(data)
