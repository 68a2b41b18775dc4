"""Brings the listener from the command's process, which makes it, to those who serve it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from collections.abc import Iterable

from buildopt.observe.seccomp.filter import HAND_OVER_FLAGS

DESCRIPTOR_BYTES = 4
_message = struct.Struct("<I")
"""The process id of the command, as its parent has it."""


def hand_over(channels: Iterable[socket.socket], listener: int) -> None:
    """Send the listener, and let go of it.

    The calls here are made under the filter already, while nobody serves it yet: they must be
    such as it lets through. If nobody is left who could serve it, this process ends.
    """
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", listener))]
    message = [_message.pack(os.getpid())]
    is_taken = False
    for channel in channels:
        with contextlib.suppress(OSError):  # this one has died
            channel.sendmsg(message, rights, HAND_OVER_FLAGS)
            is_taken = True
        channel.close()
    if not is_taken:
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(listener)


def take_listener(channel: socket.socket) -> tuple[int, int] | None:
    """The listener and the command's process id; None: there is none, nor will there be."""
    space = socket.CMSG_SPACE(DESCRIPTOR_BYTES)
    data, ancillary, _, _ = channel.recvmsg(_message.size, space, socket.MSG_CMSG_CLOEXEC)
    channel.close()
    if not ancillary:
        return None
    (listener,) = struct.unpack("i", ancillary[0][2][:DESCRIPTOR_BYTES])
    return listener, _message.unpack(data)[0]
