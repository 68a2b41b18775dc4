"""Messages of any length between two processes of one run, each behind its length.

Imports nothing: the steps' client, which starts with each script, has `_socket` and no `socket`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Channel(Protocol):
        """What is needed of a connected stream socket."""

        def sendall(self, data: bytes, /) -> None:
            """Send all of it; raises OSError."""

        def recv(self, size_bytes: int, /) -> bytes:
            """Up to so many bytes; empty at the end."""


STEPS_PREFIX = "buildopt-steps-"
"""How the names begin, in the abstract namespace, at which main processes listen for steps."""
LENGTH_BYTES = 8
PIECE_BYTES = 1 << 20


def send(channel: Channel, data: bytes) -> None:
    """Send one message; raises OSError."""
    channel.sendall(len(data).to_bytes(LENGTH_BYTES, "little") + data)


def receive(channel: Channel) -> bytes | None:
    """The next message; None at the end, also in the middle of one."""
    length = _receive(channel, LENGTH_BYTES)
    return None if length is None else _receive(channel, int.from_bytes(length, "little"))


def _receive(channel: Channel, size_bytes: int) -> bytes | None:
    data = bytearray()
    while len(data) < size_bytes:
        try:
            piece = channel.recv(min(size_bytes - len(data), PIECE_BYTES))
        except ConnectionError:
            return None
        if not piece:
            return None
        data += piece
    return bytes(data)
